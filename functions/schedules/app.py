"""Schedules: the HTTP API by which services have events raised later, once or again and again."""

from eventpost.runtime.schedules import serve_schedules

lambda_handler = serve_schedules()
