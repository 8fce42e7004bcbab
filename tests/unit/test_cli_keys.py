"""`eventpost keys` rotates the keys of links: nobody's link breaks, and no key is ever shown."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.secrets import KEPT_S, keys_in
from eventpost.links import Links, LinkTarget, Purpose
from eventpost_cli.deployment import Deployment
from eventpost_cli.link_keys import LinkKeysSecret
from eventpost_cli.main import main

FIRST = "the-first-key-as-CloudFormation-made-it"
TARGET = LinkTarget("0" * 32, "1" * 12)


class Clock(MemoryClock):
    """Somebody may do something while it sleeps."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self.slept = timedelta(0)
        self.meanwhile: Callable[[], object] = lambda: None

    def sleep(self, duration: timedelta) -> None:
        """See `ports.Clock`."""
        super().sleep(duration)
        self.slept += duration
        self.meanwhile()


@pytest.fixture
def clock() -> Clock:
    """The operator's clock."""
    return Clock()


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[LinkKeysSecret]:
    """The secret of a deployment, as CloudFormation made it."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("secretsmanager")
        arn = client.create_secret(Name="link-keys", SecretString=FIRST)["ARN"]
        monkeypatch.setattr(
            Deployment, "wiring", SimpleNamespace(settings=SimpleNamespace(link_keys_secret=arn), clock=clock)
        )
        yield LinkKeysSecret(client, arn)


def run(*arguments: str) -> Result:
    """Run the command; whatever it says holds no key."""
    done = CliRunner().invoke(main, ["keys", *arguments, "--stack", "eventpost"])
    stored = boto3.client("secretsmanager").get_secret_value(SecretId="link-keys", VersionStage="AWSCURRENT")
    assert [key for key in keys_in(stored["SecretString"]) if key in done.output] == []
    return done


def text(secret: LinkKeysSecret) -> str:
    """What is stored."""
    return str(secret.client.get_secret_value(SecretId=secret.arn, VersionStage="AWSCURRENT")["SecretString"])


def links(secret: LinkKeysSecret) -> Links:
    """What a function that reads the keys now makes of them."""
    return Links(keys_in(text(secret)), "https://mail.example.com")


def labels(secret: LinkKeysSecret) -> list[str]:
    """The labels of all versions."""
    versions = secret.client.describe_secret(SecretId=secret.arn)["VersionIdsToStages"]
    return sorted(label for stages in versions.values() for label in stages)


def test_a_new_key_signs_and_the_old_one_is_kept(secret: LinkKeysSecret) -> None:
    """The bare key that CloudFormation made becomes a list, and a fresh key its last."""
    done = run("rotate")

    assert done.exit_code == 0, done.output
    kept, new = json.loads(text(secret))["keys"]
    assert kept == FIRST
    assert re.fullmatch(r"[\w-]{64}", new)
    assert "the newest of 2 keys signs" in done.output
    assert labels(secret) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_each_rotation_keeps_all_keys(secret: LinkKeysSecret) -> None:
    """In the order in which they were made: links to unsubscribe never expire."""
    tokens, signing = [], []
    for _ in range(4):
        assert run("rotate").exit_code == 0
        tokens.append(links(secret).token(Purpose.UNSUBSCRIBE, TARGET))
        signing.append(keys_in(text(secret))[-1])

    assert keys_in(text(secret)) == [FIRST, *signing]
    assert len(set(signing)) == 4
    assert [links(secret).read(Purpose.UNSUBSCRIBE, token) for token in tokens] == [TARGET] * 4


def test_no_function_ever_meets_a_link_that_it_cannot_read(secret: LinkKeysSecret, clock: Clock) -> None:
    """Whoever read the keys five minutes ago reads what whoever reads them now signs, at every moment."""
    kept: list[tuple[datetime, str]] = [(clock.now(), text(secret))]

    def check() -> None:
        kept.append((clock.now(), text(secret)))
        token = links(secret).token(Purpose.UNSUBSCRIBE, TARGET)
        for at, known in kept:
            if clock.now() - at <= timedelta(seconds=KEPT_S):
                assert Links(keys_in(known), "https://x.example").read(Purpose.UNSUBSCRIBE, token) == TARGET

    clock.meanwhile = check
    assert run("rotate").exit_code == 0
    check()

    assert timedelta(seconds=KEPT_S) < clock.slept < timedelta(seconds=KEPT_S + 60)
    assert keys_in(kept[-2][1])[-1] == FIRST, "the old key signs until the new one is known"
    assert keys_in(kept[-1][1])[-1] != FIRST


def test_what_was_interrupted_goes_on(secret: LinkKeysSecret, clock: Clock) -> None:
    """No key is made twice, and the time that has passed is not waited for again."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    clock.meanwhile = interrupt
    done = run("rotate")
    assert done.exit_code != 0
    assert "`eventpost keys rotate` goes on with that" in done.output
    assert keys_in(text(secret))[-1] == FIRST
    assert "does not sign yet" in run("show").output

    clock.meanwhile = lambda: None
    clock.advance(timedelta(seconds=200))
    clock.slept = timedelta(0)
    again = run("rotate")

    assert again.exit_code == 0
    assert "A new key is stored since" in again.output
    assert keys_in(text(secret))[0] == FIRST
    assert len(keys_in(text(secret))) == 2
    assert clock.slept < timedelta(seconds=KEPT_S - 100)


