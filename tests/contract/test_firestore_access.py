"""Access to Firestore: what really goes over the wire to Google, and what becomes of its refusals.

Google is played by `google_standin`, which checks each signature and takes no token but its own.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import grpc
import pytest
from google.api_core.exceptions import Unauthenticated
from google.cloud import firestore

from eventpost.adapters.firestore_client import FirestoreAccess, open_client
from eventpost.errors import Misconfigured, StoreUnavailable
from google_standin import ACCOUNT, AWS, PROVIDER, REGION, GoogleStandIn, google_on_loopback

FEDERATED = FirestoreAccess(
    project="mail-prod", database="subscribers", identity_provider=PROVIDER, service_account=ACCOUNT
)
DATASTORE = "https://www.googleapis.com/auth/datastore"


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Google, and an AWS role to go there with, as Lambda gives it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", AWS.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", AWS.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", str(AWS.token))
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with google_on_loopback() as standin:
        yield standin


@pytest.fixture
def opened(google: GoogleStandIn) -> Iterator[Callable[[FirestoreAccess], firestore.Client]]:
    """Opens clients that are closed afterwards."""
    clients: list[firestore.Client] = []

    def open_(access: FirestoreAccess) -> firestore.Client:
        clients.append(open_client(access, google.google))
        return clients[-1]

    yield open_
    for client in clients:
        client.close()


Opening = Callable[[FirestoreAccess], firestore.Client]


def read(client: firestore.Client) -> bool:
    """Whether somebody is there; nobody ever is."""
    found = list(client.get_all([client.document("people", "0" * 32)], timeout=5))
    return any(one.exists for one in found)


def write(client: firestore.Client) -> None:
    """Commit one document."""
    batch = client.batch()
    batch.create(client.document("people", "0" * 32), {"version": 1})
    batch.commit(retry=None, timeout=5)


def by_key(google: GoogleStandIn, **changes: object) -> FirestoreAccess:
    """Access by a key, with these fields of it changed."""
    key = json.dumps({**json.loads(google.key), **changes})
    return FirestoreAccess(project="mail-prod", key=lambda: key)


def test_an_aws_role_is_let_in_without_a_key(google: GoogleStandIn, opened: Opening) -> None:
    """The role's signed question who it is, exchanged for a token, exchanged for one of the service account."""
    client = opened(FEDERATED)

    assert not read(client)
    write(client)

    (exchange,) = google.exchanges
    assert exchange["audience"] == f"//iam.googleapis.com/{PROVIDER}"
    assert exchange["subject_token_type"] == "urn:ietf:params:aws:token-type:aws4_request"
    assert exchange["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert exchange["scope"] == "https://www.googleapis.com/auth/iam", "all that the first token is for"
    headers = {header["key"].lower(): header["value"] for header in exchange["identity"]["headers"]}
    assert headers["x-goog-cloud-target-resource"] == f"//iam.googleapis.com/{PROVIDER}"
    assert google.impersonations == [{"delegates": None, "scope": [DATASTORE], "lifetime": "3600s"}]
    assert [method for method, _ in google.calls] == ["BatchGetDocuments", "Commit"]


def test_each_call_says_who_asks_and_of_which_database(google: GoogleStandIn, opened: Opening) -> None:
    """Firestore routes by the database's name in the metadata."""
    client = opened(FEDERATED)
    read(client)
    write(client)

    for _, metadata in google.calls:
        assert metadata["authorization"] == "Bearer token-1"
        assert metadata["google-cloud-resource-prefix"] == "projects/mail-prod/databases/subscribers"


def test_no_aws_secret_goes_to_google(google: GoogleStandIn, opened: Opening) -> None:
    """A signature, and the session's token that goes with it; what signed stays here."""
    read(opened(FEDERATED))

    assert AWS.secret_key not in json.dumps(google.exchanges)


def test_a_changed_role_signs_the_next_token(
    google: GoogleStandIn, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in knows one secret: signed with another, nothing is had. So it is the signature that counts."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    with pytest.raises(Misconfigured, match="Google refused a token"):
        read(opened(FEDERATED))
    assert len(google.exchanges) == 1
    assert not google.impersonations


def test_a_key_is_the_other_way(google: GoogleStandIn, opened: Opening) -> None:
    """Its assertion is signed by the key, for Firestore's scope alone, and goes where the key says."""
    client = opened(by_key(google))

    assert not read(client)
    write(client)

    (claims,) = google.assertions
    assert (claims["iss"], claims["scope"]) == (ACCOUNT, DATASTORE)
    assert not google.exchanges


@pytest.mark.parametrize("way", ["role", "key"])
def test_a_token_is_asked_for_once_an_hour(google: GoogleStandIn, opened: Opening, way: str) -> None:
    """Not for each call."""
    client = opened(FEDERATED if way == "role" else by_key(google))

    for _ in range(3):
        read(client)
    assert len(google.impersonations) + len(google.assertions) == 1


def test_a_token_that_runs_out_is_got_anew(google: GoogleStandIn, opened: Opening) -> None:
    """Some minutes before its end; the identity at STS, which lasts longer here, is not asked for again."""
    google.lifetime_s = 120
    client = opened(FEDERATED)

    read(client)
    read(client)

    assert len(google.impersonations) == 2
    assert len(google.exchanges) == 1
    assert [metadata["authorization"] for _, metadata in google.calls] == ["Bearer token-1", "Bearer token-2"]


def test_a_replaced_key_is_picked_up_with_the_next_token(google: GoogleStandIn, opened: Opening) -> None:
    """Secrets are rotated without a deploy: the next token is asked for by what the secret holds then."""
    google.lifetime_s = 120
    held = ["no key at all", google.key]
    client = opened(FirestoreAccess(project="mail-prod", key=lambda: held[-1]))
    read(client)
    held.pop()

    with pytest.raises(Misconfigured, match="firestore_key_secret"):
        read(client)


def test_google_may_be_down_while_a_token_is_good(google: GoogleStandIn, opened: Opening) -> None:
    """What is asked for early may be had later; once the token is over, the store is unavailable."""
    google.lifetime_s = 3
    client = opened(FEDERATED)
    read(client)
    google.iam_status = 503

    assert not read(client)
    time.sleep(3)
    with pytest.raises(StoreUnavailable, match=r"Google gave no token: 127\.0\.0\.1 answered 503"):
        read(client)
    google.iam_status = 200
    assert not read(client)


@pytest.mark.parametrize("way", ["role", "key"])
def test_not_every_call_waits_for_a_google_that_is_down(google: GoogleStandIn, opened: Opening, way: str) -> None:
    """While the token is good, one call asks in vain, and those after it do not."""
    google.lifetime_s = 120
    client = opened(FEDERATED if way == "role" else by_key(google))
    read(client)
    google.iam_status = google.token_status = 503
    read(client)
    asked = len(google.impersonations) + len(google.assertions)

    for _ in range(3):
        read(client)
    assert len(google.impersonations) + len(google.assertions) == asked > 1


@pytest.mark.parametrize(
    ("whose", "status"),
    [(whose, status) for whose in ("sts_status", "iam_status") for status in (429, 500, 503)] + [("token_status", 502)],
)
def test_an_outage_of_googles_is_tried_again(google: GoogleStandIn, opened: Opening, whose: str, status: int) -> None:
    """Google's library calls most of these final; they are not the deployment's fault."""
    setattr(google, whose, status)
    client = opened(by_key(google) if whose == "token_status" else FEDERATED)

    for call in (read, write):
        with pytest.raises(StoreUnavailable, match=f"answered {status}") as caught:
            call(client)
        assert google.secret not in str(caught.value)


@pytest.mark.parametrize("page", ["<h1>Please log in</h1>", "[]", "null", '{"expireTime": 7}'])
@pytest.mark.parametrize("way", ["role", "key"])
def test_who_answers_in_googles_place_is_not_believed(
    google: GoogleStandIn, opened: Opening, way: str, page: str
) -> None:
    """A proxy of the VPC's, say, that answers everything with a page of its own."""
    google.page = page
    client = opened(by_key(google) if way == "key" else FEDERATED)

    with pytest.raises((StoreUnavailable, Misconfigured), match="Google"):
        read(client)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("whose", ["sts_status", "iam_status", "token_status"])
def test_a_refusal_says_what_to_look_at(google: GoogleStandIn, opened: Opening, whose: str, status: int) -> None:
    """By reads and by writes, at once, without Google's own words: they may quote what they refuse."""
    setattr(google, whose, status)
    client = opened(by_key(google) if whose == "token_status" else FEDERATED)

    for call in (read, write):
        started = time.monotonic()
        with pytest.raises(Misconfigured, match=f"answered {status}.*firestore_identity_provider") as caught:
            call(client)
        assert google.secret not in str(caught.value)
        assert time.monotonic() - started < 5, "nothing tries a refusal again"


def test_a_token_that_firestore_does_not_take_is_a_refusal_of_its_own(google: GoogleStandIn, opened: Opening) -> None:
    """Told as Google's error, which the store makes ours."""
    client = opened(FEDERATED)
    read(client)
    google.revoke()

    with pytest.raises(Unauthenticated):
        read(client)


def test_nobody_answers_for_tokens(google: GoogleStandIn, opened: Opening) -> None:
    """As with a function in a VPC without a way out: within seconds, and it may pass."""
    nowhere = replace(google.google, sts="http://127.0.0.1:1/v1/token")
    client = open_client(FEDERATED, nowhere)

    with pytest.raises(StoreUnavailable, match="Google gave no token: TransportError"):
        read(client)
    client.close()


def test_firestore_must_be_who_it_says(google: GoogleStandIn) -> None:
    """By a certificate that nobody vouches for, no token is sent."""
    client = open_client(FEDERATED, replace(google.google, roots=None))

    with pytest.raises(Exception, match=r"(?i)certificate|handshake|ssl|unavailable|deadline"):
        list(client.get_all([client.document("people", "a")], retry=None, timeout=3))
    assert not google.calls
    client.close()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "no key",
        "[]",
        '"text"',
        "{}",
        '{"type": "service_account"}',
        '{"private_key": "-----BEGIN PRIVATE KEY-----"}',
    ],
)
def test_a_secret_that_is_no_key_is_not_shown(google: GoogleStandIn, opened: Opening, key: str) -> None:
    """The setting is named, not what stands there."""
    client = opened(FirestoreAccess(project="mail-prod", key=lambda: key))

    with pytest.raises(Misconfigured, match="firestore_key_secret") as caught:
        read(client)
    assert caught.value.__suppress_context__
    assert not key or key not in str(caught.value)


