"""`eventpost keys`: the keys that sign links. None of them is ever shown."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import boto3
import click

from eventpost.adapters.secrets import KEPT_S
from eventpost.ports import Clock
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.link_keys import LinkKeys, LinkKeysSecret

_KEY_BYTES: Final = 48  # 64 characters; HMAC-SHA-256 uses 32 bytes' worth of them
_KNOWN_AFTER: Final = timedelta(seconds=KEPT_S + 15)  # functions keep secrets for KEPT_S, and clocks differ a little
_TRIES: Final = 5
_TOLD_EACH: Final = timedelta(minutes=1)


@click.group()
def keys() -> None:
    """The keys that sign the links in mails.

    All keys that there ever were are kept, since links to unsubscribe never expire: a link works as long as the key
    that signed it is there.
    """


@keys.command()
@on_a_deployment
def show(deployment: Deployment) -> None:
    """Say how many keys there are, and since when. No key is shown."""
    with told_plainly():
        secret = _secret(deployment)
        stored, first_made = secret.read(), secret.first_made()
    count = len(stored.keys)
    click.echo(f"{count} {'key' if count == 1 else 'keys'}, the oldest since {_moment(first_made)}")
    if stored.waiting:
        click.echo(f"The newest is known since {_moment(stored.since)} and does not sign yet: {_GO_ON}")
    elif count > 1:
        click.echo(f"The newest signs since {_moment(stored.since)}")


@keys.command()
@click.option("--now", is_flag=True, help="Do not wait: have the new key sign at once.")
@on_a_deployment
def rotate(deployment: Deployment, now: bool) -> None:  # noqa: FBT001 - click
    """Have links signed by a new key from now on. All links that are out there keep working.

    Functions keep the keys that they have read for five minutes. So the new key is stored first, and signs only when
    every function knows it: the command waits for that. If it is ended meanwhile, nothing is wrong; give it again, and
    it goes on. Five minutes after it is done, no function signs by the old key any more.

    With --now the new key signs at once, for instance because the old one has become known. Then a link of a mail of
    the next five minutes may be refused until they are over, and works afterwards.

    A key that has become known cannot be taken back without breaking every link that it ever signed: whoever has it
    can make links to unsubscribe and preference links, for people whose subscriber id they know.
    """
    with told_plainly():
        _Rotation(_secret(deployment), deployment.wiring.clock).go(patient=not now)


_GO_ON: Final = "`eventpost keys rotate` goes on with that."


@dataclass(frozen=True, slots=True)
class _Rotation:
    """One rotation, from wherever an earlier one has left it."""

    secret: LinkKeysSecret
    clock: Clock

    def go(self, *, patient: bool) -> None:
        """Add a key, unless one is waiting; have it sign.

        Raises:
            click.ClickException: Others kept changing the secret.
        """
        stored = self._with_one_waiting()
        if patient:
            with _told_how_to_go_on():
                self._wait(min(stored.since, self.clock.now()) + _KNOWN_AFTER)
        if self.secret.replace(stored, stored.promoted):
            click.echo(
                f"Done: the newest of {len(stored.keys)} keys signs. The others stay, for the links they signed."
            )
            return
        now = self.secret.read()
        if now.waiting or len(now.keys) < len(stored.keys):
            msg = "Somebody else has changed the keys meanwhile. See `eventpost keys show`."
            raise click.ClickException(msg)
        click.echo(f"Done by somebody else meanwhile: the newest of {len(now.keys)} keys signs.")

    def _with_one_waiting(self) -> LinkKeys:
        for _ in range(_TRIES):
            stored = self.secret.read()
            if stored.waiting:
                click.echo(f"A new key is stored since {_moment(stored.since)}.")
                return stored
            more = stored.with_one_more(secrets.token_urlsafe(_KEY_BYTES))
            if version := self.secret.replace(stored, more, waiting=True):
                click.echo(f"A new key is stored, besides {len(stored.keys)} of before.")
                return LinkKeys(more, waiting=True, version=version, since=self.clock.now())
        msg = "Others keep changing the secret. Try again."
        raise click.ClickException(msg)

    def _wait(self, until: datetime) -> None:
        left = until - self.clock.now()
        if left > timedelta(0):
            click.echo(f"Waiting {_minutes(left)} until every function knows it; then it signs.")
        while left > timedelta(0):
            self.clock.sleep(min(left, _TOLD_EACH))
            left = until - self.clock.now()


@contextmanager
def _told_how_to_go_on() -> Iterator[None]:
    """Tell whoever interrupts the block where that leaves them."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\nThe new key is stored and does not sign yet: {_GO_ON}")
        raise


def _secret(deployment: Deployment) -> LinkKeysSecret:
    return LinkKeysSecret(boto3.client("secretsmanager"), deployment.wiring.settings.link_keys_secret)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _minutes(left: timedelta) -> str:
    seconds = round(left.total_seconds())
    return f"{seconds // 60} min {seconds % 60:02} s"
