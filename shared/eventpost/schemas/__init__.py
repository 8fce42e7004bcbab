"""The lists' events as JSON Schemas (draft 2020-12), generated from their models, shipped in the layer.

`make docs` writes `<list>.schema.json` from `functions/<list>/app.py`; a test fails when the two differ. Besides the
standard's keywords they have two of ours, which others may ignore: `x-max-digits` and `x-max-decimals` say of a number,
or of one as text, how many digits it may have in all and behind the point.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

SUFFIX = ".schema.json"

_LIST_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")


@cache
def load(list_name: str) -> dict[str, Any] | None:
    """The schema of this list's event, read once in the life of a process; None where there is no such list."""
    if not _LIST_NAME.fullmatch(list_name):
        return None
    try:
        text = Path(__file__).with_name(list_name + SUFFIX).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    schema: dict[str, Any] = json.loads(text)
    return schema
