"""How many scheduled events are raised in an hour, how late, and what a million cost: `make bench-schedule`."""
