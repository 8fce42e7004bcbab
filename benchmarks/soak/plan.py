"""How much is done in a run, and how often it is disturbed."""

from dataclasses import dataclass
from typing import Final

LIST: Final = "stock_alerts"
AUDIENCE: Final = "stock_alerts/AMZN"
IN_DOUBT_MAX: Final = 32  # mails that a crash may leave handed to the transport and unrecorded: docs/architecture.md
PLENTY: Final = 0.93  # disturbances are spread over this share of the mails, so that each finds some left to disturb


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        subscribers: How many are on the list.
        refused: How many of them the provider refuses for good.
        workers: How many processes take messages at once.
        kills: How many of them are killed at a random moment, while they hold a message.
        aimed_kills: How many more die right before or after a certain AWS call.
        stops: How many are stopped until their lease is over, and then continued.
        replays: How many slices that were seen on the queue are put on it again.
        raises: How often the event is raised, always the same.
        invocation_s: The function's timeout.
        send_margin_s: Before it ends, in which no mail is begun. As in the library; the small run makes it shorter.
        lease_beyond_s: By how much a claim outlives its invocation. As in the library, too.
        visibility_s: The queue's visibility timeout; longer than a lease.
        mails_per_s: How fast the provider takes mails at most, so that there is time for all this.
        limit_s: When to give up on the run.
        tokens: How many changed link tokens are tried, before anything else.
        seed: Of all that is random in the supervisor and in the sink.
    """

    subscribers: int = 50_500
    refused: int = 500
    workers: int = 4
    kills: int = 205
    aimed_kills: int = 30
    stops: int = 10
    replays: int = 30
    raises: int = 3
    invocation_s: int = 60
    send_margin_s: int = 45
    lease_beyond_s: int = 30
    visibility_s: int = 100
    mails_per_s: float = 110.0
    limit_s: float = 28 * 60
    tokens: int = 1_000_000
    seed: int = 3

    @property
    def lease_s(self) -> float:
        """How long a claim lasts at most, from the start of its invocation."""
        return self.invocation_s + self.lease_beyond_s


FULL: Final = Plan()
SMALL: Final = Plan(
    subscribers=1_020,
    refused=20,
    workers=3,
    kills=6,
    aimed_kills=3,
    stops=1,
    replays=4,
    raises=2,
    invocation_s=10,
    send_margin_s=5,
    lease_beyond_s=3,
    visibility_s=15,
    mails_per_s=60.0,
    limit_s=240,
    tokens=10_000,
)
