"""Nested stacks: transformed as their parents are, updated without forgetting, and deleted by SAM CLI.

What ministack does otherwise: it applies a parent's transforms only; at an update it loses the attributes of those
resources of a nested stack that stay as they were; and SAM CLI, which stored the nested templates under our endpoint's
address, finds none of them when it deletes, for it looks for S3's own.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import re
import threading
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers, provisioners

NESTED_ADDRESS = re.compile(r"(Location|TemplateURL): http://[^/\s]+/")
S3_ADDRESS = r"\1: https://s3.us-east-1.amazonaws.com/"

_nested = ContextVar("nested", default=False)


def install() -> None:
    """Have nested stacks transformed, updated and deleted as CloudFormation does it."""
    _transform_children()
    _remember_attributes()
    _answer_with_s3_addresses()
    # ministack imports the transform at the first deploy, which would wait for it.
    threading.Thread(target=import_module, args=("samtranslator.translator.transform",), daemon=True).start()


def _transform_children() -> None:
    parse, deploy = engine._parse_template, provisioners._cfn_nested_stack_deploy

    def parse_and_transform(body: str) -> Any:
        template = parse(body)
        return engine._apply_transforms(template) if _nested.get() else template

    def deploy_nested(*args: Any, **options: Any) -> Any:
        token = _nested.set(True)
        try:
            return deploy(*args, **options)
        finally:
            _nested.reset(token)

    engine._parse_template = parse_and_transform
    provisioners._cfn_nested_stack_deploy = deploy_nested


def _remember_attributes() -> None:
    update = provisioners._update_resource

    def update_remembering(
        kind: str, physical_id: str, before: Any, after: Any, stack_name: str, logical_id: str, *attributes: Any
    ) -> Any:
        known = cloudformation._stacks[stack_name].get("_resources", {}).get(logical_id, {}).get("Attributes")
        return update(kind, physical_id, before, after, stack_name, logical_id, *(attributes or (known,)))

    provisioners._update_resource = update_remembering


def _answer_with_s3_addresses() -> None:
    answer = handlers._get_template

    def get_template(parameters: Any) -> tuple[Any, Any, bytes]:
        status, headers, body = answer(parameters)
        text = body if isinstance(body, str) else body.decode()
        return status, headers, NESTED_ADDRESS.sub(S3_ADDRESS, text).encode()

    handlers._ACTION_HANDLERS["GetTemplate"] = get_template
