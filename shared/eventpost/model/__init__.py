"""What the whole system speaks of: events, subscribers, deliveries and messages. Values only, no I/O."""

from eventpost.model.blob import Blob
from eventpost.model.capture_options import CaptureOptions, Viewport
from eventpost.model.delivery import NOT_SENT, Claim, Delivery, DeliveryState, Message, Outcome, OutcomeKind
from eventpost.model.event import Amount, Event, EventKey, RaisedEvent
from eventpost.model.feedback import Feedback, FeedbackKind, bounce_kind, status_in
from eventpost.model.letter import Letter, LetterKind
from eventpost.model.membership import (
    ON,
    Change,
    ConsentRecord,
    ConsentWay,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)
from eventpost.model.picture import CaptureRequest, NoPicture, Picture
from eventpost.model.slice import Slice, SliceDone
from eventpost.model.subscriber import (
    SUBSCRIBER_ID,
    IdRange,
    Subscriber,
    check_address,
    mailbox,
    normalise_address,
    subscriber_id,
)

__all__ = [
    "NOT_SENT",
    "ON",
    "SUBSCRIBER_ID",
    "Amount",
    "Blob",
    "CaptureOptions",
    "CaptureRequest",
    "Change",
    "Claim",
    "ConsentRecord",
    "ConsentWay",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventKey",
    "Feedback",
    "FeedbackKind",
    "IdRange",
    "Letter",
    "LetterKind",
    "Membership",
    "MembershipKey",
    "MembershipState",
    "Message",
    "NoPicture",
    "Outcome",
    "OutcomeKind",
    "Person",
    "Picture",
    "RaisedEvent",
    "Slice",
    "SliceDone",
    "Subscriber",
    "Suppression",
    "SuppressionReason",
    "Viewport",
    "bounce_kind",
    "check_address",
    "mailbox",
    "normalise_address",
    "status_in",
    "subscriber_id",
]
