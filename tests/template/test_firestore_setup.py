"""docs/firestore.md: what it has an operator set up at Google is what the code and the templates need."""

import re
from datetime import UTC, datetime
from pathlib import Path

from eventpost.adapters import firestore_documents as documents
from eventpost.model import ConsentRecord, ConsentWay, Membership, MembershipState

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "firestore.md").read_text(encoding="utf-8")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def exempt(collection: str) -> set[str]:
    """The fields of this collection whose indexes the guide has switched off."""
    loop = rf"for field in ([^;]+); do\n[^\n]*--collection-group {collection} --disable-indexes"
    (found,) = re.findall(loop, GUIDE)
    return set(found.split())


def test_every_field_but_the_one_asked_by_is_exempt_from_indexing() -> None:
    """An index of a moment is a hot spot; none of the state would be the end of deliveries."""
    record = ConsentRecord(ConsentWay.FORM, NOW)
    whole = Membership(
        audience="site_watch",
        subscriber="0" * 32,
        address="ann@example.com",
        attributes={"name": "Ann"},
        state=MembershipState.PENDING,
        joined_at=NOW,
        joined=record,
        left=record,
        asked="a",
        suppressed="bounced",
        expires_at=NOW,
    )

    assert exempt("subscribers") == documents.membership_document(whole).keys() - {"state"}
    assert exempt("people") == set(documents.PERSON_FIELDS)
    assert "fields update state " in GUIDE


def test_the_collections_are_those_that_there_are() -> None:
    """Exemptions and TTL policies go by the last collection's name, wherever it is."""
    paths = {documents.audience_path(audience)[-1] for audience in ("site_watch", "stock_alerts/AMZN")}

    assert paths == {"subscribers"}
    assert set(re.findall(r"--collection-group (\w+)", GUIDE)) == {*paths, "people"}
    assert len(re.findall(r"ttls update expires_at .* --enable-ttl", GUIDE)) == 2


def test_the_roles_let_in_are_those_of_functions_that_read_subscribers() -> None:
    """By the functions that have the layer: in the root stack by name, and the lists' own."""
    resources = re.split(r"\n(?=  \w+:)", (ROOT / "template.yaml").read_text(encoding="utf-8"))
    having = [text for text in resources if "AWS::Serverless::Function" in text and "!Ref FirestoreLayer" in text]
    roles = {role for text in having for role in re.findall(r"Role: !GetAtt (\w+)\.Arn", text)}

    assert set(re.findall(r"google\.subject\.contains\('-(\w+)-'\)", GUIDE)) == {*roles, "Role"}