def test_a_broken_private_key_is_not_shown(google: GoogleStandIn, opened: Opening) -> None:
    """Pasted in part, as happens."""
    client = opened(by_key(google, private_key="-----BEGIN PRIVATE KEY-----\nMIIEv\n-----END PRIVATE KEY-----\n"))

    with pytest.raises(Misconfigured, match="firestore_key_secret"):
        read(client)


def test_a_secret_that_cannot_be_read_is_told_as_it_is(google: GoogleStandIn, opened: Opening) -> None:
    """Secrets Manager's troubles are not Google's."""

    def key() -> str:
        msg = "Secrets Manager answered Throttling"
        raise StoreUnavailable(msg)

    with pytest.raises(StoreUnavailable, match="Secrets Manager"):
        read(opened(FirestoreAccess(project="mail-prod", key=key)))


def test_without_aws_credentials_it_says_so(
    google: GoogleStandIn, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an operator's machine where nobody is logged in."""
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)

    with pytest.raises(Misconfigured, match="no AWS credentials"):
        read(opened(FEDERATED))


def test_without_a_region_it_says_so(
    google: GoogleStandIn, opened: Opening, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Google must know which STS to ask. boto3 goes by this variable, unlike AWS's own command."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")

    with pytest.raises(Misconfigured, match=r"set (\w+)$") as caught:
        read(opened(FEDERATED))
    monkeypatch.setenv(str(caught.value).rpartition(" ")[2], REGION)
    assert not read(opened(FEDERATED))


@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"identity_provider": PROVIDER},
        {"service_account": ACCOUNT},
        {"identity_provider": PROVIDER, "service_account": ACCOUNT, "key": str},
        {"identity_provider": PROVIDER, "service_account": ACCOUNT, "emulator": "127.0.0.1:1"},
        {"emulator": "127.0.0.1:1", "key": str},
    ],
)
def test_there_is_one_way_in(ways: dict[str, str]) -> None:
    """None is no access, and of two nobody would know which is used."""
    with pytest.raises(Misconfigured, match="one way of access"):
        open_client(FirestoreAccess(project="mail-prod", **ways))  # type: ignore[arg-type]


