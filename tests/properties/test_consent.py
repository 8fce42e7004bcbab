"""All use cases of consent in any order, for a few people: a plain model says what each should do.

After every step the memberships stored are those that the model knows, and four invariants hold, which are told
apart from it:

- I1: every membership's audience is among its person's `audiences`.
- I2: whoever is suppressed has no active membership.
- I3: a person's `version` is the number of saves of them that were acknowledged.
- I4: who left an audience is not active there until they themselves say so: by the form's letter, the undo, their
  preferences, or by moving a membership there. No import and no operator brings them back. (Who was erased has said
  nothing any more: that they stay away until they come back by themselves is the model's.)
"""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from google.cloud import firestore
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from consent_model import Model
from consent_world import AMZN, NEWS, REGISTRY, REMOVED, SOURCE, STAFF, ConsentWorld, Interrupted, id_of, link
from eventpost import errors
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent import JoinRequest, Question
from eventpost.consent.import_rules import Fate, ImportRow
from eventpost.consent.importing import Importing
from eventpost.consent.records import erase
from eventpost.consent.suppressing import lift, suppress
from eventpost.links import LinkTarget
from eventpost.model import ConsentWay, LetterKind, MembershipState, Suppression, SuppressionReason
from eventpost.registry import Registry
from sentinels import address

PEOPLE = ("ann", "bob", "cyd")
AUDIENCES = (NEWS, AMZN, STAFF, REMOVED)
WITHOUT_NEWS = Registry(lists=tuple(entry for entry in REGISTRY.lists if entry.name != NEWS))

people = st.sampled_from(PEOPLE)
audiences = st.sampled_from(AUDIENCES)
some = st.sets(audiences)
asked_for = st.sampled_from([(NEWS,), (AMZN,), (NEWS, AMZN)])
which = st.integers(0, 5)


class Generous:
    """No limit: the letters of a long story are many."""

    def allow(self, who: str, limit: int, window: timedelta) -> bool:
        """See `ports.Attempts`."""
        return True


