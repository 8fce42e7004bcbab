"""The mail API: events and direct mail over HTTP, and who is on a list by what they said to a service."""

from eventpost.runtime.email_api.function import KINDS, EmailApiFunction, serve_email_api

__all__ = ["KINDS", "EmailApiFunction", "serve_email_api"]
