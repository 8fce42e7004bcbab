"""Policies that are limited to rows: ministack lets `dynamodb:LeadingKeys` pass, for it does not say what they are."""

# ruff: noqa: SLF001  # what there is to patch is private

import json
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb

from eventpost_cli.local.embedded_aws.leading_keys import leading_keys

CONDITION_KEY = "dynamodb:LeadingKeys"


def install() -> None:
    """Have each request's partition keys at hand where policies are evaluated."""
    context_of = iam_actions.dynamodb_service_context

    def context_with_keys(body: bytes) -> dict[str, Any]:
        context: dict[str, Any] = context_of(body)
        if context and (keys := leading_keys(json.loads(body or b"{}"), _partition_key)):
            context[CONDITION_KEY] = keys
        return context

    iam_actions.dynamodb_service_context = context_with_keys


def _partition_key(table: str) -> str:
    """Return the partition key of a table by name or ARN; of one that is not there, nothing that a row could have."""
    known = dynamodb._tables.get(table.rpartition("/")[2])
    return known["pk_name"] if known else ""