def test_now_waits_for_nothing(secret: LinkKeysSecret, clock: Clock) -> None:
    """For a key that has become known."""
    assert run("rotate", "--now").exit_code == 0

    assert clock.slept == timedelta(0)
    assert keys_in(text(secret))[0] == FIRST


def test_now_ends_the_waiting_of_another(secret: LinkKeysSecret, clock: Clock) -> None:
    """Two at once make one key. The first says that the other was faster."""
    done: list[Result] = []
    clock.meanwhile = lambda: done.append(run("rotate", "--now")) if not done else None
    first = run("rotate")

    assert (first.exit_code, done[0].exit_code) == (0, 0)
    assert "Done by somebody else meanwhile: the newest of 2 keys signs." in first.output
    assert len(keys_in(text(secret))) == 2
    assert keys_in(text(secret))[0] == FIRST


def test_a_secret_that_somebody_else_changes_meanwhile_is_not_overwritten(secret: LinkKeysSecret, clock: Clock) -> None:
    """Secrets Manager itself refuses: the current version is no longer the one that was read."""
    theirs = [FIRST, "a key of theirs"]
    clock.meanwhile = lambda: secret.replace(secret.read(), theirs)
    done = run("rotate")

    assert "Done by somebody else" in done.output
    assert keys_in(text(secret)) == theirs
    assert [label for label in labels(secret) if label.startswith("eventpost")] == []


def test_keys_that_somebody_dropped_meanwhile_are_told(secret: LinkKeysSecret, clock: Clock) -> None:
    """Then it is not done, and nothing is overwritten."""
    clock.meanwhile = lambda: secret.replace(secret.read(), ["one key"])
    done = run("rotate")

    assert done.exit_code == 1
    assert "changed the keys meanwhile" in done.output
    assert keys_in(text(secret)) == ["one key"]


def test_only_one_of_two_replacements_is_made(secret: LinkKeysSecret) -> None:
    """Whoever comes second has read what is no longer there."""
    before = secret.read()

    assert secret.replace(before, ["a", "b"])
    assert not secret.replace(before, ["a", "c"])
    assert keys_in(text(secret)) == ["a", "b"]


def test_a_secret_that_changes_all_the_time_is_given_up_on(
    secret: LinkKeysSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries, with nothing done."""
    monkeypatch.setattr(LinkKeysSecret, "replace", lambda *_, **__: "")
    done = run("rotate")

    assert done.exit_code == 1
    assert "Others keep changing the secret" in done.output


def test_what_keys_there_are_is_told(secret: LinkKeysSecret) -> None:
    """How many, and since when."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    one = run("show")
    run("rotate", "--now")
    two = run("show")

    assert re.fullmatch(rf"1 key, the oldest since {today} \d\d:\d\d UTC\n", one.output)
    assert two.output.startswith(f"2 keys, the oldest since {today}")
    assert f"The newest signs since {today}" in two.output


@pytest.mark.parametrize("command", ["show", "rotate"])
def test_a_secret_that_is_no_keys_is_told_without_being_shown(secret: LinkKeysSecret, command: str) -> None:
    """Nothing is changed then."""
    secret.client.put_secret_value(SecretId=secret.arn, SecretString='{"keys": "mine"}')
    done = CliRunner().invoke(main, ["keys", command, "--stack", "eventpost"])

    assert done.exit_code == 1
    assert "the keys secret must be one key, or JSON" in done.output
    assert "mine" not in done.output


def test_a_secret_that_is_not_there_is_told(secret: LinkKeysSecret, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any store that cannot be reached."""
    settings = SimpleNamespace(link_keys_secret="arn:aws:secretsmanager:eu-west-1:1:secret:gone")
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(settings=settings, clock=MemoryClock()))
    done = run("rotate")

    assert done.exit_code == 1
    assert "ResourceNotFoundException" in done.output


def test_the_help_says_what_a_rotation_means() -> None:
    """When the new key is in use everywhere, and what --now costs."""
    told: Any = " ".join(CliRunner().invoke(main, ["keys", "rotate", "--help"]).output.split())

    assert "five minutes" in told
    assert "keep working" in told
    assert "may be refused until they are over" in told
