"""Every error by what becomes of it: tried again, given up on, or a matter for whoever deployed.

No message holds an address, a name or a body: errors travel to logs and to dead letters.
"""

from collections.abc import Sequence
from datetime import timedelta


class EventpostError(Exception):
    """An event or a delivery did not succeed. Its subclasses say whether trying again can help."""


class Retryable(EventpostError):
    """Trying again later may succeed, so the event goes back to its queue.

    `retry_after` is how long to wait at least, or None where the usual back-off will do.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(EventpostError):
    """Trying again cannot succeed, so the event goes to dead letters at once, or the delivery fails."""


class Misconfigured(Exception):
    """The deployment lacks something that no event can bring. Mend the setting that the message names.

    It stands outside `EventpostError` on purpose: whatever handles failed events must not swallow it.
    """


class StoreUnavailable(Retryable):
    """DynamoDB, Firestore or S3 throttled, timed out or was down. Nothing to do unless it lasts."""


class CaptureUnavailable(Retryable):
    """No screenshot was made: the page is down or slow, or the capture function failed. Open the page yourself."""


class BudgetSpent(Retryable):
    """The account's sending rate or its daily limit is used up for now. Nothing to do: the rest of the mail waits."""


class PersonChanged(Retryable):
    """Somebody else changed this person's memberships meanwhile, so nothing was saved. Read them again and retry."""


class TooManyAttempts(Retryable):
    """This address or this source has asked too often of late. `retry_after` says when it may ask again."""


class LetterNotSent(Retryable):
    """The provider did not take a letter, or did not say so. It is sent again; see the codes if that lasts."""


class ScheduleChanged(Retryable):
    """Somebody else changed this schedule meanwhile, so nothing was done. Read it again and decide anew."""


class QuotaReached(Retryable):
    """This owner has made, or handed in, as much as the deployment allows. `retry_after` says when, if time helps."""


class InvalidEvent(Permanent):
    """The body is not JSON or does not fit the list's event. Mend the producer, then send the event anew."""


class UnknownTopic(InvalidEvent):
    """The event names a topic that its list does not declare. Add it to the list, or mend the producer."""


class EventIdReused(Permanent):
    """An event with this id but another body was seen before. Give every event an id of its own."""


class TemplateFault(Permanent):
    """A template failed for this event. Mend the template, deploy, then replay the dead letter."""


class EventTooOld(Permanent):
    """The event was raised longer ago than the ledger remembers. Raise it anew if it still matters."""


class SliceExpired(Permanent):
    """A part of the audience could not be mailed for four days. Mend what its reason names, then replay it."""


class MailTooLarge(Permanent):
    """The mail is larger than the provider takes, so nobody is mailed. Use a smaller picture or JPEG, then replay."""


class AudienceFault(Permanent):
    """The list's `wants` failed for a subscriber; the others are mailed. Mend it, deploy, then replay."""


class CaptureRefused(Permanent):
    """The page may not be captured: its address is malformed, not http(s), or not public."""


class CaptureFailed(Permanent):
    """The page was not captured, and its list does not want it tried again. Open the page, then replay."""


class AddressRefused(Permanent):
    """The address cannot be mailed. Only this delivery fails; the rest of the audience is served."""


class UnknownAudience(Permanent):
    """There is no such list or topic, or nobody may join it by themselves."""


class TooManyChanges(Permanent):
    """One save changes at most 50 memberships. Save a part of them first."""


class Suppressed(Permanent):
    """The address bounced or complained, so it cannot join. An operator can lift that: docs/operations.md."""


class ScheduleRefused(Permanent):
    """What was asked of a schedule makes none: a rule, a time, a target or a body. The message names the field."""


class UnknownSchedule(Permanent):
    """There is no such schedule, or it is somebody else's. List your own."""


class TokenReused(Permanent):
    """Another request came with this client token or event id. Give every schedule and every event one of its own."""


class TargetRefused(Permanent):
    """A scheduled event's queue is gone or does not let the relay send. Mend the queue or its policy, then replay."""


class Refused(Permanent):
    """A request does not hold together. `faults` says what is wrong where, without repeating a value.

    Each fault is a path of names and positions in the body, and what to write there instead.
    """

    def __init__(self, message: str, faults: Sequence[tuple[tuple[str | int, ...], str]] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class BodyRefused(Refused):
    """The body does not fit its list's schema. Mend what the faults name; docs/events.md shows every field."""


class RecipientsRefused(Refused):
    """Some of those that a mail is for may not be mailed: their address bounced, or they do not want it."""


class AttachmentRefused(Refused):
    """An attachment is not there, too large, or of a type that mail servers refuse."""


class AttachmentTooLarge(AttachmentRefused):
    """The files of a mail, or one alone, make it larger than its provider takes. Send a link to what is large."""


class BodyTooLarge(Permanent):
    """The body is larger than a queue takes. Send a reference to what is large in it."""


class AttachmentMissing(Permanent):
    """A file that goes with a mail is not kept under its key (any more). Upload it again, then raise the event anew."""


class UnknownReceipt(Permanent):
    """Nothing was accepted under this id in the last 30 days, or somebody else's was."""


class UnknownList(Permanent):
    """There is no such list. `GET /lists` tells those that there are."""
