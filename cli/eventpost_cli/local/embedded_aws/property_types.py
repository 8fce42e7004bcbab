"""Properties that are not of the kind their resource type means.

A parameter of type Number is text, and a variable may be written as a number; CloudFormation reads each as the
resource's schema says. ministack takes them as they come: it then compares "900" with 3.5, and no function starts.
"""

# ruff: noqa: SLF001  # what there is to patch is private

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

from eventpost_cli.local.embedded_aws.coercion import coerced

Handler = Callable[..., Any]

KINDS = (
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
)


def install() -> None:
    """Have the properties of these resource types read as they are meant."""
    for kind in KINDS:
        handlers = provisioners._RESOURCE_HANDLERS[kind]
        reading = {name: _reading(handlers[name]) for name in ("create", "update") if name in handlers}
        provisioners._RESOURCE_HANDLERS[kind] = {**handlers, **reading}


def _reading(handler: Handler) -> Handler:
    return lambda *args, **options: handler(*map(coerced, args), **options)
