"""Sweeper: each minute, finds the scheduled events that are due soon and hands them over to the relay."""

from eventpost.runtime.sweeper import serve_sweeper

lambda_handler = serve_sweeper()
