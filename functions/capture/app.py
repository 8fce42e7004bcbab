"""The capture function: takes one screenshot of a page and keeps it in S3.

Invoked synchronously by list functions, once per event. What it is asked and what it answers is in `answer`.
"""

from typing import Any

from eventpost_capture.handler import answer


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with the kept picture, or with the error by its kind; see `answer`."""
    return answer(event, context)
