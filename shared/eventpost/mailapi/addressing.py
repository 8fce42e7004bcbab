"""Addressing: to whom a mail goes that names them itself, and whether they may be mailed.

Whom the list would skip is refused at the door, where somebody hears of it.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from eventpost.addressees import LEFT, Addressees
from eventpost.errors import BodyRefused, RecipientsRefused
from eventpost.mailapi.attaching import Attaching
from eventpost.model import subscriber_id
from eventpost.model.email import MOST_ATTACHMENTS, MOST_RECIPIENTS, Address, Attachment, EmailRequested

DIRECT_MAIL: Final = "direct_mail"
"""The list whose events are `EmailRequested` itself. Others that are addressed may have more fields."""

_ROLES: Final = ("to", "cc", "bcc")


class _Named(BaseModel):
    """What the event of any addressed list says of whom it goes to, and with which files."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MOST_RECIPIENTS)]
    cc: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    bcc: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MOST_ATTACHMENTS)] = ()
    transactional: bool = False


@dataclass(frozen=True, slots=True)
class Addressing:
    """Sees that a mail can go to all whom it names, with all that goes with it.

    Attributes:
        addressees: Knows who may not be mailed.
        attaching: The files.
    """

    addressees: Addressees
    attaching: Attaching

    def check(self, list_name: str, body: str) -> tuple[tuple[str, str], ...]:
        """See that this event of an addressed list can be mailed as a whole.

        Returns where in it each address stands, as a JSON pointer such as `#/to/0`, and whose it is, by id.

        Raises:
            BodyRefused: It is no mail.
            RecipientsRefused: Some of them bounced, complained, or have left; its faults say which, and why.
            AttachmentRefused: Some of its files cannot go with it.
            StoreUnavailable: A store did not answer.
        """
        mail = _mail(list_name, body)
        key = self.addressees.id_key()
        named = [
            (role, place, subscriber_id(address, key))
            for role in _ROLES
            for place, address in enumerate(getattr(mail, role))
        ]
        ids = list(dict.fromkeys(id_ for _, _, id_ in named))
        refused = self.addressees.refusals(list_name, ids, transactional=mail.transactional)
        faults = [((role, place), _told(refused[id_])) for role, place, id_ in named if id_ in refused]
        if faults:
            msg = f"{len(refused)} of the people that the mail names may not be mailed"
            raise RecipientsRefused(msg, faults)
        self.attaching.check(mail.attachments, body)
        return tuple((f"#/{role}/{place}", id_) for role, place, id_ in named)


def _told(refusal: str) -> str:
    if refusal == LEFT:
        return "left: they want no more such mail, but for what is transactional"
    return f"nothing may be mailed to this address: {refusal}"


def _mail(list_name: str, body: str) -> EmailRequested | _Named:
    return _read(EmailRequested, body) if list_name == DIRECT_MAIL else _read(_Named, body)


def _read[Mail: BaseModel](kind: type[Mail], body: str) -> Mail:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        msg = "not a mail to the people it names"
        raise BodyRefused(msg, [_fault(fault) for fault in faults]) from None


def _fault(fault: ErrorDetails) -> tuple[tuple[str | int, ...], str]:
    """Where and what. Our own words, which pydantic puts some of its own before, repeat no value; nor do its own."""
    return fault["loc"], fault["msg"].removeprefix("Value error, ")
