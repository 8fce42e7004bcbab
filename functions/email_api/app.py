"""The mail API: events and direct mail over HTTP, and who is on a list by what they said to a service."""

from eventpost.runtime.email_api import serve_email_api

lambda_handler = serve_email_api()
