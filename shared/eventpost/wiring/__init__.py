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

from eventpost.adapters.budget import Limits, Unlimited
from eventpost.adapters.clock import SystemClock
from eventpost.adapters.dynamodb_budget import DynamoBudget
from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.failover_transport import FailoverTransport
from eventpost.adapters.lambda_capture import LambdaCapture
from eventpost.adapters.s3_blobs import S3Blobs
from eventpost.adapters.secrets import Secrets
from eventpost.adapters.ses_limits import SesLimits
from eventpost.adapters.ses_transport import SesTransport
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.compose import Composer, Sender, Templates
from eventpost.deliver import Delivering, EventMails
from eventpost.deliver.mails import Mails
from eventpost.errors import Misconfigured
from eventpost.links import Links
from eventpost.model import RaisedEvent
from eventpost.ports import Budget, Subscribers, SubscriberStore, Transport
from eventpost.settings import Settings, StoreName, TransportName

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client

    from eventpost.adapters.dynamodb_schedules import DynamoSchedules
    from eventpost.schedule.standing import Standing

LAYER_ROOT: Final = Path("/opt")
_QUICK: Final = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
# Whether a bulk write has the right shape is our tests' matter: to check each is half of botocore's time for it.
_BULK: Final = _QUICK.merge(Config(parameter_validation=False))
# A mail that is sent again because its answer was lost is a mail too many: the ledger decides, not the SDK.
_ONCE: Final = Config(connect_timeout=2, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})
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
    def subscribers(self) -> SubscriberStore:
        """The subscribers, wherever this deployment has them."""
        return self.store(self.settings.subscriber_store)

    def store(self, name: StoreName) -> SubscriberStore:
        """Either store of subscribers, also the one that this deployment does not use: to copy from or to."""
        if name == "dynamodb":
            return DynamoSubscribers(self._dynamodb, self.settings.subscribers_table, self.clock)
        from eventpost.wiring.firestore import firestore_subscribers  # noqa: PLC0415 - in a layer that few have

        return firestore_subscribers(self)

    @cached_property
    def ledger(self) -> DynamoLedger:
        """The ledger."""
        return DynamoLedger(self._dynamodb, self.settings.ledger_table, self.clock)

    @cached_property
    def history(self) -> DynamoHistory:
        """The ledger as an operator reads it."""
        return DynamoHistory(self._dynamodb, self.settings.ledger_table, self.clock)

    @cached_property
    def schedules(self) -> "DynamoSchedules":
        """The schedules. Few lists' events come of one, so the import waits for it."""
        from eventpost.adapters.dynamodb_schedules import DynamoSchedules  # noqa: PLC0415 - see above

        return DynamoSchedules(self._dynamodb, self.settings.schedules_table, self.clock)

    @cached_property
    def standing(self) -> "Standing":
        """Whether a scheduled event still stands."""
        from eventpost.schedule.standing import Standing  # noqa: PLC0415 - as above

        return Standing(self.schedules)

    @cached_property
    def outbox(self) -> SqsOutbox:
        """The queues."""
        return SqsOutbox(boto3.client("sqs", config=_QUICK))

    def id_key(self) -> bytes:
        """The key that turns addresses into subscriber ids."""
        return self.secrets.text(self.settings.subscriber_id_key_secret).encode()

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets."""
        return Secrets(boto3.client("secretsmanager", config=_QUICK))

    @cached_property
    def transport(self) -> Transport:
        """What carries the mail: one transport, or two of which the second takes what the first defers."""
        first, *others = [self._transport(name) for name in self.settings.transports]
        return FailoverTransport(first, others[0]) if others else first

    def _transport(self, name: TransportName) -> Transport:
        return self._smtp if name == "smtp" else self._ses

    @cached_property
    def _ses(self) -> SesTransport:
        return SesTransport(self._sesv2, self.settings.ses_configuration_set)

    @cached_property
    def _sesv2(self) -> "SESV2Client":
        return boto3.client("sesv2", config=_ONCE)

    @cached_property
    def _smtp(self) -> SmtpTransport:
        arn = self.settings.smtp_credentials_secret
        server = SmtpServer(
            host=self.settings.smtp_host,
            port=self.settings.smtp_port,
            security=self.settings.smtp_security,
            credentials=(lambda: self.secrets.credentials(arn)) if arn else None,
            connections=self.settings.smtp_connections,
            largest_mail=self.settings.smtp_largest_mail,
        )
        return SmtpTransport(server)

    @cached_property
    def budget(self) -> Budget:
        """How fast the account may send: by what SES says, or by the settings; without either as fast as it goes."""
        settings = self.settings
        rate, per_day, share = settings.sending_rate, settings.daily_limit, settings.critical_share
        limits: Callable[[], Limits] = lambda: Limits(rate, per_day, share)  # noqa: E731 - one of two
        if settings.transports[0] == "ses":
            limits = SesLimits(self._sesv2, self.clock, share, rate, per_day)
        elif not rate and not per_day:
            return Unlimited()
        return DynamoBudget(self._dynamodb, settings.ledger_table, self.clock, limits)

    @cached_property
    def _templates_read(self) -> Templates:
        return Templates(self._templates())

    @cached_property
    def composer(self) -> Composer:
        """Turns events into mail."""
        return Composer(self._templates_read, self._links, self._sender)

    @property
    def _sender(self) -> Sender:
        return Sender(self.settings.sender, self.settings.sender_address)

    def _links(self) -> Links:
        """The links, signed with the keys as they are now."""
        return Links(self.secrets.keys(self.settings.link_keys_secret), self.settings.link_base_url)

    @cached_property
    def delivering(self) -> Delivering:
        """The use case of a list."""
        mails = EventMails(self.composer, self._capture, self._blobs, self.transport, self.clock)
        return self._delivering(lambda _: self.subscribers, mails)

    def _delivering(self, subscribers_of: Callable[[RaisedEvent], Subscribers], mails: Mails) -> Delivering:
        return Delivering(
            subscribers_of=subscribers_of,
            ledger=self.ledger,
            transport=self.transport,
            budget=self.budget,
            blobs=self._blobs,
            outbox=self.outbox,
            mails=mails,
            clock=self.clock,
        )

    @cached_property
    def _capture(self) -> LambdaCapture:
        return LambdaCapture(boto3.client("lambda", config=_PATIENT), self.settings.capture_function, self.clock)

    @cached_property
    def _blobs(self) -> S3Blobs:
        return S3Blobs(self._s3, self.settings.screenshots_bucket)

    @cached_property
    def _s3(self) -> "S3Client":
        return boto3.client("s3", config=_QUICK)

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", config=_BULK)
