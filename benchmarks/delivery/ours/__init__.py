"""What is ours, each measurement in a process of its own."""
