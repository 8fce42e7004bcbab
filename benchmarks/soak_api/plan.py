"""What is done in a run, and for how long."""

from dataclasses import dataclass
from typing import Final

EMAILS: Final = "direct_mail"
EVENTS: Final = "stock_alerts"
LISTS: Final = (EMAILS, EVENTS)
OWNERS: Final = tuple(f"arn:aws:sts::000000000000:assumed-role/{name}/session" for name in ("orders", "prices"))
"""Two services that call the API, so that each stays within what one may ask for in a minute."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run. The load goes on through all its phases; each lasts so many seconds from when what it needs has started.

    Attributes:
        per_s: Requests a second.
        before_s: All is well.
        no_provider_s: The lists' functions fail because their mail server refuses connections.
        crashing_s: They fail at the start of each invocation, as after a bad deploy.
        after_s: All is well again.
        refusing_s: SQS refuses whatever the API sends.
        visibility_s: Until a message that a crashed invocation held can be seen again; six timeouts on AWS.
        doors: Environments of the API's function; each answers one request at a time, as on Lambda.
        hiccup: The part of the API's calls to SQS that fail in other phases; half of them are carried out all the same.
        hang_up: The part of the answers that do not reach the caller.
        looked_at: How many of those accepted are asked after by GET at the end.
        limit_s: What the run may take in all.
        seed: Of all that is by chance.
    """

    per_s: float = 50.0
    before_s: float = 10.0
    no_provider_s: float = 40.0
    crashing_s: float = 80.0
    after_s: float = 30.0
    refusing_s: float = 20.0
    visibility_s: int = 60
    doors: int = 6
    hiccup: float = 0.01
    hang_up: float = 0.005
    looked_at: int = 300
    limit_s: float = 30 * 60
    seed: int = 7

    @property
    def refused_asks(self) -> int:
        """How many requests are made while SQS refuses."""
        return round(self.refusing_s * self.per_s)


FULL: Final = Plan()
SMALL: Final = Plan(
    per_s=15.0,
    before_s=0.0,
    no_provider_s=2.0,
    crashing_s=3.0,
    after_s=1.0,
    refusing_s=2.0,
    visibility_s=3,
    doors=2,
    hiccup=0.05,
    hang_up=0.03,
    looked_at=10,
    limit_s=150,
)
