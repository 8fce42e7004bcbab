"""What the header fields of our mails tell when a mail comes back or is told of: whose it was, and of which list."""

import re
from typing import Final

from eventpost.lists import LIST_NAME
from eventpost.model import SUBSCRIBER_ID

# As compose.frame and compose.letter write them: <event.subscriber@domain>, and event:list:event:eventpost.
_MESSAGE_ID: Final = re.compile(rf"<[0-9a-f]{{8,64}}\.({SUBSCRIBER_ID.pattern})@[^<>\s]{{1,255}}>")
_FEEDBACK_ID: Final = re.compile(rf"\s*[0-9a-f]{{32}}:({LIST_NAME.pattern}):event:eventpost\s*")


def subscribers_in(text: str) -> set[str]:
    """The ids of all subscribers whose mails' `Message-ID` is in this text."""
    return set(_MESSAGE_ID.findall(text))


def list_in(feedback_id: str) -> str:
    """Which list a mail with this `Feedback-ID` was of, or "" where that is not known."""
    found = _FEEDBACK_ID.fullmatch(feedback_id)
    return found[1] if found else ""
