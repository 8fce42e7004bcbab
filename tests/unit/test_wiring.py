"""Wiring: settings become adapters, and clients are made when they are first used."""

import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

import given
from consent_world import id_of
from direct_world import request
from eventpost import wiring
from eventpost.adapters.budget import Unlimited
from eventpost.adapters.dynamodb_budget import DynamoBudget
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.failover_transport import FailoverTransport
from eventpost.adapters.firestore_client import FirestoreAccess
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.secrets import Secrets
from eventpost.adapters.ses_transport import SesTransport
from eventpost.adapters.smtp_transport import SmtpTransport
from eventpost.deliver.addressees import NamedSubscribers
from eventpost.deliver.emails import EmailMails
from eventpost.errors import AttachmentTooLarge, BudgetSpent, Misconfigured, ScheduleRefused
from eventpost.mailapi import File
from eventpost.model import Target
from eventpost.registry import Registry
from eventpost.settings import Settings
from eventpost.wiring import Wiring, templates_folder
from eventpost.wiring import firestore as wired_firestore
from eventpost.wiring.direct import DirectWiring
from eventpost.wiring.mailapi import EmailApiWiring
from eventpost.wiring.people import PeopleWiring
from eventpost.wiring.tasks import TaskWiring

SETTINGS = Settings(
    stack_name="eventpost-dev",
    schedules_table="schedules",
    relay_queue_url="https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-dev-Relay",
    schedule_targets="arn:aws:sqs:eu-west-1:111122223333:orders-*",
    schedules_per_owner=7,
    schedules_per_hour=70,
    posts_per_minute=11,
    subscribers_table="subscribers",
    ledger_table="ledger",
    screenshots_bucket="screenshots",
    capture_function="capture",
    link_keys_secret="arn:keys",
    link_base_url="https://mail.example.com",
    sender="Eventpost <news@example.com>",
    smtp_host="smtp.example.com",
    smtp_port=587,
    smtp_security="starttls",
)


def test_nothing_is_made_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wiring alone makes no client: that takes a hundred milliseconds each, and needs a region."""

    def refuse(*_: object, **__: object) -> None:
        msg = "a client was made"
        raise AssertionError(msg)

    monkeypatch.setattr(boto3, "client", refuse)
    wired = Wiring(SETTINGS)

    assert isinstance(wired.transport, SmtpTransport), "SMTP needs no client of AWS"
    with pytest.raises(AssertionError, match="a client was made"):
        _ = wired.outbox


def test_each_part_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tables share one client, and the SMTP connection lives as long as the function."""
    made: list[str] = []
    monkeypatch.setattr(boto3, "client", lambda name, **_: made.append(name))
    wired = Wiring(SETTINGS)

    assert wired.ledger is wired.ledger
    assert wired.transport is wired.transport
    assert wired.subscribers is wired.subscribers
    assert made == ["dynamodb"]


FIRESTORE = {
    "firestore_project": "mail-prod",
    "firestore_database": "subscribers",
    "firestore_identity_provider": "projects/1/locations/global/workloadIdentityPools/aws/providers/eventpost",
    "firestore_service_account": "eventpost@mail-prod.iam.gserviceaccount.com",
}


def test_the_settings_name_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two; whoever copies asks for the other by its name."""
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)

    for store, kind in (("dynamodb", DynamoSubscribers), ("firestore", FirestoreSubscribers)):
        wired = PeopleWiring(SETTINGS.model_copy(update=FIRESTORE | {"subscriber_store": store}))
        assert isinstance(wired.subscribers, kind)
        assert wired.consenting.memberships is wired.subscribers is wired.subscribers
        assert isinstance(wired.store("dynamodb"), DynamoSubscribers)
        assert isinstance(wired.store("firestore"), FirestoreSubscribers)


def test_firestore_is_reached_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The role's identity, a key that Secrets Manager is asked for when it is needed, or an emulator."""
    opened: list[FirestoreAccess] = []
    monkeypatch.setattr(wired_firestore, "open_client", opened.append)
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)
    monkeypatch.setattr(Secrets, "text", lambda _, arn: f"what is in {arn}")
    plain = {"firestore_project": "mail-prod"}
    for settings in (
        FIRESTORE,
        plain | {"firestore_key_secret": "arn:key"},
        plain | {"firestore_emulator": "127.0.0.1:1"},
    ):
        Wiring(SETTINGS.model_copy(update=settings)).store("firestore")

    federated, by_key, emulated = opened
    assert federated == FirestoreAccess(
        project="mail-prod",
        database="subscribers",
        identity_provider=FIRESTORE["firestore_identity_provider"],
        service_account=FIRESTORE["firestore_service_account"],
    )
    assert by_key.key is not None
    assert by_key.key() == "what is in arn:key"
    assert (by_key.database, by_key.identity_provider, by_key.emulator) == ("(default)", "", "")
    assert emulated == FirestoreAccess(project="mail-prod", emulator="127.0.0.1:1")