class Lives(RuleBasedStateMachine):
    """A few people, and all that can happen to their memberships."""

    store: ClassVar[Callable[[], Any]] = MemorySubscribers

    def __init__(self) -> None:
        super().__init__()
        self.saves = Interrupted(self.store())
        self.world = ConsentWorld(self.saves)
        self.world.attempts = Generous()  # type: ignore[assignment]
        self.model = Model(PEOPLE, lambda audience: self.world.registry.may_join(audience))  # noqa: PLW0108 - it changes
        self.questions: list[tuple[str, LinkTarget]] = []
        self.moves: list[tuple[str, LinkTarget]] = []
        self.asked_at: dict[LinkTarget, datetime] = {}
        self.away: set[tuple[str, str]] = set()

    # ---- joining ----------------------------------------------------------------------------------------------------

    @rule(who=people, wanted=asked_for)
    def ask(self, who: str, wanted: tuple[str, ...]) -> None:
        """Somebody asks by the form, perhaps a stranger in their name."""
        known = [audience for audience in wanted if self.world.registry.may_join(audience)]
        if not known:
            return
        letters = len(self.world.letters)
        self.world.joining.ask(JoinRequest(address(who), tuple(known), "join/x", SOURCE))
        kind, about = self.model.to_ask(who, known)
        sent = self.world.letters[letters:]
        assert [(str(letter.kind), letter.audiences, letter.subscriber) for letter in sent] == [
            (kind, about, id_of(who))
        ]
        if kind == LetterKind.CONFIRM:
            self.model.asked(who, about, sent[0].asked, self.now)
            self.remember(self.questions, who, LinkTarget(id_of(who), sent[0].asked))

    @precondition(lambda self: self.questions)
    @rule(number=which)
    def confirm(self, number: int) -> None:
        """Somebody confirms a question of this week."""
        who, target = self.questions[number % len(self.questions)]
        question = self.world.joining.question(target)
        told = self.world.joining.confirm(target)
        assert told == question.audiences
        assert set(told) == set(self.model.confirm(who, target.tag))
        assert self.world.joining.question(target) == Question(told, question.address_hint, answered=bool(told))
        self.back(told)

    # ---- leaving ----------------------------------------------------------------------------------------------------

    @rule(who=people, audience=audiences)
    def leave(self, who: str, audience: str) -> None:
        """Somebody leaves by the link in a mail of any time."""
        told = self.world.leaving.leave(link(who, audience), ConsentWay.ONE_CLICK)
        assert told == self.model.leave(who, audience, self.now)
        if told:
            holder = next((name for name in self.model.names(who) if audience in self.model.boxes[name].left), None)
            self.away |= {(holder, audience)} if holder else set()
        assert not told or self.world.leaving.seen(link(who, audience)).state in (MembershipState.LEFT, None)

    @rule(who=people, audience=audiences)
    def undo(self, who: str, audience: str) -> None:
        """Somebody undoes that, or tries."""
        told = self.world.leaving.undo(link(who, audience))
        assert told == self.model.undo(who, audience, self.now)
        self.back([told])

    @rule(who=people, audience=audiences, join=some, leave=some)
    def save(self, who: str, audience: str, join: set[str], leave: set[str]) -> None:
        """Somebody saves their preferences."""
        expected = self.model.save(who, join, leave, self.now)
        if isinstance(expected, str):
            with pytest.raises(getattr(errors, expected)):
                self.world.preferring.save(link(who, audience), join, leave)
            return
        saved = self.world.preferring.save(link(who, audience), join, leave)
        assert (set(saved.joined), set(saved.left)) == expected
        self.back(saved.joined)
        end = self.model.end(who)
        self.away |= {(end, each) for each in saved.left if each in self.model.boxes[end].left}

    @rule(who=people)
    def leave_everything(self, who: str) -> None:
        """Somebody wants no mail at all any more."""
        assert self.world.preferring.leave_everything(link(who)) == self.model.leave_everything(who, self.now)
        self.away |= {(name, each) for name in self.model.names(who) for each in self.model.boxes[name].left}

    # ---- moving -----------------------------------------------------------------------------------------------------

    @rule(who=people, new=people)
    def ask_to_move(self, who: str, new: str) -> None:
        """Somebody wants their mails elsewhere."""
        letters = len(self.world.letters)
        expected = self.model.may_ask_to_move(who, new)
        if expected:
            with pytest.raises(getattr(errors, expected)):
                self.world.moving.ask(link(who), address(new), SOURCE)
            return
        self.world.moving.ask(link(who), address(new), SOURCE)
        (sent,) = self.world.letters[letters:]
        self.model.asked_to_move(who, new, sent.asked, self.now)
        self.remember(self.moves, new, LinkTarget(sent.subscriber, sent.asked))

    @precondition(lambda self: self.moves)
    @rule(number=which)
    def confirm_move(self, number: int) -> None:
        """Somebody confirms a move of today."""
        who, target = self.moves[number % len(self.moves)]
        old = self.model.boxes[who].move
        before = set(self.model.boxes[old[1]].on) if old and old[1] else set()
        done = self.world.moving.confirm(target)
        assert done == self.model.confirm_move(who, target.tag)
        if done and old:
            self.away -= {(who, audience) for audience in before}
            self.away |= {(who, audience) for audience in self.model.boxes[who].left}

    # ---- what others do ---------------------------------------------------------------------------------------------

    @rule(who=people, audience=audiences)
    def import_(self, who: str, audience: str) -> None:
        """An operator imports a file in which they are."""
        rows = [ImportRow(1, address(who), (audience,), {})]
        fates = [told.fate for told in Importing(self.world.consenting).take(rows, "people.csv")]
        assert (fates == [Fate.ADDED]) == self.model.imported(who, audience)

    @rule(who=people, reason=st.sampled_from([SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT]))
    def suppress(self, who: str, reason: SuppressionReason) -> None:
        """A mail to them bounces for good, or they complain."""
        suppress(self.world.consenting, id_of(who), Suppression(reason, self.now, ""))
        self.model.suppressed(who, str(reason))

    @rule(who=people)
    def lift(self, who: str) -> None:
        """An operator lets mail go there again."""
        lift(self.world.consenting, id_of(who))
        self.model.lifted(who)

    @rule(who=people)
    def erase(self, who: str) -> None:
        """Somebody has all about them erased."""
        before = {name: box.stored for name, box in self.model.boxes.items()}
        erase(self.world.consenting, id_of(who))
        erased = self.model.erased(who)
        assert before == {name: box.stored for name, box in self.model.boxes.items()}
        self.away = {(name, audience) for name, audience in self.away if name not in erased}

    @rule(registry=st.sampled_from([REGISTRY, WITHOUT_NEWS]))
    def deploy(self, registry: Registry) -> None:
        """A list is removed, or is there again."""
        self.world.registry = registry

    @rule(hours=st.sampled_from([1, 23, 25, 6 * 24, 8 * 24]))
    def wait(self, hours: int) -> None:
        """Time goes by; questions are forgotten when their links expire."""
        self.world.wait(hours=hours)
        self.model.age(self.now)
        limit = {id(self.questions): timedelta(days=7), id(self.moves): timedelta(days=1)}
        for asked in (self.questions, self.moves):
            asked[:] = [each for each in asked if self.asked_at[each[1]] + limit[id(asked)] > self.now]

    @rule(who=people, audience=audiences, search=st.sampled_from(["", "news", "stock"]))
    def look(self, who: str, audience: str, search: str) -> None:
        """Somebody, or a scanner, looks at every page: nothing changes by it."""
        saved = len(self.saves.saved)
        view = self.world.preferring.view(link(who, audience), search)
        box = self.model.boxes[self.model.end(who)]
        assert {row.audience for row in view.rows if row.on} <= box.on
        assert view.joined_count == len(box.on)
        assert view.suppressed == (box.refused or ("" if box.known else "erased"))
        seen = self.world.leaving.seen(link(who, audience)).state
        holder = self.model.holder(who, audience)
        assert (str(seen) if seen else "") == (holder.state(audience) if holder else "")
        for _, target in self.moves:
            self.world.moving.question(target)
        assert len(self.saves.saved) == saved

    # ---- what holds at any time -------------------------------------------------------------------------------------

    @invariant()
    def the_store_and_the_model_agree(self) -> None:
        """Each membership stands where the model says."""
        for who in PEOPLE:
            box = self.model.boxes[who]
            expected = {audience: box.state(audience) for audience in AUDIENCES if box.state(audience)}
            assert self.world.states(who) == expected, who
            person = self.world.person(who)
            assert person.moved_to == (id_of(box.to) if box.to else "")
            assert person.moved_from == {id_of(each) for each in box.froms}

    @invariant()
    def every_row_is_among_its_persons_audiences(self) -> None:
        """I1."""
        for audience in AUDIENCES:
            for row in self.saves.everybody(audience):  # type: ignore[operator]
                assert audience in self.world.consenting.stored(row.subscriber).audiences

    @invariant()
    def nobody_suppressed_is_active(self) -> None:
        """I2."""
        for who in PEOPLE:
            assert self.world.person(who).suppression is None or not self.world.on(who)

    @invariant()
    def the_version_counts_the_saves(self) -> None:
        """I3."""
        saved = Counter(change.person.id for changes in self.saves.saved for change in changes)
        assert {who: self.world.person(who).version for who in PEOPLE} == {who: saved[id_of(who)] for who in PEOPLE}

    @invariant()
    def nobody_is_mailed_against_their_will(self) -> None:
        """I4."""
        for who, audience in self.away:
            assert audience not in self.world.on(who), (who, audience)

    # ---- bookkeeping ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.world.clock.now()

    def remember(self, asked: list[tuple[str, LinkTarget]], who: str, target: LinkTarget) -> None:
        """A question was mailed, perhaps once more."""
        self.asked_at[target] = self.now
        asked[:] = [each for each in asked if each[1] != target] + [(who, target)]

    def back(self, joined: Any) -> None:
        """Somebody said themselves that they want to be on these, wherever that is."""
        self.away -= {
            (who, audience)
            for who, audience in self.away
            if audience in joined and audience in self.model.boxes[who].on
        }


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=150, stateful_step_count=40)


@pytest.mark.heavy  # half a minute
def test_lives_on_firestore(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, each life in a database of its own on Google's emulator."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)

    def store() -> FirestoreSubscribers:
        client = firestore.Client(project="eventpost-tests", database=f"test-{uuid.uuid4().hex[:12]}")
        return FirestoreSubscribers(client, MemoryClock())

    monkeypatch.setattr(Lives, "store", staticmethod(store))
    run_state_machine_as_test(Lives, settings=settings(max_examples=5, stateful_step_count=40))
