"""The capture function, as the benchmark runs it."""
