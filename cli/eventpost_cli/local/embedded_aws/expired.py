"""Which objects of a bucket its lifecycle has ended."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any


def expired(
    objects: Mapping[str, Mapping[str, Any]], rules: Iterable[Mapping[str, Any]], now: datetime
) -> frozenset[str]:
    """Return the keys of the objects that are older than an enabled rule for their prefix lets them become.

    Args:
        objects: By key, each with its `last_modified` in ISO format.
        rules: As in the property `LifecycleConfiguration` of a bucket; those without `ExpirationInDays` end nothing.
        now: The moment, in UTC.
    """
    limits = [
        (rule.get("Prefix", ""), now - timedelta(days=float(rule["ExpirationInDays"])))
        for rule in rules
        if rule.get("Status") == "Enabled" and "ExpirationInDays" in rule
    ]
    return frozenset(
        key
        for key, kept in objects.items()
        for prefix, limit in limits
        if key.startswith(prefix) and datetime.fromisoformat(kept["last_modified"]) < limit
    )
