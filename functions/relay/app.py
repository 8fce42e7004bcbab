"""Relay: raises the scheduled events that are due, each on the queue that its schedule names."""

from eventpost.runtime.relay import serve_relay

lambda_handler = serve_relay()
