"""The mail API under load while lists' functions fail and SQS refuses: is what it accepted lost? See docs/soak.md."""
