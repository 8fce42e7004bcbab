"""What users would pick instead."""