def test_an_emulator_in_the_environment_is_not_gone_to(
    google: GoogleStandIn, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's library would look for a deployment's subscribers there, and find nobody."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")

    assert not read(opened(FEDERATED))
    assert google.calls


def test_an_emulator_needs_nothing(firestore_emulator: str) -> None:
    """Neither AWS nor a token; what is written is there."""
    access = FirestoreAccess(project="eventpost-tests", database="access", emulator=firestore_emulator)
    client = open_client(access)
    document = client.document("people", f"{time.time_ns():032x}")
    document.set({"version": 1}, timeout=30)

    assert document.get(timeout=30).to_dict() == {"version": 1}
    client.close()


def test_many_callers_wait_for_one_token(google: GoogleStandIn, opened: Opening) -> None:
    """A function that starts reads by several threads at once; Google is asked once."""
    client = opened(FEDERATED)

    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(lambda _: read(client), range(8)))
    assert len(google.calls) == 8
    assert len(google.exchanges) == len(google.impersonations) == 1


def test_a_token_is_not_waited_for_for_long(google: GoogleStandIn) -> None:
    """Google's library would wait for two minutes; a function has not got them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = open_client(FEDERATED, replace(google.google, sts=f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match="Google gave no token"):
            read(client)
        assert time.monotonic() - started < 8
        client.close()


def test_nothing_is_asked_before_the_first_call(google: GoogleStandIn, opened: Opening) -> None:
    """A function that reads no subscribers pays for no token."""
    opened(FEDERATED)

    def refuse() -> str:
        msg = "read too early"
        raise AssertionError(msg)

    opened(FirestoreAccess(project="mail-prod", key=refuse))
    assert not google.exchanges


def test_what_firestore_refuses_is_told_by_its_code(google: GoogleStandIn, opened: Opening) -> None:
    """As the store's own tests take it from there."""
    google.firestore_status = grpc.StatusCode.PERMISSION_DENIED
    client = opened(FEDERATED)

    for call in (read, write):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the next line says which
            call(client)
        assert type(caught.value).__name__ == "PermissionDenied"
