"""Wiring: settings become adapters, and clients are made when they are first used."""

import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

import given
from eventpost import wiring
from eventpost.adapters.budget import Unlimited
from eventpost.adapters.dynamodb_budget import DynamoBudget
from eventpost.adapters.failover_transport import FailoverTransport
from eventpost.adapters.ses_transport import SesTransport
from eventpost.adapters.smtp_transport import SmtpTransport
from eventpost.errors import BudgetSpent, Misconfigured, ScheduleRefused
from eventpost.model import Target
from eventpost.registry import Registry
from eventpost.settings import Settings
from eventpost.wiring import Wiring, templates_folder
from eventpost.wiring.tasks import TaskWiring

SETTINGS = Settings(
    stack_name="eventpost-dev",
    schedules_table="schedules",
    relay_queue_url="https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-dev-Relay",
    schedule_targets="arn:aws:sqs:eu-west-1:111122223333:orders-*",
    schedules_per_owner=7,
    schedules_per_hour=70,
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
