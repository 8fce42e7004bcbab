"""What the whole system speaks of: events, subscribers, deliveries and messages. Values only, no I/O."""

from eventpost.model.blob import Blob
from eventpost.model.delivery import NOT_SENT, Claim, Delivery, DeliveryState, Message, Outcome, OutcomeKind
from eventpost.model.event import Amount, Event, EventKey, RaisedEvent
from eventpost.model.picture import CaptureRequest, Picture
from eventpost.model.slice import Slice, SliceDone
from eventpost.model.subscriber import IdRange, Subscriber, check_address, normalise_address, subscriber_id

__all__ = [
    "NOT_SENT",
    "Amount",
    "Blob",
    "CaptureRequest",
    "Claim",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventKey",
    "IdRange",
    "Message",
    "Outcome",
    "OutcomeKind",
    "Picture",
    "RaisedEvent",
    "Slice",
    "SliceDone",
    "Subscriber",
    "check_address",
    "normalise_address",
    "subscriber_id",
]
