"""Secrets in Secrets Manager, kept for five minutes by powertools: a rotated key is picked up without a deploy."""

import json
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from eventpost.adapters.aws_errors import translated
from eventpost.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_S: Final = 300


class Secrets:
    """Reads secrets by ARN."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._provider = SecretsProvider(boto3_client=client)

    def text(self, arn: str) -> str:
        """The secret as it is.

        Raises:
            Misconfigured: It is not there, or may not be read.
            StoreUnavailable: Secrets Manager did not answer.
        """
        with translated(f"Secrets Manager, asked for {arn.rpartition(':')[2]},"):
            try:
                return str(self._provider.get(arn, max_age=KEPT_S))
            except GetParameterError as error:
                # AWS's own error, which powertools hides behind one of its own.
                raise error.__context__ or error from None

    def keys(self, arn: str) -> list[str]:
        """Keys, oldest first: the secret is one bare key, or JSON `{"keys": [...]}` once it has been rotated.

        Raises:
            Misconfigured: It is neither, or cannot be read.
        """
        return keys_in(self.text(arn))

    def credentials(self, arn: str) -> tuple[str, str]:
        """User name and password from JSON `{"username": "...", "password": "..."}`.

        Raises:
            Misconfigured: It is not that, or cannot be read.
        """
        fields = _fields(self.text(arn))
        try:
            return str(fields["username"]), str(fields["password"])
        except KeyError:
            msg = 'the SMTP credentials secret must be JSON like {"username": "...", "password": "..."}'
            raise Misconfigured(msg) from None


def keys_in(text: str) -> list[str]:
    """The keys in this text, oldest first.

    Raises:
        Misconfigured: It is neither one key nor JSON `{"keys": [...]}`.
    """
    if not text.startswith("{"):
        return [text]
    keys = _fields(text).get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        msg = 'the keys secret must be one key, or JSON like {"keys": ["older", "newer"]}'
        raise Misconfigured(msg)
    return keys


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        msg = "the secret is not a JSON object"
        raise Misconfigured(msg)
    return fields
