"""Ten thousand pictures due and mailed by one machine: is one missed, or does its memory grow? See docs/soak.md."""
