"""Who is on which list, and by whose word: joining, leaving, preferences, bounces, and what people may ask of us."""

from eventpost.consent.asking import Question
from eventpost.consent.consenting import MOST_CHANGES, Consenting
from eventpost.consent.joining import Joining, JoinRequest
from eventpost.consent.leaving import Leaving, Seen
from eventpost.consent.moving import Moving
from eventpost.consent.preferring import Preferring, Row, Saved, View

__all__ = [
    "MOST_CHANGES",
    "Consenting",
    "JoinRequest",
    "Joining",
    "Leaving",
    "Moving",
    "Preferring",
    "Question",
    "Row",
    "Saved",
    "Seen",
    "View",
]
