"""Services say over HTTP what their logged-in users want; the answer, the log and the errors hold no address."""

from typing import Any
from urllib.parse import quote

import pytest

from api_site import ROLE
from consent_world import id_of
from email_site import DIRECT, STOCKS, WATCH, EmailSite
from eventpost.errors import PersonChanged, StoreUnavailable
from eventpost.model import ConsentRecord, ConsentWay, SuppressionReason
from eventpost.registry import ListEntry, Registry
from given import NOW
from posting_world import Failing
from sentinels import NAME, address

AMZN, GOOG = f"{STOCKS}/AMZN", f"{STOCKS}/GOOG"


@pytest.fixture
def site() -> EmailSite:
    """Nobody is on anything; it is midnight, UTC."""
    return EmailSite()


def who(local: str = "ann", source: str = "account settings", at: str | None = None, **fields: Any) -> dict[str, Any]:
    """What a service sends of one of its users."""
    return {"address": address(local), "consent": {"source": source, "at": at}, **fields}


def became(site: EmailSite, method: str, list_name: str = STOCKS, **fields: Any) -> dict[str, str]:
    """What became of it, by audience."""
    told = site.send(method, f"/lists/{list_name}/subscribers", who(**fields))
    assert told.status == 200, told.text
    assert address("ann") not in told.text
    assert told.json["subscriber"] == id_of("ann")
    return {each["audience"]: each["became"] for each in told.json["audiences"]}


def test_who_said_so_is_on_the_list(site: EmailSite) -> None:
    """With when and where they said so, to whom, and what templates may say of them."""
    assert became(site, "PUT", topics=["AMZN", "GOOG", "AMZN"], at="2025-12-31T12:00:00+01:00") == {
        AMZN: "joined",
        GOOG: "joined",
    }
    assert became(site, "PUT", topics=["AMZN"], attributes={"name": NAME}) == {AMZN: "was on it"}

    row = site.people.there("ann", AMZN)
    said_at = NOW.replace(year=2025, month=12, day=31, hour=11)
    assert row.joined == ConsentRecord(ConsentWay.VOUCHED, said_at, f"account settings of {ROLE}")
    assert (row.joined_at, row.attributes) == (NOW, {"name": NAME})
    assert site.people.on("ann") == {AMZN, GOOG}


def test_who_said_so_is_off_it_or_off_one_of_its_topics(site: EmailSite) -> None:
    """Without topics, off all of them."""
    became(site, "PUT", topics=["AMZN", "GOOG"])
    site.people.wait(hours=1)

    assert became(site, "DELETE", topics=["GOOG"]) == {GOOG: "left"}
    assert became(site, "DELETE") == {AMZN: "left", GOOG: "was not on it"}
    assert site.people.on("ann") == set()
    left = site.people.there("ann", AMZN).left
    assert left is not None
    assert (left.how, left.form) == (ConsentWay.VOUCHED, f"account settings of {ROLE}")


def test_who_left_comes_back_by_a_later_word_and_not_by_an_earlier_one(site: EmailSite) -> None:
    """A service may send again what got no answer, with when it was said."""
    became(site, "PUT", topics=["AMZN"])
    site.people.wait(hours=1)
    site.people.leave("ann", AMZN)
    site.people.wait(hours=1)

    assert became(site, "PUT", topics=["AMZN"], at="2026-01-01T00:30:00Z") == {AMZN: "left since"}
    assert became(site, "PUT", topics=["AMZN"]) == {AMZN: "joined"}
    assert became(site, "DELETE", topics=["AMZN"], at="2026-01-01T01:30:00Z") == {AMZN: "joined since"}


def test_who_wants_no_direct_mail_is_kept_off_it(site: EmailSite) -> None:
    """Nobody joins it; who is off it may come back."""
    assert became(site, "PUT", DIRECT) == {DIRECT: "was on it"}
    assert became(site, "DELETE", DIRECT) == {DIRECT: "left"}
    refused = site.send("POST", "/emails", {"to": [address("ann")], "subject": "x", "text": "x"})
    assert refused.problem == (422, "recipients-refused")
    site.people.wait(hours=1)
    assert became(site, "PUT", DIRECT) == {DIRECT: "joined"}
    site.taken("POST", "/emails", {"to": [address("ann")], "subject": "x", "text": "x"})