def test_firestore_is_asked_for_nothing_where_it_is_not_named() -> None:
    """No project, or no way of access: told before anything is asked of Google."""
    with pytest.raises(Misconfigured, match="firestore_project is not set"):
        Wiring(SETTINGS).store("firestore")
    with pytest.raises(Misconfigured, match="one way of access"):
        Wiring(SETTINGS.model_copy(update={"firestore_project": "mail-prod"})).store("firestore")


def test_only_firestore_takes_googles_library() -> None:
    """A function on DynamoDB has not got it, for it is in a layer that only the other choice deploys."""
    program = f"""
import sys
from eventpost.settings import Settings
from eventpost.wiring.mailapi import EmailApiWiring
from eventpost.wiring.people import PeopleWiring
from eventpost.wiring.tasks import TaskWiring
import boto3
boto3.client = lambda name, **_: name
settings = Settings.model_validate_json({SETTINGS.model_dump_json()!r})
EmailApiWiring(settings).subscribers, TaskWiring(settings).subscribers
assert not [name for name in sys.modules if name.partition(".")[0] in ("google", "grpc")]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    ("named", "kind"), [("smtp", SmtpTransport), ("ses", SesTransport), ("ses,smtp", FailoverTransport)]
)
def test_the_settings_name_the_transport(monkeypatch: pytest.MonkeyPatch, named: str, kind: type) -> None:
    """One, or two of which the second stands in for the first."""
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)

    assert isinstance(Wiring(SETTINGS.model_copy(update={"transport": named})).transport, kind)


def test_ses_sends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail whose answer was lost may have gone out: the SDK must not send it again by itself."""
    made: dict[str, Config] = {}
    monkeypatch.setattr(boto3, "client", lambda name, config: made.update({name: config}))
    _ = Wiring(SETTINGS.model_copy(update={"transport": "ses"})).transport

    assert made["sesv2"].retries["total_max_attempts"] == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [({}, Unlimited), ({"sending_rate": 5.0}, DynamoBudget), ({"daily_limit": 500}, DynamoBudget)],
)
def test_only_a_limit_is_counted(monkeypatch: pytest.MonkeyPatch, settings: dict[str, float], kind: type) -> None:
    """A server without limits costs no call for its budget."""
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)

    assert isinstance(Wiring(SETTINGS.model_copy(update=settings)).budget, kind)


def test_ses_is_asked_for_its_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting the account's quota is the budget: it grows by itself as SES trusts us more."""

    class Ses:
        def get_account(self) -> dict[str, dict[str, float]]:
            return {"SendQuota": {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 50_000.0}}

    monkeypatch.setattr(boto3, "client", lambda name, **_: Ses() if name == "sesv2" else name)
    budget = Wiring(SETTINGS.model_copy(update={"transport": "ses"})).budget

    with pytest.raises(BudgetSpent, match="daily quota"):
        budget.take(1, critical=False)


