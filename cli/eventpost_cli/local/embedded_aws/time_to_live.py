"""Rows that expire: ministack deletes them as DynamoDB does, but not by what a template says of its tables."""

# ruff: noqa: SLF001  # what there is to patch is private

from collections.abc import Callable
from typing import Any, Final

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

_TABLE: Final = "AWS::DynamoDB::Table"


def install() -> None:
    """Have the time to live of each table as its template says."""
    handlers = provisioners._RESOURCE_HANDLERS[_TABLE]
    told = {"create": _telling(handlers["create"], 1), "update": _telling(handlers["update"], 2)}
    provisioners._RESOURCE_HANDLERS[_TABLE] = {**handlers, **told}


def _telling(handler: Callable[..., Any], position: int) -> Callable[..., Any]:
    """The handler, which tells DynamoDB what stands in the properties that it gets at this position."""

    def handle(*args: Any, **options: Any) -> Any:
        made = handler(*args, **options)
        if specification := args[position].get("TimeToLiveSpecification"):
            dynamodb._update_ttl({"TableName": made[0], "TimeToLiveSpecification": specification})
        return made

    return handle
