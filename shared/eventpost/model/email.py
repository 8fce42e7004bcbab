"""Emails: mails that a service asks for by naming the people they go to, instead of a list that people are on."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from eventpost.errors import AddressRefused
from eventpost.model.event import Event, Unfit
from eventpost.model.subscriber import mailbox

MOST_RECIPIENTS: Final = 50
"""Of one mail, copies and blind copies with them: SES's limit.
https://docs.aws.amazon.com/ses/latest/dg/quotas.html"""

MOST_ATTACHMENTS: Final = 20
MOST_TAGS: Final = 10

OWN_TAGS: Final = frozenset({"subscriber", "list", "event", "event_rest"})
"""The names of the tags by which what SES says of a mail finds its delivery; a service's own have others."""

ATTACHMENT_KEY: Final = r"^attachments/[0-9a-f]{32}$"
"""What the S3 keys of attachments look like. They are told in errors, so they hold nothing of a file's name."""

_BREAKING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _mailed(address: str) -> str:
    try:
        return mailbox(address)
    except AddressRefused as error:
        raise Unfit(str(error)) from None


def _on_one_line(text: str) -> str:
    if _BREAKING.search(text):
        msg = "must be on one line, without control characters"
        raise Unfit(msg)
    return text


Address = Annotated[str, Field(max_length=320, json_schema_extra={"format": "email"}), AfterValidator(_mailed)]
"""An address that mail can be sent to, as it is mailed: `ann@example.com`, without a name."""

Line = Annotated[
    str, Field(json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"}), AfterValidator(_on_one_line)
]
"""A text that may stand in a header field."""


_NO_PATH: Final = {"pattern": r"^[^/\\\x00-\x1f\x7f-\x9f\u2028\u2029]+$"}


class Attachment(BaseModel):
    """A file that goes with a mail.

    Attributes:
        key: Where it is kept: what `POST /attachments` answered, or `attachments/` and 32 hex digits of your own.
        filename: What its reader sees it called.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(pattern=ATTACHMENT_KEY)]
    filename: Annotated[Line, Field(min_length=1, max_length=200, pattern=r"^[^/\\]+$", json_schema_extra=_NO_PATH)]


class EmailRequested(Event):
    """A service has asked for a mail to the people it names.

    What the mail says is either given (`text`, `html`, or both) or made by a template of this project from `data`.

    Attributes:
        to: Whom it is for. All of them see these addresses and those in `cc`.
        cc: Who gets a copy.
        bcc: Who gets a copy that nobody else sees.
        subject: Its subject; a template may bring its own.
        text: What it says, in plain text.
        html: What it says, in HTML.
        template: The folder below `templates/direct_mail/` that it is made from.
        data: What that template is told.
        attachments: The files that go with it.
        reply_to: Where answers go, if not to the sender.
        tags: Names and values by which SES counts it; no personal data.
        transactional: Whether it is one that people cannot unsubscribe from, such as a receipt or a password's reset.
    """

    # A name that is not known is refused here, unlike an event's: a misspelt `transactional` would change the mail.
    # What SQS takes in a message, 1 MiB, is the limit of all of it together.
    model_config = ConfigDict(
        extra="forbid",
        str_max_length=1_000_000,
        json_schema_extra={"anyOf": [{"required": [name]} for name in ("text", "html", "template")]},
    )

    # The first that is wrong ends it: a body may hold some hundred thousand, which took most of a function's memory.
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MOST_RECIPIENTS, fail_fast=True)]
    cc: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS, fail_fast=True)] = ()
    bcc: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS, fail_fast=True)] = ()
    subject: Annotated[Line, Field(min_length=1, max_length=500)] | None = None
    text: Annotated[str, Field(min_length=1)] | None = None
    html: Annotated[str, Field(min_length=1)] | None = None
    template: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = None
    data: Mapping[str, JsonValue] = Field(default_factory=dict)
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MOST_ATTACHMENTS, fail_fast=True)] = ()
    reply_to: Address | None = None
    tags: Annotated[
        Mapping[
            Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")],
            Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$")],
        ],
        Field(max_length=MOST_TAGS),
    ] = Field(default_factory=dict)
    transactional: bool = False

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody it goes to, each once, in the order of `to`, `cc` and `bcc`."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.bcc)))

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """It says what the mail says, by `text`, `html` or both, or else by a `template`.

        And a `subject`, unless there is a template; `data` for a template alone; no tag that is called as ours are; at
        most 50 people in `to`, `cc` and `bcc` together.
        """
        given = self.text is not None or self.html is not None
        if given == (self.template is not None):
            msg = "say what the mail says: by text, html or both, or else by a template"
            raise Unfit(msg)
        if self.template is None and self.subject is None:
            msg = "subject is missing: only a template may bring one"
            raise Unfit(msg)
        if self.template is None and self.data:
            msg = "data is what a template is told, and none is named"
            raise Unfit(msg)
        if OWN_TAGS & self.tags.keys():
            msg = f"tags may have any names but {', '.join(sorted(OWN_TAGS))}"
            raise Unfit(msg)
        if len(self.recipients) > MOST_RECIPIENTS:
            msg = f"to, cc and bcc together may name {MOST_RECIPIENTS} people"
            raise Unfit(msg)
        return self
