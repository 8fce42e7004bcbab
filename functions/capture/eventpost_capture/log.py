"""The function's log: one JSON object a line on standard output, which is where Lambda looks.

Of a page it names scheme and host only.
"""

import json
import logging
import sys
from typing import Any

_logger = logging.getLogger("eventpost_capture")


class _Lines(logging.Handler):
    """Writes each record's fields as one line of JSON."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {"level": record.levelname, "message": record.getMessage(), **fields}
        sys.stdout.write(json.dumps(line) + "\n")  # looked up each time: Lambda and tests replace it


def note(message: str, **fields: Any) -> None:
    """Log one line of information."""
    if not any(isinstance(handler, _Lines) for handler in _logger.handlers):
        _logger.addHandler(_Lines())
        _logger.setLevel(logging.INFO)
        _logger.propagate = False  # Lambda's root handler would write it a second time
    _logger.info(message, extra={"fields": fields})
