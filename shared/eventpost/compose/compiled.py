"""The contents of an event's mail, compiled: rendered once for all subscribers for whom it comes out the same.

What templates ask of personal values, and the values that they look at, lead to a skeleton each. Where these values
differ too much, each mail is rendered for itself, but with marks: what comes out is still the same for many, and its
CSS is inlined and encoded once. Where even that does not come to an end, or does not give what rendering for each
subscriber gives, each mail is made from its beginning.
"""

from dataclasses import dataclass, field
from typing import Final

from eventpost.compose.attributes import Attributes, Personal
from eventpost.compose.bodies import Bodies, Rendered
from eventpost.compose.deferred import Deferral, NotDeferrable, Question, Value
from eventpost.compose.frame import Written
from eventpost.compose.rendering import Templates
from eventpost.compose.skeleton import Skeleton
from eventpost.errors import TemplateFault

SKELETONS_MAX: Final = 64  # of some 50 KB each
_PROBES: Final = (' <b>&amp;"x"\'=?\u00a0é.\u3000' + "long " * 16, "", " ")
"""Values that come out otherwise if anything is wrong: markup, spaces at both ends, a long one, none, only a space."""


@dataclass(slots=True)
class _Fork:
    """A question that the templates ask, and the ways on by its answer."""

    question: Question
    ways: dict[bool, "_Way"] = field(default_factory=dict)


type _Way = _Fork | Skeleton | None  # None: what comes this way is rendered for each subscriber


class Compiled:
    """The contents of one event's mail for any subscriber.

    Args:
        bodies: The event's templates.
        templates: Renders true values.
        guarded: The same, for deferred values.
    """

    def __init__(self, bodies: Bodies, templates: Templates, guarded: Templates) -> None:
        self._bodies = bodies
        self._templates = templates
        self._guarded = guarded
        self._seen: frozenset[str] = frozenset()
        self._real: frozenset[str] = frozenset()
        self._ways: dict[tuple[str, ...], _Way] = {}
        self._skeletons = 0
        self._by_text: dict[tuple[Rendered, tuple[Value, ...]], Skeleton | None] = {}
        self._each_differs = False
        self._hopeless = False

    def written(self, personal: Personal) -> Written:
        """The contents for this subscriber: the same bytes whichever way they are made.

        Raises:
            TemplateFault: A template is missing or fails, or the subject would hold a line break.
        """
        skeleton = self._skeleton(personal)
        if skeleton is None:
            return self._bodies.written(self._templates, personal)
        return skeleton.written(personal)

    def _skeleton(self, personal: Personal) -> Skeleton | None:
        """The skeleton for this subscriber, made now if there is none yet and there may be one more."""
        if self._hopeless or self._each_differs:
            return self._skeleton_by_text(personal)
        try:
            way, fork = self._ways[self._key(personal)], None
            while isinstance(way, _Fork):
                fork = way
                way = fork.ways[fork.question.answer(personal)]
        except KeyError:
            return self._new_skeleton(personal)
        return way

    def _key(self, personal: Personal) -> tuple[str, ...]:
        return tuple(personal.subscriber[name] for name in sorted(self._seen | self._real))

    def _new_skeleton(self, personal: Personal) -> Skeleton | None:
        while self._skeletons < SKELETONS_MAX and not self._hopeless:
            self._skeletons += 1
            deferral = Deferral(personal, self._seen, self._real)
            try:
                skeleton = self._checked(deferral, personal)
            except NotDeferrable as found:
                self._show([deferral.values[number] for number in found.numbers])
                continue
            self._remember(personal, deferral, skeleton)
            return skeleton
        self._each_differs = True
        return self._skeleton_by_text(personal)

    def _skeleton_by_text(self, personal: Personal) -> Skeleton | None:
        """The skeleton of what the templates give for this subscriber; None where that is not known any sooner."""
        while not self._hopeless:
            deferral = Deferral(personal, self._seen, self._real)
            try:
                rendered = self._bodies.rendered(self._guarded, deferral.context)
                named = (rendered, tuple(deferral.values))
                if named not in self._by_text:
                    self._by_text[named] = self._checked(deferral, personal)
                    self._hopeless = len(self._by_text) > SKELETONS_MAX
                return self._by_text[named]
            except NotDeferrable as found:
                self._show([deferral.values[number] for number in found.numbers])
            except TemplateFault:
                return None  # rendered for the subscriber alone, it tells what is wrong
        return None

    def _checked(self, deferral: Deferral, personal: Personal) -> Skeleton | None:
        """A skeleton that gives what rendering gives, for values that are prone to come out otherwise."""
        try:
            rendered = self._bodies.rendered(self._guarded, deferral.context)
            skeleton = Skeleton(rendered, self._bodies.inlined(rendered.html), deferral.values)
            probes = [_probe(text, deferral, personal, self._seen | self._real) for text in _PROBES]
            alike = all(skeleton.texts(probe) == self._bodies.texts(self._templates, probe) for probe in probes)
        except NotDeferrable:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong, rendering for the subscriber alone will do, or tell
            return None
        if not alike:
            raise NotDeferrable
        return skeleton

    def _show(self, values: list[Value]) -> None:
        """From now on, let templates see these values, if that may help."""
        names = {value.name for value in values}
        self._hopeless = not names - self._real or any(value.root == "links" for value in values)
        self._each_differs |= any(value.differs_for_everybody for value in values)
        self._real |= names & self._seen  # a mark of it was no better
        self._seen |= names
        self._ways.clear()

    def _remember(self, personal: Personal, deferral: Deferral, skeleton: Skeleton | None) -> None:
        way: _Way = skeleton
        for question, answer in reversed(deferral.answers.items()):
            way = _Fork(question, {answer: way})
        key = self._key(personal)
        self._ways[key] = _joined(self._ways[key], way) if key in self._ways else way


def _joined(known: _Way, new: _Way) -> _Way:
    """Both ways in one. They ask the same questions as long as the answers are the same."""
    if not isinstance(known, _Fork) or not isinstance(new, _Fork):
        return new
    for answer, way in new.ways.items():
        known.ways[answer] = _joined(known.ways[answer], way) if answer in known.ways else way
    return known


def _probe(text: str, deferral: Deferral, personal: Personal, seen: frozenset[str]) -> Personal:
    """Somebody for whom the templates take the same way, and whose values are this text wherever they can be."""
    names = {value.name for value in deferral.values if value.root == "subscriber"} | seen
    told = {name: personal.subscriber[name] for name in names}
    for name in names - seen:
        trial = Personal(Attributes({**told, name: text}), personal.links)
        if all(question.answer(trial) == answer for question, answer in deferral.answers.items()):
            told[name] = text
    return Personal(Attributes(told), personal.links)
