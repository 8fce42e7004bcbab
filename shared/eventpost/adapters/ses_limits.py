"""What SES lets the account send, as it says itself."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from eventpost.adapters.aws_errors import translated
from eventpost.adapters.budget import Limits
from eventpost.errors import StoreUnavailable
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

FRESH: Final = timedelta(minutes=5)  # GetAccount itself may be asked once a second


class SesLimits:
    """Asks SES's GetAccount, every five minutes at most: quotas change by the day.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendQuota.html
    """

    def __init__(
        self, client: "SESV2Client", clock: Clock, critical_share: float, rate: float = 0, per_day: int = 0
    ) -> None:
        self._client = client
        self._clock = clock
        self._share = critical_share
        self._rate = rate
        self._per_day = per_day
        self._known: Limits | None = None
        self._asked_at: datetime | None = None

    def __call__(self) -> Limits:
        """The limits, five minutes old at most; older only while SES does not answer.

        Raises:
            Misconfigured: The role may not ask SES.
            StoreUnavailable: SES has not answered yet.
        """
        now = self._clock.now()
        if self._known is None or self._asked_at is None or now - self._asked_at >= FRESH:
            try:
                self._known = self._asked()
            except StoreUnavailable:
                if self._known is None:
                    raise
            self._asked_at = now
        return self._known

    def _asked(self) -> Limits:
        with translated("SES"):
            quota = self._client.get_account()["SendQuota"]
        return Limits(
            per_second=_lower(quota["MaxSendRate"], self._rate),
            per_day=int(_lower(quota["Max24HourSend"], self._per_day)),
            critical_share=self._share,
            sent_in_a_day=int(quota["SentLast24Hours"]),
        )


def _lower(of_ses: float, ours: float) -> float:
    """The lower of two limits, of which any may be none: 0 of ours, -1 of SES."""
    return min((limit for limit in (of_ses, ours) if limit > 0), default=0)
