"""Lambda's envelopes around the use cases."""

from eventpost.runtime.queue import serve

__all__ = ["serve"]
