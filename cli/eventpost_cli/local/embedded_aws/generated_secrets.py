"""Secrets without punctuation where the template asks for that: ministack ignores `ExcludePunctuation`.

It matters: a link key that happens to begin with a brace would be taken for JSON.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import string
from typing import Any

from ministack.services.cloudformation import provisioners


def install() -> None:
    """Have CloudFormation exclude what the template excludes."""
    generate = provisioners._sm_secret_string

    def generate_without(properties: dict[str, Any]) -> str:
        wanted = properties.get("GenerateSecretString") or {}
        if wanted.get("ExcludePunctuation"):
            excluded = wanted.get("ExcludeCharacters", "") + string.punctuation
            properties = {**properties, "GenerateSecretString": {**wanted, "ExcludeCharacters": excluded}}
        return str(generate(properties))

    provisioners._sm_secret_string = generate_without
