"""Resource types that ministack refuses and that need not do anything here: they are accepted."""

# ruff: noqa: SLF001  # what there is to patch is private

import uuid
from typing import Any

from ministack.services.cloudformation import provisioners

ACCEPTED = ("AWS::Chatbot::SlackChannelConfiguration",)


def install() -> None:
    """Have the types created and deleted without effect."""
    for kind in ACCEPTED:
        provisioners._RESOURCE_HANDLERS[kind] = {"create": _create, "delete": _delete}


def _create(logical_id: str, _properties: Any, stack_name: str) -> tuple[str, dict[str, str]]:
    physical_id = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:8]}"
    return physical_id, {"Arn": f"arn:aws:chatbot::000000000000:{logical_id}"}


def _delete(*_args: Any, **_options: Any) -> None:
    """Nothing was made, so nothing is left."""
