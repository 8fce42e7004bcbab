"""What Firestore says when it does not do as asked, in our own words: by type, and without its message in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    GoogleAPIError,
    InternalServerError,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServiceUnavailable,
    Unauthenticated,
    Unknown,
)

from eventpost.errors import Misconfigured, StoreUnavailable

PASSING: Final = (
    Aborted,
    Cancelled,
    DeadlineExceeded,
    InternalServerError,
    ResourceExhausted,
    ServiceUnavailable,
    Unknown,
)
"""What a pause may mend. After any but the first, a commit may have been made all the same."""

OVERTAKEN: Final = (AlreadyExists, FailedPrecondition, NotFound)
"""What a commit ends with if a document is no longer as its precondition says; then nothing of it is made."""

# FailedPrecondition is here what a read ends with in a database that lacks an index or is in Datastore mode.
_FORBIDDEN: Final = (FailedPrecondition, NotFound, PermissionDenied, Unauthenticated)


@contextmanager
def translated() -> Iterator[None]:
    """Let Firestore's errors out of the block as ours; what is said of tokens is ours already (`firestore_tokens`).

    Raises:
        Misconfigured: The database is not there, or whoever asks may not use it.
        StoreUnavailable: Anything else: throttling, time-outs, outages.
    """
    try:
        yield
    except _FORBIDDEN as error:
        msg = f"Firestore answered {_code(error)}: look at firestore_project, firestore_database and the account's role"
        raise Misconfigured(msg) from None
    except GoogleAPIError as error:
        msg = f"Firestore did not answer: {_code(error)}"
        raise StoreUnavailable(msg) from None


def _code(error: Exception) -> str:
    """The name of Google's code for this error, such as `PermissionDenied`."""
    return type(error).__name__
