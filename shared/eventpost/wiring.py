"""Settings in, use cases out: the one place that knows which adapter stands behind which port.

Clients are made when they are first used, so that importing a function costs nothing but the import.
"""

import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from eventpost.adapters.clock import SystemClock
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.lambda_capture import LambdaCapture
from eventpost.adapters.s3_blobs import S3Blobs
from eventpost.adapters.secrets import Secrets
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.compose import Composer, Sender, Templates
from eventpost.deliver import Delivering
from eventpost.errors import Misconfigured
from eventpost.links import Links
from eventpost.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LAYER_ROOT: Final = Path("/opt")
_QUICK: Final = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
# A capture is waited for: its own deadline ends it long before this. Asked again, it would load the page again.
_PATIENT: Final = Config(connect_timeout=2, read_timeout=90, retries={"mode": "standard", "total_max_attempts": 1})


def templates_folder() -> Path:
    """Where the templates layer is: `/opt` in Lambda; elsewhere, wherever a layer's root is on Python's path.

    Raises:
        Misconfigured: There are no templates.
    """
    for folder in (LAYER_ROOT, *map(Path, sys.path)):
        if (folder / "_base.html").is_file():
            return folder
    msg = "there is no _base.html: give the function the templates layer"
    raise Misconfigured(msg)


class Wiring:
    """Everything that a function or a command needs, made from the settings when it is first asked for."""

    def __init__(self, settings: Settings, templates: Callable[[], Path] = templates_folder) -> None:
        self.settings = settings
        self._templates = templates
        self.clock = SystemClock()

    @cached_property
    def subscribers(self) -> DynamoSubscribers:
        """The subscribers' store."""
        return DynamoSubscribers(self._dynamodb, self.settings.subscribers_table)

    @cached_property
    def ledger(self) -> DynamoLedger:
        """The ledger."""
        return DynamoLedger(self._dynamodb, self.settings.ledger_table, self.clock)

    @cached_property
    def outbox(self) -> SqsOutbox:
        """The queues."""
        return SqsOutbox(boto3.client("sqs", config=_QUICK))

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets."""
        return Secrets(boto3.client("secretsmanager", config=_QUICK))

    @cached_property
    def transport(self) -> SmtpTransport:
        """What carries the mail."""
        arn = self.settings.smtp_credentials_secret
        server = SmtpServer(
            host=self.settings.smtp_host,
            port=self.settings.smtp_port,
            security=self.settings.smtp_security,
            credentials=(lambda: self.secrets.credentials(arn)) if arn else None,
        )
        return SmtpTransport(server)

    @cached_property
    def _templates_read(self) -> Templates:
        return Templates(self._templates())

    @property
    def composer(self) -> Composer:
        """Turns events into mail, with the link keys as they are now."""
        links = Links(self.secrets.keys(self.settings.link_keys_secret), self.settings.link_base_url)
        return Composer(self._templates_read, links.urls, Sender(self.settings.sender, self.settings.sender_address))

    @property
    def delivering(self) -> Delivering:
        """The use case of a list."""
        return Delivering(
            subscribers=self.subscribers,
            ledger=self.ledger,
            transport=self.transport,
            capture=self._capture,
            blobs=self._blobs,
            composer=self.composer,
            clock=self.clock,
        )

    @cached_property
    def _capture(self) -> LambdaCapture:
        return LambdaCapture(boto3.client("lambda", config=_PATIENT), self.settings.capture_function)

    @cached_property
    def _blobs(self) -> S3Blobs:
        return S3Blobs(boto3.client("s3", config=_QUICK), self.settings.screenshots_bucket)

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", config=_QUICK)
