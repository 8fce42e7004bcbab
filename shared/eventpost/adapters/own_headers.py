"""What the header fields of our mails tell when a mail comes back or is told of: whose it was, and of which list."""

import re
from collections.abc import Mapping
from typing import Final

from eventpost.lists import LIST_NAME
from eventpost.model import SUBSCRIBER_ID

FIELDS: Final = ("message-id", "x-eventpost-delivery")
"""The header fields that say whose a mail was; the second is of direct mail, where all copies have one Message-ID."""

# As compose.frame, compose.letter and compose.email write them: <event.subscriber@domain>, and
# event:list:event:eventpost.
_MESSAGE_ID: Final = re.compile(rf"<[0-9a-f]{{8,64}}\.({SUBSCRIBER_ID.pattern})@[^<>\s]{{1,255}}>")
_FEEDBACK_ID: Final = re.compile(rf"\s*[0-9a-f]{{32}}:({LIST_NAME.pattern}):event:eventpost\s*")


def subscribers_in(text: str) -> set[str]:
    """The ids of all subscribers in this text, as one of `FIELDS` holds them."""
    return set(_MESSAGE_ID.findall(text))


def subscriber_of(fields: Mapping[str, str]) -> str:
    """Whose mail these header fields (by lower case names) are of, or "" where they name nobody, or several."""
    told = {id_ for name in FIELDS for id_ in subscribers_in(fields.get(name, ""))}
    return told.pop() if len(told) == 1 else ""


def list_in(feedback_id: str) -> str:
    """Which list a mail with this `Feedback-ID` was of, or "" where that is not known."""
    found = _FEEDBACK_ID.fullmatch(feedback_id)
    return found[1] if found else ""
