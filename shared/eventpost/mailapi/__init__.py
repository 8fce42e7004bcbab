"""The mail API: takes events and mails to people named in them, and tells what became of these. See `ports.mailapi`."""

from eventpost.mailapi.accepting import Accepting, Posted
from eventpost.mailapi.addressing import Addressing
from eventpost.mailapi.attaching import Attaching, File
from eventpost.mailapi.following import Followed, FollowedState, Following, ReasonCount, RecipientState
from eventpost.mailapi.quota import Quota

__all__ = [
    "Accepting",
    "Addressing",
    "Attaching",
    "File",
    "Followed",
    "FollowedState",
    "Following",
    "Posted",
    "Quota",
    "ReasonCount",
    "RecipientState",
]
