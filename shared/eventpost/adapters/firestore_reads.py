"""Documents of Firestore by the hundred and by the page, as they are by then: its reads are strongly consistent.

The library's own way to try again is not used: in the middle of an answer it begins anew without end, and then gives
more than was asked for. Here, whatever fails is asked for again as a whole, with pauses and for a few seconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1.base_query import FieldFilter

from eventpost.adapters.firestore_documents import Document
from eventpost.adapters.firestore_errors import PASSING, translated
from eventpost.adapters.patience import tries
from eventpost.ports import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference, DocumentSnapshot, Query

BATCH_MAX: Final = 300  # documents asked for at once
TIMEOUT_S: Final = 5.0  # of one answer
PATIENCE: Final = timedelta(seconds=6)  # one that ran into its time-out, and some more
PAGE_TIMEOUT_S: Final = 60.0  # of a page of everybody: only commands ask for these, and nobody waits for an answer
PAGE_PATIENCE: Final = timedelta(seconds=70)
NAME: Final = "__name__"
"""What Firestore calls a document's path where one asks by it."""

_NEVER: Final = Retry(predicate=if_exception_type())  # of a query; with None, the library fails over its own retry


class Found(NamedTuple):
    """A document that is there.

    Attributes:
        id: The last part of its path.
        path: Its path in the database.
        fields: What it says, or the part of it that was asked for.
        updated_at: When it was written last, as Firestore takes it in a precondition.
    """

    id: str
    path: str
    fields: Document
    updated_at: Any


class FirestoreReader:
    """Reads documents of a database."""

    def __init__(self, client: "Client", clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def get_all(
        self, references: Iterable["DocumentReference"], fields: Sequence[str] | None = None
    ) -> Iterator[Found]:
        """The documents there, those that there are; in no order. With `fields`, only these of each.

        Raises:
            Misconfigured: The database is not there, or may not be read.
            StoreUnavailable: Firestore did not answer.
        """
        for group in batched(references, BATCH_MAX, strict=False):
            yield from self._get_group(list(group), fields)

    def _get_group(self, group: list["DocumentReference"], fields: Sequence[str] | None) -> Sequence[Found]:
        return self._patiently(lambda: self._client.get_all(group, fields, retry=None, timeout=TIMEOUT_S))

    def matching(self, query: "Query") -> Sequence[Found]:
        """What the query finds, all of it in memory.

        Raises:
            Misconfigured: The database is not there, or may not be read.
            StoreUnavailable: Firestore did not answer.
        """
        return self._patiently(lambda: query.stream(retry=_NEVER, timeout=TIMEOUT_S))

    def _page(self, query: "Query") -> Sequence[Found]:
        return self._patiently(lambda: query.stream(retry=_NEVER, timeout=PAGE_TIMEOUT_S), PAGE_PATIENCE)

    def pages(self, collection: "CollectionReference", most: int, after: str = "") -> Iterator[Sequence[Found]]:
        """The collection's documents in order of their ids, those behind `after`; the last page has fewer than `most`.

        Raises:
            Misconfigured: The database is not there, or may not be read.
            StoreUnavailable: Firestore did not answer.
        """
        in_order = collection.order_by(NAME).limit(most)
        page = None
        while page is None or len(page) == most:
            last = page[-1].id if page else after
            rest = in_order.where(filter=FieldFilter(NAME, ">", collection.document(last))) if last else in_order
            page = self._page(rest)
            yield page

    def _patiently(
        self, read: Callable[[], Iterable["DocumentSnapshot[Any]"]], patience: timedelta = PATIENCE
    ) -> Sequence[Found]:
        """What is read, from the beginning again if it fails before its end."""
        attempts = tries(self._clock, "Firestore kept not answering", patience)
        while True:
            next(attempts)
            with translated(), suppress(*PASSING):
                return [_found(document) for document in read() if document.exists]


def _found(document: "DocumentSnapshot[Any]") -> Found:
    return Found(document.id, document.reference.path, document.to_dict() or {}, document.update_time)
