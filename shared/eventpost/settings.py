"""What a deployment hands to its functions. The only module that reads the environment."""

import os
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from eventpost.errors import Misconfigured

SETTINGS_VARIABLE = "EVENTPOST_SETTINGS"

NonEmpty = Annotated[str, Field(min_length=1)]

SmtpSecurity = Literal["starttls", "tls", "none"]
TransportName = Literal["smtp", "ses"]
StoreName = Literal["dynamodb", "firestore"]


class Settings(BaseModel):
    """The platform's settings: written once by `template.yaml`, the same for every list.

    Attributes:
        subscribers_table: DynamoDB table of the subscribers.
        subscriber_store: Where the subscribers are: `dynamodb` or `firestore`.
        firestore_project: The Google Cloud project whose Firestore has them; needed where that is the store.
        firestore_database: The database in it.
        firestore_identity_provider: What lets an AWS role in there, as `projects/.../providers/...`, or empty.
        firestore_service_account: The service account that the role then acts as: its e-mail address.
        firestore_key_secret: Secrets Manager ARN of a key of such an account instead, or empty.
        firestore_emulator: `host:port` of an emulator instead, or empty.
        ledger_table: DynamoDB table of the deliveries.
        screenshots_bucket: S3 bucket of the screenshots.
        capture_function: Name of the function that takes screenshots.
        link_keys_secret: Secrets Manager ARN of the keys that sign links.
        subscriber_id_key_secret: Secrets Manager ARN of the key that turns addresses into subscriber ids.
        letters_queue_url: The queue of the letters that confirm joining and carry preference links.
        link_base_url: Where the links in mails lead, without a slash at the end.
        sender: Who the mails are from: `Name <address>` or an address.
        transport: What carries the mail: `smtp`, `ses`, or both by a comma. The second takes what the first defers.
        sending_rate: Mails a second, for all lists together. 0 asks SES where it is first, and is no limit elsewhere.
        daily_limit: Mails in 24 hours, for all lists together. 0 as above.
        critical_share: The part of both that only critical lists may use.
        ses_configuration_set: The configuration set that SES sends under, or empty.
        smtp_host: The SMTP server that takes the mail; needed where `transport` names smtp.
        smtp_port: Its port.
        smtp_security: `starttls`, `tls`, or `none` for a server on this very machine.
        smtp_credentials_secret: Secrets Manager ARN of `{"username", "password"}`, or empty for no login.
        smtp_connections: How many connections one invocation opens to that server.
        smtp_largest_mail: Bytes that a mail may have on its way to that server.
        stack_name: The name of the stack, which those of its lists' queues begin with.
        schedules_table: DynamoDB table of the schedules.
        relay_queue_url: The queue of what is due within minutes.
        schedule_targets: ARNs of the queues that schedules may name beside lists, by commas; a star is anything.
        schedules_per_owner: Recurring schedules that one owner may have at a time.
        schedules_per_hour: Schedules that one owner may make in an hour.
        posts_per_minute: Events, mails and files that one owner may hand to the mail API in a minute.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    subscribers_table: NonEmpty
    subscriber_store: StoreName = "dynamodb"
    firestore_project: Annotated[str, Field(validate_default=True)] = ""
    firestore_database: NonEmpty = "(default)"
    firestore_identity_provider: str = ""
    firestore_service_account: str = ""
    firestore_key_secret: str = ""
    firestore_emulator: str = ""
    ledger_table: NonEmpty
    screenshots_bucket: NonEmpty
    capture_function: NonEmpty
    link_keys_secret: NonEmpty
    subscriber_id_key_secret: str = ""
    letters_queue_url: str = ""
    link_base_url: Annotated[str, Field(pattern=r"^https?://\S+[^/\s]$")]
    sender: NonEmpty
    transport: Literal["smtp", "ses", "ses,smtp", "smtp,ses"] = "smtp"
    sending_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    daily_limit: Annotated[int, Field(ge=0)] = 0
    critical_share: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    ses_configuration_set: str = ""
    smtp_host: Annotated[str, Field(validate_default=True)] = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: SmtpSecurity = "starttls"
    smtp_credentials_secret: str = ""
    smtp_connections: Annotated[int, Field(ge=1, le=50)] = 4
    # Gmail's limit (support.google.com/mail/answer/6584), and less than SES's 40 MB.
    smtp_largest_mail: Annotated[int, Field(ge=1_000_000)] = 25_000_000
    stack_name: str = ""
    schedules_table: str = ""
    relay_queue_url: str = ""
    schedule_targets: str = ""
    schedules_per_owner: Annotated[int, Field(ge=1)] = 1_000
    schedules_per_hour: Annotated[int, Field(ge=1)] = 1_000_000
    posts_per_minute: Annotated[int, Field(ge=1)] = 3_000

    @field_validator("sender")
    @classmethod
    def _has_an_address(cls, sender: str) -> str:
        if "@" not in parseaddr(sender)[1] or not sender.isprintable():
            msg = "no address in it"
            raise ValueError(msg)
        return sender

    @field_validator("smtp_host")
    @classmethod
    def _is_known_where_it_is_needed(cls, smtp_host: str, others: ValidationInfo) -> str:
        if not smtp_host and "smtp" in others.data.get("transport", ""):
            msg = "it must be set, because transport names smtp"
            raise ValueError(msg)
        return smtp_host

    @field_validator("firestore_project")
    @classmethod
    def _is_known_where_subscribers_are(cls, firestore_project: str, others: ValidationInfo) -> str:
        if not firestore_project and others.data.get("subscriber_store") == "firestore":
            msg = "it must be set, because subscriber_store is firestore"
            raise ValueError(msg)
        return firestore_project

    @property
    def transports(self) -> tuple[TransportName, ...]:
        """What carries the mail, in the order in which it is tried."""
        return cast("tuple[TransportName, ...]", tuple(self.transport.split(",")))

    @property
    def allowed_targets(self) -> tuple[str, ...]:
        """The patterns of the queues' ARNs that schedules may name beside lists."""
        return tuple(filter(None, self.schedule_targets.split(",")))

    def list_queue_url(self, list_name: str) -> str:
        """The URL of a list's queue: beside the relay's, as all queues of the stack are."""
        account_url, _, _ = self.relay_queue_url.rpartition("/")
        return f"{account_url}/{self.stack_name}-{list_name}"

    @property
    def sender_address(self) -> str:
        """The bare address that mails come from."""
        return parseaddr(self.sender)[1]

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from `EVENTPOST_SETTINGS`.

        Raises:
            Misconfigured: The variable is missing, no JSON, or some of its fields are wrong; the message names them.
        """
        try:
            return cls.model_validate_json(_required(environment, SETTINGS_VARIABLE))
        except ValidationError as error:
            msg = f"{SETTINGS_VARIABLE}: {', '.join(_faults(error))}. Mend the stack's parameters and deploy again"
            raise Misconfigured(msg) from None


class QueueSettings(BaseModel):
    """What a function that takes messages off a queue is told about it.

    Attributes:
        queue_url: Its queue.
        dead_letters_url: Its dead letters.
        max_receives: How often SQS hands out a message before it is given up on.
        metrics_namespace: What CloudWatch keeps the function's figures under: the root stack's name.
    """

    model_config = ConfigDict(frozen=True)

    queue_url: NonEmpty
    dead_letters_url: NonEmpty
    max_receives: Annotated[int, Field(ge=1)]
    metrics_namespace: NonEmpty = "Eventpost"

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read what `template.yaml` or `functions/list.yaml` puts into the function's environment.

        That is `EVENTPOST_QUEUE_URL`, `EVENTPOST_DEAD_LETTERS_URL`, `EVENTPOST_MAX_RECEIVES` and
        `POWERTOOLS_METRICS_NAMESPACE`; for a list also `EVENTPOST_LIST`.

        Raises:
            Misconfigured: One of them is missing or wrong.
        """
        try:
            return cls.model_validate(cls._told(environment))
        except ValueError as error:
            msg = "the function's environment is wrong: EVENTPOST_MAX_RECEIVES must be a whole number from 1"
            raise Misconfigured(msg) from error

    @classmethod
    def _told(cls, environment: Mapping[str, str]) -> dict[str, str]:
        return {
            "queue_url": _required(environment, "EVENTPOST_QUEUE_URL"),
            "dead_letters_url": _required(environment, "EVENTPOST_DEAD_LETTERS_URL"),
            "max_receives": _required(environment, "EVENTPOST_MAX_RECEIVES"),
            "metrics_namespace": metrics_namespace(environment),
        }


class ListSettings(QueueSettings):
    """What `functions/list.yaml` tells a list's function about its own queues.

    Attributes:
        list_name: The list that this function was deployed for.
    """

    list_name: NonEmpty

    @classmethod
    def _told(cls, environment: Mapping[str, str]) -> dict[str, str]:
        return {"list_name": _required(environment, "EVENTPOST_LIST"), **super()._told(environment)}


def metrics_namespace(environment: Mapping[str, str] = os.environ) -> str:
    """What CloudWatch keeps a function's figures under: the root stack's name, in `POWERTOOLS_METRICS_NAMESPACE`.

    Raises:
        Misconfigured: It is missing.
    """
    return _required(environment, "POWERTOOLS_METRICS_NAMESPACE")


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        msg = f"{name} is not set: what is deployed gets it from template.yaml or functions/list.yaml"
        raise Misconfigured(msg)
    return value


def _faults(error: ValidationError) -> list[str]:
    """The faults without the values that caused them: a setting may be a secret."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return [f"{fault['loc'][0] if fault['loc'] else 'JSON'}: {fault['msg']}" for fault in faults]
