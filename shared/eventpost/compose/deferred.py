"""Personal values that are not there yet: a template may put them out, but not look at them.

Rendered with these in place of the true values, a template gives a text with marks where values belong. What it
asks of a value on its way (is it empty, is it "pro") is answered by the true value and noted, since another answer
may lead to another text. Where a template does anything else with a value, `NotDeferrable` ends the rendering.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Never, Self

from jinja2.filters import FILTERS

from eventpost.compose.attributes import Personal

# Private-use characters: no event means anything by them. If one holds them all the same, the probes will tell.
START, BETWEEN, END = "\U0010f5a0", "\U0010f5a1", "\U0010f5a2"
SPECIAL: Final = "&<>\"'\u00a0 "
"""The characters that writing HTML may change. Each mark holds all of them, and so shows what becomes of them."""
MARK: Final = re.compile(f"{START}(\\d+){BETWEEN}([^{START}{END}]*){END}")
CHANGES: Final = frozenset({"upper", "lower", "title", "capitalize", "trim"})
"""Filters that make one line of text from one line of text: they can wait for the value as well."""
_PLAIN: Final = (int, float, bool, type(None), list, tuple, dict)  # no text is equal to one of these
_OF_ONE_ONLY: Final = frozenset({"id", "address"})


class NotDeferrable(Exception):
    """The template looked at the values of these numbers; with none, no true value would help."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        super().__init__()
        self.numbers = frozenset(numbers)


@dataclass(frozen=True, slots=True)
class Value:
    """A personal value by its name, with what filters make of it."""

    root: Literal["subscriber", "links"]
    name: str
    changes: tuple[str, ...] = ()

    def of(self, personal: Personal) -> str:
        """The value for this subscriber."""
        value = personal.links[self.name] if self.root == "links" else personal.subscriber[self.name]
        for change in self.changes:
            value = FILTERS[change](value)
        return value

    @property
    def differs_for_everybody(self) -> bool:
        """Whether no two subscribers share it."""
        return self.root == "links" or self.name in _OF_ONE_ONLY


@dataclass(frozen=True, slots=True)
class Question:
    """What a template asked of a value: whether it is this text, or, without a text, whether there is any."""

    value: Value
    text: str | None

    def answer(self, personal: Personal) -> bool:
        """The answer for this subscriber."""
        value = self.value.of(personal)
        return bool(value) if self.text is None else value == self.text


class Deferral:
    """One rendering with deferred values.

    Args:
        personal: The true values of one subscriber: they answer what the template asks.
        seen: Attributes of the subscriber that the template may look at.
        real: Attributes that it gets to see as they are, and puts out so.

    Attributes:
        values: Each value that the template got hold of; its number is its place.
        answers: What the template asked, in order, with the answers.
    """

    def __init__(self, personal: Personal, seen: frozenset[str], real: frozenset[str]) -> None:
        self._personal = personal
        self._seen = seen
        self._real = real
        self._given: dict[str, object] = {}
        self.values: list[Value] = []
        self.answers: dict[Question, bool] = {}

    @property
    def context(self) -> Mapping[str, object]:
        """The personal part of a template's context."""
        return {"subscriber": Deferred(self._attribute), "links": Deferred(self._link)}

    def leaf(self, value: Value) -> "Leaf":
        """This value as a template gets it."""
        return Leaf(self, value, self._number(value))

    def ask(self, question: Question) -> bool:
        """The true answer, noted."""
        return self.answers.setdefault(question, question.answer(self._personal))

    def _number(self, value: Value) -> int:
        if value not in self.values:
            self.values.append(value)
        return self.values.index(value)

    def _attribute(self, name: str) -> object:
        if name not in self._given:
            self._given[name] = self._made(name)
        return self._given[name]

    def _made(self, name: str) -> object:
        value = Value("subscriber", name)
        if name in self._real:
            return value.of(self._personal)
        return Seen(value.of(self._personal), self._number(value)) if name in self._seen else self.leaf(value)

    def _link(self, name: str) -> object:
        if name not in self._personal.links:
            raise NotDeferrable
        return self.leaf(Value("links", name))


def _not_deferrable(*_: object) -> Never:
    raise NotDeferrable


class Deferred:
    """Stands for `subscriber` or `links` as a whole: gives out leaves, and is true."""

    __slots__ = ("__leaf",)

    def __init__(self, leaf: Callable[[str], object]) -> None:
        self.__leaf = leaf

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__leaf(name)

    def __getitem__(self, name: object) -> object:
        return self.__leaf(name) if isinstance(name, str) else _not_deferrable()

    def __bool__(self) -> bool:
        return True

    __str__ = __repr__ = __iter__ = __contains__ = __len__ = _not_deferrable
    __hash__ = __eq__ = _not_deferrable


class Leaf:
    """Stands for one personal value. All but asking whether it is empty or a given text is not deferrable."""

    __slots__ = ("__deferral", "__number", "__value")

    def __init__(self, deferral: Deferral, value: Value, number: int) -> None:
        self.__deferral, self.__value, self.__number = deferral, value, number

    def __invert__(self) -> int:
        """Its value's place in `Deferral.values`. An operator that Jinja lacks: no template can ask for it."""
        return self.__number

    def __matmul__(self, change: str) -> "Leaf":
        """What this filter will make of it. Jinja lacks this operator too."""
        value = self.__value
        return self.__deferral.leaf(Value(value.root, value.name, (*value.changes, change)))

    def __bool__(self) -> bool:
        return self.__deferral.ask(Question(self.__value, None))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.__deferral.ask(Question(self.__value, str(other)))
        return False if type(other) in _PLAIN else self._looked_at()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __getattr__(self, name: str) -> Never:
        if name.startswith("__"):
            raise AttributeError(name)
        self._looked_at()

    def _looked_at(self, *_: object) -> Never:
        raise NotDeferrable([self.__number])

    __str__ = __repr__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = __call__ = _looked_at
    __lt__ = __le__ = __gt__ = __ge__ = __index__ = __int__ = __float__ = _looked_at
    __hash__ = _looked_at


class Seen(str):
    """A true value, of which a template may make whatever it likes. Put out as it is, it becomes a mark all the same.

    So a text in which a value was only shown, besides being looked at, is still the same for many.
    """

    __slots__ = ("number",)
    number: int

    def __new__(cls, value: str, number: int) -> Self:
        """The value, and its place in `Deferral.values`."""
        seen = super().__new__(cls, value)
        seen.number = number
        return seen


def mark(number: int) -> str:
    """What stands in a text for the value of this number, with the characters whose writing may change."""
    return f"{START}{number}{BETWEEN}{BETWEEN.join(SPECIAL)}{END}"


def marks_in(value: Any, *, leaves: bool, depth: int = 0) -> set[int]:
    """The numbers of the values whose marks are in this text, or in the texts that a list or the like holds.

    Args:
        value: Whatever an expression of a template gave.
        leaves: Whether leaves count too.
        depth: How deep inside other lists it is.

    Raises:
        NotDeferrable: It is, or holds, `subscriber` or `links` as a whole, and leaves count; or it is too deep.
    """
    if isinstance(value, str):
        return {int(number) for number, _ in MARK.findall(value)} if START in value else set()
    if leaves and isinstance(value, Leaf):
        return {~value}
    if (leaves and isinstance(value, Deferred)) or depth > _DEEP:
        raise NotDeferrable
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if not isinstance(value, list | tuple | set | frozenset):
        return set()
    return {number for item in value for number in marks_in(item, leaves=leaves, depth=depth + 1)}


_DEEP: Final = 8
