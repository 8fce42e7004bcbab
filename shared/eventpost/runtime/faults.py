"""What may be said of an error in a log or on dead letters.

Our own errors hold no address, name or body, so their words are repeated. Anybody else's may (a parser
quotes its input, smtplib lists addresses), so of those only the type and the place in the code are told.
"""

import traceback
from pathlib import Path

from eventpost.errors import EventpostError, Misconfigured


def explained(error: BaseException) -> tuple[str, str]:
    """The error's type, and a reason that is safe to keep."""
    kind = type(error).__name__
    if isinstance(error, EventpostError | Misconfigured):
        return kind, str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere known"
    return kind, f"unexpected {kind} {place}"
