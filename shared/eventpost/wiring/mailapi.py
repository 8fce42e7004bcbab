"""What the mail API takes, beside what joining and leaving do: it does these, too."""

from functools import cached_property
from typing import Final

import boto3
from botocore.config import Config

from eventpost.adapters.dynamodb_attempts import DynamoAttempts
from eventpost.adapters.dynamodb_receipts import DynamoReceipts
from eventpost.adapters.s3_uploads import S3Uploads
from eventpost.addressees import Addressees
from eventpost.mailapi import Accepting, Addressing, Attaching, Following, Quota
from eventpost.registry import Registry
from eventpost.wiring.people import PeopleWiring

# What is signed is asked for by others: at the bucket's own region, and with no header that they were not told of.
SIGNING: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    request_checksum_calculation="when_required",
)


class EmailApiWiring(PeopleWiring):
    """Everything that the mail API needs."""

    @cached_property
    def accepting(self) -> Accepting:
        """Taking events and mails. Who only asks does without what looks at schemas, a tenth of a second's import."""
        from eventpost.mailapi.validation import Schemas  # noqa: PLC0415 - see above

        return Accepting(
            receipts=self._receipts,
            history=self.history,
            outbox=self.outbox,
            clock=self.clock,
            registry=Registry.load(),
            quota=self.quota,
            check_body=Schemas().check,
            addressing=Addressing(Addressees(self.subscribers, self.id_key), self.attaching),
            queue_url=self.settings.list_queue_url,
        )

    @cached_property
    def following(self) -> Following:
        """Telling what became of them."""
        return Following(self._receipts, self.history)

    @cached_property
    def attaching(self) -> Attaching:
        """Taking files."""
        return Attaching(self._uploads, self.quota, self.transport.largest_mail)

    @cached_property
    def quota(self) -> Quota:
        """How much one caller may hand in."""
        attempts = DynamoAttempts(self._dynamodb, self.settings.ledger_table, self.clock)
        return Quota(attempts, self.clock, self.settings.posts_per_minute)

    @cached_property
    def _receipts(self) -> DynamoReceipts:
        return DynamoReceipts(self._dynamodb, self.settings.ledger_table, self.clock)

    @cached_property
    def _uploads(self) -> S3Uploads:
        return S3Uploads(boto3.client("s3", config=SIGNING), self.settings.screenshots_bucket, self.clock)
