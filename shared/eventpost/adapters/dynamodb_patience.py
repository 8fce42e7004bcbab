"""How long a busy DynamoDB is tried again, for some four seconds: what makes up for a burst, and no more."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import error_code
from eventpost.errors import StoreUnavailable
from eventpost.ports import Clock

PATIENCE: Final = timedelta(seconds=4)

# Said of a whole call. The client itself tries again only a few times.
_PASSING_ERRORS: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def tries(clock: Clock, in_vain: str) -> Iterator[int]:
    """Attempts, with pauses between them that grow, at random.

    Raises:
        StoreUnavailable: It is no use going on; `in_vain` says what.
    """
    gives_up_at = clock.now() + PATIENCE
    for attempt in count():
        yield attempt
        pause = timedelta(seconds=random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
        if clock.now() + pause > gives_up_at:
            raise StoreUnavailable(in_vain)
        clock.sleep(pause)


def raise_unless_passing(error: ClientError) -> None:
    """Raise this error again, unless it is one that a pause may mend."""
    if error_code(error) not in _PASSING_ERRORS:
        raise error