def test_direct_mail_is_wired_by_a_platform_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom its events name takes the key of ids, which no other list is given."""
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)
    wired = DirectWiring(SETTINGS, lambda: given.REPOSITORY / "templates")
    monkeypatch.setattr(wired, "id_key", lambda: given.ID_KEY)

    delivering = wired.delivering

    assert isinstance(delivering.mails, EmailMails)
    assert delivering.ledger is wired.ledger
    subscribers = delivering.subscribers_of(request("ann"))
    assert isinstance(subscribers, NamedSubscribers)
    assert list(subscribers.addressees.named(request("ann").event)) == [id_of("ann")]  # type: ignore[arg-type]
    ordinary = Wiring(SETTINGS, lambda: given.REPOSITORY / "templates")
    assert ordinary.delivering.subscribers_of(request("ann")) is ordinary.subscribers


def test_templates_are_found_where_a_layer_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside Lambda the first folder on Python's path that holds `_base.html` is the templates layer."""
    (tmp_path / "_base.html").touch()
    monkeypatch.setattr(wiring, "LAYER_ROOT", tmp_path / "absent")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nothing"), str(tmp_path)])

    assert templates_folder() == tmp_path


def test_without_templates_the_deployment_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function without the templates layer says so."""
    monkeypatch.setattr(wiring, "LAYER_ROOT", tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with pytest.raises(Misconfigured, match="templates layer"):
        templates_folder()


def test_the_repository_has_templates_for_the_layer() -> None:
    """What is packed into the layer is what `templates_folder` looks for."""
    assert (given.REPOSITORY / "templates" / "_base.html").is_file()


def test_time_is_wired_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """One table for all of it, the limits of this deployment, and the queues that its operator allows."""
    monkeypatch.setattr(boto3, "client", lambda *_, **__: object())
    wired = TaskWiring(SETTINGS)
    target = Target(queue_arn="arn:aws:sqs:eu-west-1:111122223333:orders-eu")

    limits, targets = wired.scheduling.limits, wired.scheduling.targets
    assert (limits.recurring_per_owner, limits.created_per_hour) == (7, 70)
    targets.check(target)
    assert targets.queue_url(target) == "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-eu"
    with pytest.raises(ScheduleRefused):
        targets.check(Target(queue_arn="arn:aws:sqs:eu-west-1:111122223333:invoices"))
    for mail_list in Registry.load().lists:
        targets.check(Target(list_name=mail_list.name))


def test_all_of_time_shares_its_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes schedules, sweeps them, raises them and asks whether they stand: one client, one table."""
    made: list[str] = []
    monkeypatch.setattr(boto3, "client", lambda name, **_: made.append(name))
    wired = TaskWiring(SETTINGS)

    assert wired.scheduling.schedules is wired.relaying.schedules is wired.standing.schedules is wired.schedules
    assert wired.sweeping.handing is wired.relaying.handing is wired.scheduling.handing
    assert wired.tasks.scheduling is wired.scheduling
    assert sorted(made) == ["dynamodb", "sqs"]


def test_without_queues_of_others_only_lists_are_targets() -> None:
    """As a deployment is by default."""
    assert Settings.model_validate({**SETTINGS.model_dump(), "schedule_targets": ""}).allowed_targets == ()


def test_the_mail_api_is_wired_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipts and counts are in the ledger's table, and a list's queue is beside the relay's."""
    made: list[str] = []
    monkeypatch.setattr(boto3, "client", lambda name, **_: made.append(name))
    wired = EmailApiWiring(SETTINGS)
    accepting, following = wired.accepting, wired.following

    assert accepting.queue_url("direct_mail") == (
        "https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-dev-direct_mail"
    )
    assert accepting.quota is wired.attaching.quota
    assert accepting.quota.per_minute == 11
    assert accepting.registry is Registry.load()
    assert (following.receipts, following.history) == (accepting.receipts, accepting.history)
    assert accepting.addressing.addressees.memberships is wired.consenting.memberships
    assert sorted(made) == ["dynamodb", "s3", "sqs"]


def test_a_file_may_be_as_large_as_the_provider_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the transport's, which is asked for no more than that: nothing is connected to."""
    monkeypatch.setattr(boto3, "client", lambda name, **_: name)
    monkeypatch.setattr("eventpost.mailapi.quota.Quota.take", lambda *_: None)

    for transport, told in (("smtp", "30,000,000"), ("ses,smtp", "30,000,000"), ("ses", "40,000,000")):
        settings = SETTINGS.model_copy(update={"transport": transport, "smtp_largest_mail": 30_000_000})
        with pytest.raises(AttachmentTooLarge, match=told):
            EmailApiWiring(settings).attaching.offer("role/orders", File("video/mp4", 50_000_000))
