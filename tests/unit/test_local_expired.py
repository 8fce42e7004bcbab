"""What the lifecycle of a bucket ends on the local AWS."""

from datetime import UTC, datetime

from eventpost_cli.local.embedded_aws.expired import expired

NOW = datetime(2026, 3, 31, tzinfo=UTC)
OLD = {"last_modified": "2026-02-28T23:59:59.000Z"}
NEW = {"last_modified": "2026-03-02T00:00:00.000Z"}
RULE = {"Status": "Enabled", "Prefix": "captures/", "ExpirationInDays": "30"}


def test_what_is_older_than_its_rule_allows_has_expired() -> None:
    """Days come as text where a parameter of the stack says them."""
    objects = {"captures/old.png": OLD, "captures/new.png": NEW, "events/old.json": OLD}

    assert expired(objects, [RULE], NOW) == {"captures/old.png"}


def test_rules_that_are_off_or_about_uploads_end_nothing() -> None:
    """Only expiry by age is meant."""
    off, uploads = {**RULE, "Status": "Disabled"}, {"Status": "Enabled", "AbortIncompleteMultipartUpload": {}}

    assert not expired({"captures/old.png": OLD}, [off, uploads], NOW)
