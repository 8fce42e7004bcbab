"""The tags of a mail at SES: they come back with everything that SES says of it, and tell which delivery it was.

| tag | value |
|---|---|
| `subscriber` | the subscriber's id |
| `list` | the list's name; a letter has none |
| `event`, `event_rest` | the event's id in URL-safe base64, and where that is too long for one tag, the rest of it |
| others | of a direct mail: what its service wants it counted by |

A value may hold 256 ASCII letters, digits, `_` and `-`, and no name or value may be empty:
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html. An event id has 256 bytes at most.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from eventpost.lists import LIST_NAME
from eventpost.model import SUBSCRIBER_ID, EventKey, Message

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import MessageTagTypeDef

_VALUE_MAX: Final = 256


def tags_of(message: Message) -> "list[MessageTagTypeDef]":
    """The tags of this mail."""
    tags = dict(message.tags) | {"subscriber": message.subscriber}
    if message.event is not None:
        spelt = urlsafe_b64encode(message.event.event_id.encode()).decode().rstrip("=")
        tags |= {"list": message.event.list_name, "event": spelt[:_VALUE_MAX], "event_rest": spelt[_VALUE_MAX:]}
    return [{"Name": name, "Value": value} for name, value in tags.items() if value]


def subscriber_in(tags: Mapping[str, str]) -> str:
    """Whom a mail with these tags was for, or "" where it is none of ours."""
    found = tags.get("subscriber", "")
    return found if SUBSCRIBER_ID.fullmatch(found) else ""


def list_in(tags: Mapping[str, str]) -> str:
    """Which list a mail with these tags was of, or "" where that is not known."""
    found = tags.get("list", "")
    return found if LIST_NAME.fullmatch(found) else ""


def event_in(tags: Mapping[str, str]) -> EventKey | None:
    """Which event a mail with these tags was about, or None where that is not known."""
    spelt = tags.get("event", "") + tags.get("event_rest", "")
    if not spelt or not list_in(tags):
        return None
    try:
        return EventKey(list_in(tags), b64decode(spelt + "=" * (-len(spelt) % 4), b"-_", validate=True).decode())
    except ValueError:  # not base64, or not UTF-8
        return None
