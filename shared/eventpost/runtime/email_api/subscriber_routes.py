"""The operations by which a service says who of its logged-in users wants to be on a list, or off it."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from eventpost.consent.vouching import UserWord, Vouching
from eventpost.errors import RecipientsRefused, Suppressed
from eventpost.lists import is_topic
from eventpost.model import ConsentRecord, ConsentWay
from eventpost.registry import ListEntry
from eventpost.runtime.email_api.operating import Routes
from eventpost.runtime.email_api.parameters import ListName
from eventpost.runtime.email_api.subscriber_bodies import Consent, SubscriberAnswer, WhoJoins, WhoLeaves
from eventpost.runtime.json_api import Operation
from eventpost.runtime.problems import Fault, Refusal, in_body, invalid

_CLOCKS_APART: Final = timedelta(minutes=5)
"""So much may a service's clock be ahead of ours."""


class SubscriberRoutes(Routes):
    """Joining and leaving over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        path, problems = "/lists/<list_name>/subscribers", (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        return (
            Operation(
                "PUT",
                path,
                self.join,
                "Put somebody on a list who told you that they want it.",
                "subscribers",
                {200: "They are on it, but for what is told."},
                problems,
            ),
            Operation(
                "DELETE",
                path,
                self.leave,
                "Take somebody off a list who told you that they want that.",
                "subscribers",
                {200: "They are off it, but for what is told."},
                problems,
            ),
        )

    def join(self, list_name: ListName, who: WhoJoins) -> SubscriberAnswer:
        """Put them on it."""
        entry = self.entry(list_name)
        audiences = _named(entry, who.topics)
        if not audiences or not (entry.open or entry.addressed):
            raise Refusal(invalid([_nothing_to_join(entry)]))
        word = UserWord(who.address, audiences, self._record(who.consent), who.attributes)
        try:
            return SubscriberAnswer.of(self._vouching.join(word))
        except Suppressed as error:
            raise RecipientsRefused(str(error), [(("address",), str(error))]) from None

    def leave(self, list_name: ListName, who: WhoLeaves) -> SubscriberAnswer:
        """Take them off it."""
        entry = self.entry(list_name)
        audiences = _named(entry, who.topics) or self._vouching.audiences_of(who.address, entry.name)
        return SubscriberAnswer.of(self._vouching.leave(UserWord(who.address, audiences, self._record(who.consent))))

    @property
    def _vouching(self) -> Vouching:
        return Vouching(self.platform().consenting)

    def _record(self, consent: Consent) -> ConsentRecord:
        """What is kept of what they said.

        Raises:
            Refusal: They say it in the future.
        """
        now = self.platform().consenting.clock.now()
        at = consent.at or now
        if at > now + _CLOCKS_APART:
            raise Refusal(invalid([in_body(("consent", "at"), "lies in the future")]))
        return ConsentRecord(ConsentWay.VOUCHED, min(at, now), f"{consent.source} of {self.caller()}")


def _named(entry: ListEntry, topics: Sequence[str]) -> tuple[str, ...]:
    """The audiences that these topics are, each once; of a list without any, the list. None where none is named.

    Raises:
        Refusal: Some are no topics of the list.
    """
    faults = [
        in_body(("topics", place), "is no topic of this list")
        for place, topic in enumerate(topics)
        if not (topic in entry.topics or (entry.any_topic and is_topic(topic)))
    ]
    if faults:
        raise Refusal(invalid(faults))
    if not (entry.topics or entry.any_topic):
        return (entry.name,)
    return tuple(dict.fromkeys(f"{entry.name}/{topic}" for topic in topics))


def _nothing_to_join(entry: ListEntry) -> Fault:
    if not entry.open:
        return Fault(
            "parameter", "list_name", "nobody joins this list by their own word: GET /lists tells which are open"
        )
    return in_body(("topics",), "say which: GET /lists/{list_name} tells the topics of this list")
