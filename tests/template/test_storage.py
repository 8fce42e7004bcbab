"""What must not be lost is kept, and what is private stays so."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from eventpost.adapters.ledger_rows import RETENTION
from eventpost.adapters.subscriber_rows import membership_row
from eventpost.model import ConsentRecord, ConsentWay, Membership, MembershipState

TABLE = "AWS::DynamoDB::Table"


@pytest.mark.parametrize("name", ["Subscribers", "SubscriberIdKey", "LinkKeys", "SchedulesTable"])
def test_subscribers_and_keys_outlive_the_stack(root_stack: Any, name: str) -> None:
    """Neither deleting nor replacing them deletes them; only a stack that never came up takes them with it."""
    resource = root_stack.resources[name]

    assert resource["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}
    assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", ["Subscribers", "SchedulesTable"])
def test_what_people_gave_us_can_be_brought_back(root_stack: Any, name: str) -> None:
    """To any second of the last 35 days; and in prod the table cannot be deleted at all."""
    table = root_stack.of(TABLE)[name]

    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("Subscribers", ("audience", "id")),
        ("Ledger", ("partition", "subscriber")),
        ("SchedulesTable", ("partition", "sort")),
    ],
)
def test_keys_of_the_tables(root_stack: Any, table: str, keys: tuple[str, str]) -> None:
    """They are what the adapters write; all tables are paid for by use, and have no index to pay for."""
    properties = root_stack.of(TABLE)[table]
    schema = [(key["AttributeName"], key["KeyType"]) for key in properties["KeySchema"]]

    assert schema == [(keys[0], "HASH"), (keys[1], "RANGE")]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert "GlobalSecondaryIndexes" not in properties


@pytest.mark.parametrize("table", ["Ledger", "SchedulesTable"])
def test_rows_expire(root_stack: Any, table: str) -> None:
    """DynamoDB deletes them once `expires_at` has passed."""
    properties = root_stack.of(TABLE)[table]

    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_who_never_confirmed_is_forgotten(root_stack: Any) -> None:
    """DynamoDB deletes what asked to join once `expires_at` has passed: what the adapter writes into such rows."""
    subscribers = root_stack.of(TABLE)["Subscribers"]
    asked = ConsentRecord(ConsentWay.FORM, datetime.now(UTC))
    pending = Membership(
        "stock_alerts", "0" * 32, "a@example.org", {}, MembershipState.PENDING, asked.at, asked, expires_at=asked.at
    )

    assert subscribers["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in membership_row(pending)
    assert "expires_at" not in membership_row(replace(pending, state=MembershipState.ACTIVE, expires_at=None))


def test_keys_are_generated(root_stack: Any) -> None:
    """Nobody has ever seen them: 64 characters, of which none could be taken for JSON."""
    for name, secret in root_stack.of("AWS::SecretsManager::Secret").items():
        assert secret["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}, name
        assert "SecretString" not in secret, name


def test_screenshots_are_private(root_stack: Any) -> None:
    """No access control list and no policy can open the bucket, and objects belong to its owner."""
    bucket = root_stack.only("AWS::S3::Bucket")
    closed = bucket["PublicAccessBlockConfiguration"]

    assert closed == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_screenshots_are_encrypted(root_stack: Any) -> None:
    """At rest by S3, on the way by TLS."""
    bucket = root_stack.only("AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert root_stack.denies_plain_http("AWS::S3::BucketPolicy", "Bucket", {"Ref": "Screenshots"}, "s3:*")


def test_pictures_and_events_expire(root_stack: Any) -> None:
    """A picture when the stack's owner says; an event's body and files with the rows of the ledger, and not before.

    How a page looked when it was mailed last is known for longer: a page that stays the same is mailed once a year.
    """
    rules = root_stack.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    expiry = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}

    assert expiry == {
        "captures/": {"Ref": "ScreenshotRetentionDays"},
        "events/": RETENTION.days,
        "watched/": 400,
        "attachments/": RETENTION.days,
    }
