"""AsyncAPI's own parser, installed by npm from its lock, once per lock."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from npm_packages import installed

_SOURCE = Path(__file__).with_name("asyncapi")


@dataclass(frozen=True)
class Parsed:
    """What the parser says of a document.

    Attributes:
        errors: What is wrong with it, each with where.
        advice: What could be better.
        channels: The addresses of its channels; none where there are errors.
    """

    errors: list[dict[str, Any]]
    advice: list[dict[str, Any]]
    channels: list[str]


def parsed(*documents: str) -> list[Parsed]:
    """What it says of each of these documents. It looks at no example: for version 3 it has no rule that would."""
    place = installed("asyncapi", _SOURCE, "check.mjs")
    done = subprocess.run(
        ["node", "check.mjs"], cwd=place, input=json.dumps(documents), capture_output=True, text=True, check=True
    )
    return [Parsed(**said) for said in json.loads(done.stdout)]
