"""How long a busy store is tried again: what makes up for a burst, and no more."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Final

from eventpost.errors import StoreUnavailable
from eventpost.ports import Clock

PATIENCE: Final = timedelta(seconds=4)


def tries(clock: Clock, in_vain: str, patience: timedelta = PATIENCE) -> Iterator[int]:
    """Attempts, with pauses between them that grow, at random.

    Raises:
        StoreUnavailable: It is no use going on; `in_vain` says what.
    """
    gives_up_at = clock.now() + patience
    for attempt in count():
        yield attempt
        pause = timedelta(seconds=random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
        if clock.now() + pause > gives_up_at:
            raise StoreUnavailable(in_vain)
        clock.sleep(pause)
