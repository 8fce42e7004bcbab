"""Rows of DynamoDB that are copied for what they are, JSON: a transaction copies each of its rows four times.

Of the time that ministack took for what is scheduled, a fifth went into that.
"""

from types import SimpleNamespace

from ministack.services import dynamodb

from eventpost_cli.local.embedded_aws.plain_copies import copied


def install() -> None:
    """Replace `copy.deepcopy` as DynamoDB's service knows it."""
    dynamodb.copy = SimpleNamespace(**vars(dynamodb.copy) | {"deepcopy": copied})
