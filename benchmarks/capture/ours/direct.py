"""The same as `warm`, but with no guard between: the browser goes where it wants. For comparison only.

`python -m benchmarks.capture.ours.direct URL`, then one file name a line.
"""

import contextlib
from collections.abc import AsyncIterator

from benchmarks.capture.ours import warm

from eventpost_capture import launch
from eventpost_capture.guard import Door, Guard
from eventpost_capture.guard.names import Names
from eventpost_capture.guard.rules import Rules


class NoDoor(Door):
    """Admits as a door does, and is passed by."""

    @property
    def proxy(self) -> None:  # type: ignore[override]
        """None: a context that is opened without one."""


@contextlib.asynccontextmanager
async def shot(guard: Guard) -> AsyncIterator[Door]:
    """A door that nobody goes through, so it need not be opened either."""
    settings = guard._settings  # noqa: SLF001 - the guard has no setting for being left out, and is to have none
    rules = Rules(Names(None), settings.allow_hosts, settings.allow_ports, set())
    yield NoDoor(rules, settings.max_bytes)


if __name__ == "__main__":
    setattr(launch, "NO_WAY_OUT", None)  # noqa: B010 - replaced, for the benchmark alone
    setattr(Guard, "shot", shot)  # noqa: B010
    warm.main()
