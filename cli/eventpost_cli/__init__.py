"""The `eventpost` command: for engineers who add lists, and operators who look after them."""