def test_whose_mailbox_refuses_mail_is_not_put_on_anything(site: EmailSite) -> None:
    """422, with what an operator can do; leaving is always possible."""
    became(site, "PUT", topics=["AMZN"])
    site.people.suppress("ann", SuppressionReason.COMPLAINT)

    told = site.send("PUT", f"/lists/{STOCKS}/subscribers", who(topics=["GOOG"]))

    assert told.problem == (422, "recipients-refused")
    assert told.faults.keys() == {"#/address"}
    assert became(site, "DELETE") == {AMZN: "left"}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, "#/topics"),
        ({"topics": ["NOPE", "AMZN"]}, "#/topics/0"),
        ({"topics": [""]}, "#/topics/0"),
        ({"topics": ["AMZN"] * 51}, "#/topics"),
        ({"topics": ["AMZN"], "address": "nobody"}, "#/address"),
        ({"topics": ["AMZN"], "address": "a b@example.com"}, "#/address"),
        ({"topics": ["AMZN"], "consent": {"source": ""}}, "#/consent/source"),
        ({"topics": ["AMZN"], "consent": {"source": "a\nb"}}, "#/consent/source"),
        ({"topics": ["AMZN"], "consent": {"at": "2026-01-01T00:00:00Z"}}, "#/consent/source"),
        ({"topics": ["AMZN"], "at": "2026-01-01T00:05:01Z"}, "#/consent/at"),
        ({"topics": ["AMZN"], "at": "2026-01-01T00:00:00"}, "#/consent/at"),
        ({"topics": ["AMZN"], "attributes": {"name": "a\nb"}}, "#/attributes/name"),
        ({"topics": ["AMZN"], "attributes": {"name": 3}}, "#/attributes/name"),
        ({"topics": ["AMZN"], "attributes": {address("ann"): "x"}}, "#/attributes"),
        ({"topics": ["AMZN"], "attributes": {address("ann"): {address("ann"): 3}}}, "#/attributes"),
        ({"topics": ["AMZN"], "attributes": {f"a{n}": "x" for n in range(21)}}, "#/attributes"),
        ({"topics": ["AMZN"], "adress": "x"}, "#/adress"),
    ],
)
def test_what_is_wrong_is_told_by_where(site: EmailSite, fields: dict[str, Any], where: str) -> None:
    """And nothing is stored."""
    told = site.send("PUT", f"/lists/{STOCKS}/subscribers", {**who(at=fields.pop("at", None)), **fields})

    assert told.problem == (422, "invalid-request")
    assert told.faults.keys() == {where}
    assert address("ann") not in told.text
    assert quote(address("ann")) not in told.text
    assert site.people.rows("ann") == {}


def test_a_clock_that_is_a_little_ahead_does_no_harm(site: EmailSite) -> None:
    """They said so now, then: no word of theirs is of the future."""
    became(site, "PUT", topics=["AMZN"], at="2026-01-01T00:04:00Z")

    assert site.people.there("ann", AMZN).joined.at == NOW


def test_topics_belong_to_their_list(site: EmailSite) -> None:
    """A list without any has none, and of one whose audiences come and go nobody joins any here."""
    told = site.send("PUT", "/lists/dcf_engine_results/subscribers", who(topics=["AMZN"]))
    assert told.faults.keys() == {"#/topics/0"}
    told = site.send("PUT", f"/lists/{WATCH}/subscribers", who(topics=["1" * 32]))
    assert told.faults.keys() == {"list_name"}
    told = site.send("DELETE", f"/lists/{WATCH}/subscribers", who(topics=["1" * 32, address("ann")]))
    assert told.faults.keys() == {"#/topics/1"}
    assert address("ann") not in told.text
    site.people.imported("ann", f"{WATCH}/1", f"{WATCH}/2")
    assert became(site, "DELETE", WATCH, topics=["1"]) == {f"{WATCH}/1": "left"}
    assert became(site, "DELETE", WATCH) == {f"{WATCH}/1": "was not on it", f"{WATCH}/2": "left"}


def test_a_closed_list_is_left_and_not_joined(site: EmailSite) -> None:
    """Nobody is on one by their own word, whoever tells it."""
    site.people.registry = Registry(lists=(ListEntry(name="staff", title="Staff", description="Inside.", open=False),))

    told = site.send("PUT", "/lists/staff/subscribers", who())

    assert told.problem == (422, "invalid-request")
    assert told.faults.keys() == {"list_name"}
    site.people.imported("ann", "staff")
    assert became(site, "DELETE", "staff") == {"staff": "left"}


@pytest.mark.parametrize(
    ("error", "problem"),
    [(StoreUnavailable("no answer"), (503, "unavailable")), (PersonChanged("again"), (409, "changed-meanwhile"))],
)
def test_a_store_that_does_not_save_is_told_of(site: EmailSite, error: Exception, problem: tuple[int, str]) -> None:
    """Whoever sends it again has it done."""
    store = site.people.store
    for _ in range(12):  # as often as it is tried
        site.people.store = Failing(site.people.store, "save", error, done=False)

    assert site.send("PUT", f"/lists/{STOCKS}/subscribers", who(topics=["AMZN"])).problem == problem
    site.people.store = store
    assert became(site, "PUT", topics=["AMZN"]) == {AMZN: "joined"}
