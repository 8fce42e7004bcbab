"""The OpenAPI documents of the APIs, from their code: `python -m eventpost_cli.api_document` writes them."""

from eventpost_cli.api_document.described import DESCRIBED, EMAIL, SCHEDULES, Described
from eventpost_cli.api_document.document import written

__all__ = ["DESCRIBED", "EMAIL", "SCHEDULES", "Described", "written"]
