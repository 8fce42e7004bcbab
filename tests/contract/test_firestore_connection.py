"""The connection to Firestore, when it breaks while nothing is under way: as it does while a function is frozen.

Between client and server there is a relay that cuts, swallows or turns away. That nothing is acknowledged any more, the
kernel of one machine does not do by itself: for that, the last test takes the loopback interface down, in a network
namespace of its own.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.api_core.exceptions import DeadlineExceeded, ServiceUnavailable
from google.cloud import firestore

from eventpost.adapters.clock import SystemClock
from eventpost.adapters.firestore_client import FirestoreAccess, open_client
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.model import Change, Person
from google_standin import GoogleStandIn, google_on_loopback
from relay import Relay, relayed

ANN = "0123456789abcdef" * 2
SILENT = Path(__file__).parents[1] / "stage" / "silent_network.py"


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    """Firestore, and a key for it."""
    with google_on_loopback() as standin:
        yield standin


@pytest.fixture
def relay(google: GoogleStandIn) -> Iterator[Relay]:
    """What is between."""
    with relayed(google.google.firestore) as relay:
        yield relay


@pytest.fixture
def client(google: GoogleStandIn, relay: Relay) -> Iterator[firestore.Client]:
    """A client that has called once, so its connection is there and idle."""
    access = FirestoreAccess(project="mail-prod", key=lambda: google.key)
    client = open_client(access, replace(google.google, firestore=f"127.0.0.1:{relay.port}"))
    commit(client)
    assert relay.accepted == 1
    yield client
    client.close()


@pytest.fixture
def store(client: firestore.Client) -> FirestoreSubscribers:
    """The store over it."""
    return FirestoreSubscribers(client, SystemClock())


def commit(client: firestore.Client) -> None:
    """A call without anybody's patience."""
    batch = client.batch()
    batch.create(client.document("people", ANN), {"version": 1})
    batch.commit(retry=None, timeout=5)


def read(store: FirestoreSubscribers) -> None:
    """As a function does."""
    assert store.people([ANN]) == {}


def save(store: FirestoreSubscribers) -> None:
    """As a function does."""
    store.save([Change(Person(ANN))])


def test_many_calls_share_one_connection(store: FirestoreSubscribers, relay: Relay) -> None:
    """As long as nothing breaks it."""
    for _ in range(5):
        read(store)
        save(store)
    assert relay.accepted == 1


@pytest.mark.parametrize("politely", [True, False], ids=["FIN", "RST"])
@pytest.mark.parametrize("pause_s", [0, 0.5], ids=["at once", "noticed meanwhile"])
@pytest.mark.parametrize("call", [read, save])
def test_a_connection_that_ended_is_made_anew(
    store: FirestoreSubscribers,
    relay: Relay,
    call: Callable[[FirestoreSubscribers], None],
    pause_s: float,
    *,
    politely: bool,
) -> None:
    """Whoever calls notices nothing but a moment."""
    relay.cut(politely=politely)
    time.sleep(pause_s)

    started = time.monotonic()
    call(store)

    assert time.monotonic() - started < 2
    assert relay.accepted == 2


def test_an_outage_is_over_when_it_is_over(client: firestore.Client, store: FirestoreSubscribers, relay: Relay) -> None:
    """By itself, gRPC would wait longer and longer before it tries again, up to two minutes: thrice in these 4 s."""
    relay.turns_away = True
    relay.cut(politely=True)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        with pytest.raises(ServiceUnavailable):
            commit(client)
        time.sleep(0.1)
    tried = relay.accepted - 1
    relay.turns_away = False

    assert 5 <= tried < 15
    started = time.monotonic()
    read(store)
    assert time.monotonic() - started < 4, "a second until it tries again, and two for the attempt"


def test_a_connection_that_swallows_everything_costs_a_call_its_time(client: firestore.Client, relay: Relay) -> None:
    """And no more: it fails by its own time-out."""
    relay.swallow()

    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        commit(client)
    assert time.monotonic() - started < 6


def test_a_connection_that_nothing_comes_back_from_is_given_up(tmp_path: Path) -> None:
    """After a thaw as a rule: what is between has forgotten it, and drops what is sent on it.

    Known within some two seconds, so that what is asked is tried on a new connection in time; by gRPC's own settings
    it is believed in for 20 s, and all calls end by their time-outs until then.
    """
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace may be made here: `unshare -rn true` must work")
    told = subprocess.run(
        [unshare, "-rn", sys.executable, str(SILENT)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    code, seconds, afterwards = told.split()

    assert code == "UNAVAILABLE", "the connection's end, not the call's"
    assert float(seconds) < 4
    assert float(afterwards) < 2.5
