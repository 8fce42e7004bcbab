"""Writes every document to its place; run it in the project's folder."""

from eventpost_cli.api_document import DESCRIBED, written

for described in DESCRIBED:
    described.place.write_text(written(described), encoding="utf-8")
