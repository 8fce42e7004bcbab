"""The partition keys of a request, by which a list's role is limited to its own rows."""

from typing import Any

import pytest

from eventpost_cli.local.embedded_aws.leading_keys import leading_keys

ROW = {"partition": {"S": "stock_alerts#1"}, "subscriber": {"S": "ab"}}
OTHER = {"partition": {"S": "dcf_engine_results#1"}, "subscriber": {"S": "ab"}}


@pytest.mark.parametrize(
    ("request_body", "keys"),
    [
        ({"TableName": "ledger", "Key": ROW}, ["stock_alerts#1"]),
        ({"TableName": "ledger", "Item": ROW}, ["stock_alerts#1"]),
        (
            {"RequestItems": {"ledger": [{"PutRequest": {"Item": ROW}}, {"DeleteRequest": {"Key": OTHER}}]}},
            ["stock_alerts#1", "dcf_engine_results#1"],
        ),
        ({"RequestItems": {"ledger": {"Keys": [ROW, OTHER]}}}, ["stock_alerts#1", "dcf_engine_results#1"]),
        (
            {
                "TransactItems": [
                    {"Put": {"TableName": "ledger", "Item": ROW}},
                    {"ConditionCheck": {"TableName": "ledger", "Key": OTHER}},
                ]
            },
            ["stock_alerts#1", "dcf_engine_results#1"],
        ),
        (
            {
                "TableName": "ledger",
                "KeyConditionExpression": "#p = :p AND subscriber BETWEEN :a AND :b",
                "ExpressionAttributeNames": {"#p": "partition"},
                "ExpressionAttributeValues": {":p": {"S": "stock_alerts#1"}, ":a": {"S": "0"}, ":b": {"S": "f"}},
            },
            ["stock_alerts#1"],
        ),
        ({"TableName": "ledger"}, []),
    ],
    ids=["key", "item", "batch write", "batch get", "transaction", "query", "scan"],
)
def test_every_row_that_a_request_names_is_known(request_body: dict[str, Any], keys: list[str]) -> None:
    """Whatever its form, no request gets at another list's rows unseen."""
    assert leading_keys(request_body, lambda _table: "partition") == keys
