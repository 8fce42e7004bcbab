"""What users would pick instead, each a program of its own that does the same job and says how long it took."""
