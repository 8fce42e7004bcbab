"""Preferences: the pages behind the links in mails, where people join lists, leave them and see what they get."""

from eventpost.runtime.preferences import serve_pages

lambda_handler = serve_pages()
