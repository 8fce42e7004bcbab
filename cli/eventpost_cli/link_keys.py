"""The secret of the keys that sign links, as whoever rotates them reads and replaces it."""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from eventpost.adapters.aws_errors import error_code, translated
from eventpost.adapters.secrets import keys_in

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_SERVICE: Final = "Secrets Manager"
_WAITING: Final = "waiting"
_CURRENT: Final = "AWSCURRENT"
_MOVED_ON: Final = "InvalidParameterException"


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """The keys as they are stored at one moment.

    Attributes:
        keys: Oldest first; the last one signs, but see `waiting`.
        waiting: The last but one is newer than the last: it is there to be read, and does not sign yet.
        version: The version of the secret that says so.
        since: Since when it does (UTC).
    """

    keys: Sequence[str] = field(repr=False)
    waiting: bool
    version: str
    since: datetime

    def with_one_more(self, key: str) -> Sequence[str]:
        """The keys with this one in waiting."""
        return [*self.keys[:-1], key, self.keys[-1]]

    @property
    def promoted(self) -> Sequence[str]:
        """The keys after the one in waiting begins to sign."""
        return [*self.keys[:-2], self.keys[-1], self.keys[-2]] if self.waiting else self.keys


@dataclass(frozen=True, slots=True)
class LinkKeysSecret:
    """Reads the secret, and replaces it if nobody else has meanwhile."""

    client: "SecretsManagerClient"
    arn: str

    def read(self) -> LinkKeys:
        """The keys as they are now, not as they were kept some minutes ago.

        Raises:
            Misconfigured: They are not there, or may not be read, or are no keys.
            StoreUnavailable: Secrets Manager did not answer.
        """
        with translated(_SERVICE):
            found = self.client.get_secret_value(SecretId=self.arn, VersionStage=_CURRENT)
        text = found["SecretString"]
        waiting = text.startswith("{") and bool(json.loads(text).get(_WAITING))
        keys = keys_in(text)
        return LinkKeys(keys, waiting and len(keys) > 1, found["VersionId"], found["CreatedDate"])

    def first_made(self) -> datetime:
        """When the secret was made, and with it the oldest key (UTC).

        Raises:
            Misconfigured: It is not there, or may not be described.
            StoreUnavailable: Secrets Manager did not answer.
        """
        with translated(_SERVICE):
            return self.client.describe_secret(SecretId=self.arn)["CreatedDate"]

    def replace(self, before: LinkKeys, keys: Sequence[str], *, waiting: bool = False) -> str:
        """Store these keys in place of those that were read; returns the new version.

        If others stand there by now, it returns nothing, and nothing is changed.

        A new version is put beside the current one, under a label of its own. Then `AWSCURRENT` is moved to it from
        the version that was read: Secrets Manager refuses that where the label is somewhere else by now.
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html

        Raises:
            Misconfigured: The secret may not be written.
            StoreUnavailable: Secrets Manager did not answer. Nothing is lost; read again.
        """
        version = str(uuid.uuid4())
        label = f"eventpost-{version}"
        text = json.dumps({"keys": list(keys), **({_WAITING: True} if waiting else {})})
        with translated(_SERVICE):
            self.client.put_secret_value(
                SecretId=self.arn, ClientRequestToken=version, SecretString=text, VersionStages=[label]
            )
            try:
                return version if self._made_current(before.version, version) else ""
            finally:
                with suppress(ClientError, BotoCoreError):  # a label that stays harms nobody
                    self.client.update_secret_version_stage(
                        SecretId=self.arn, VersionStage=label, RemoveFromVersionId=version
                    )

    def _made_current(self, before: str, version: str) -> bool:
        try:
            self.client.update_secret_version_stage(
                SecretId=self.arn, VersionStage=_CURRENT, MoveToVersionId=version, RemoveFromVersionId=before
            )
        except ClientError as error:
            if error_code(error) == _MOVED_ON:
                return False
            raise
        return True
