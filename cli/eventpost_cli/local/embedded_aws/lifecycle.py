"""Buckets that forget, as their lifecycle says: ministack keeps every screenshot, in memory, for as long as it runs."""

# ruff: noqa: SLF001  # what there is to patch is private

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from eventpost_cli.local.embedded_aws.expired import expired

EVERY_SECONDS: Final = 600.0
_BUCKET: Final = "AWS::S3::Bucket"

_rules: dict[str, list[dict[str, Any]]] = {}


def install() -> None:
    """Note the lifecycle of every bucket that a stack makes."""
    handlers = provisioners._RESOURCE_HANDLERS[_BUCKET]
    noting = {"create": _noting(handlers["create"], 1), "update": _noting(handlers["update"], 2)}
    provisioners._RESOURCE_HANDLERS[_BUCKET] = {**handlers, **noting}


def start() -> None:
    """Remove what has expired, from now on."""
    threading.Thread(target=_remove_for_ever, daemon=True, name="bucket-lifecycle").start()


def _noting(handler: Callable[..., Any], position: int) -> Callable[..., Any]:
    """The handler, which notes the rules in the properties that it gets at this position."""

    def handle(*args: Any, **options: Any) -> Any:
        made = handler(*args, **options)
        _rules[made[0]] = args[position].get("LifecycleConfiguration", {}).get("Rules", [])
        return made

    return handle


def _remove_for_ever() -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        for bucket, rules in list(_rules.items()):
            for kept in [kept for (_, name), kept in list(s3._buckets._data.items()) if name == bucket]:
                for key in expired(dict(kept["objects"]), rules, datetime.now(UTC)):
                    kept["objects"].pop(key, None)
