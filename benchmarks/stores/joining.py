"""Joining and leaving as people do it: by the form and the link in the letter, by the button of the mail program.

The real use cases over the store that is measured. What is not a store's is in memory: the queue of the letters, and
how often somebody tried; both stay on AWS whatever the store is.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

from benchmarks.delivery import dataset
from benchmarks.delivery.errors import RunWrong

from eventpost.adapters.clock import SystemClock
from eventpost.adapters.memory import MemoryOutbox
from eventpost.consent import Consenting, Joining, JoinRequest, Leaving
from eventpost.consent.import_rules import Fate, ImportRow
from eventpost.consent.importing import Importing
from eventpost.consent.letters import read
from eventpost.links import Links, LinkTarget, audience_tag
from eventpost.model import ConsentWay, subscriber_id
from eventpost.ports import Memberships
from eventpost.registry import ListEntry, Registry

TOPIC: Final = "JOIN"
AUDIENCE: Final = f"{dataset.LIST}/{TOPIC}"
AT_ONCE: Final = 8  # threads
_FORM: Final = f"join/{dataset.LIST}"
_ID_KEY: Final = b"the benchmark's key of subscriber ids"


class _Letters(MemoryOutbox):
    """The letters' queue, read by whom a letter is for."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        super().send(queue_url, body, attributes, delay)
        letter = read(body)
        self.tags[letter.subscriber] = letter.asked


class _Everyone:
    """Lets everybody try as often as they like."""

    def allow(self, who: str, limit: int, window: timedelta) -> bool:  # noqa: ARG002 - the port's signature
        """See `ports.Attempts`."""
        return True


class People:
    """Many people, who join one topic of the benchmark's list and leave it again."""

    def __init__(self, store: Memberships) -> None:
        self._letters = _Letters()
        entry = ListEntry(name=dataset.LIST, title=dataset.LIST_TITLE, description="Offers.", topics=(TOPIC,))
        self._consenting = Consenting(
            memberships=store,
            registry=Registry(lists=(entry,)),
            attempts=_Everyone(),
            outbox=self._letters,
            clock=SystemClock(),
            links=lambda: Links(["the benchmark's key of links"], "https://mail.example.org"),
            id_key=lambda: _ID_KEY,
            letters_queue="letters",
        )
        self._joining = Joining(self._consenting)
        self._leaving = Leaving(self._consenting)

    def join(self, address: str) -> None:
        """Ask by the form, and confirm by the link in the letter: two saves.

        Raises:
            RunWrong: They are not on it.
        """
        attributes = {"name": "Zoë Harvest"}
        self._joining.ask(JoinRequest(address, (AUDIENCE,), _FORM, "192.0.2.1", attributes=attributes))
        subscriber = subscriber_id(address, _ID_KEY)
        if self._joining.confirm(LinkTarget(subscriber, self._letters.tags[subscriber])) != (AUDIENCE,):
            msg = "somebody has confirmed and is not on the list"
            raise RunWrong(msg)

    def leave(self, address: str) -> None:
        """Leave by the button of the mail program.

        Raises:
            RunWrong: They were not on it.
        """
        target = LinkTarget(subscriber_id(address, _ID_KEY), audience_tag(AUDIENCE))
        if self._leaving.leave(target, ConsentWay.ONE_CLICK) != AUDIENCE:
            msg = "somebody could not leave"
            raise RunWrong(msg)

    def come_by_file(self, addresses: Sequence[str]) -> None:
        """Be imported.

        Raises:
            RunWrong: Not everybody was added.
        """
        lines = (ImportRow(line, address, (AUDIENCE,), {"name": "Zoë"}) for line, address in enumerate(addresses))
        if {told.fate for told in Importing(self._consenting).take(lines, "bench.csv")} != {Fate.ADDED}:
            msg = "an import has not added everybody"
            raise RunWrong(msg)


def one_by_one(do: Callable[[str], None], addresses: Sequence[str]) -> None:
    """Each after the one before."""
    for address in addresses:
        do(address)


def at_once(do: Callable[[str], None], addresses: Sequence[str]) -> None:
    """So many at any time as there are threads."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(do, addresses))
