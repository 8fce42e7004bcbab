"""What two stores have in common of a person, by their versions: who has changed since, here, there or in both.

Each store notes with a person what it has copied from the other (`Copied`). Both notes tell of one moment each, at
which one store held all that the other had; the later one counts. Where versions do not add up, because a row expired
and the person came anew, or a backup was restored, the stores have in common what is certain, perhaps nothing: too
much is then taken for new. A row that has since reached the very version that was noted of another cannot be told from
it by its note alone: the check that follows a copy reads all of it, and has them merged unless the target has changed.
"""

from typing import NamedTuple

from eventpost.model import Person


class Ground(NamedTuple):
    """Up to which version at the source the target holds everything, and the other way round."""

    source: int
    target: int


class News(NamedTuple):
    """Who has changed since: the person at the source, at the target."""

    source: bool
    target: bool


def ground(source: Person, target: Person) -> Ground:
    """What both hold of this person: the later one of what they have noted; of two that cannot both be, the less."""
    notes = [note for note in (_noted_there(target), _noted_here(source)) if note and _is_of_now(note, source, target)]
    if not notes:
        return Ground(0, 0)
    first, last = min(notes), max(notes)
    if first.target <= last.target:
        return last
    return Ground(first.source, last.target)


def news(source: Person, target: Person | None) -> News:
    """Who has changed since the last copy. Where the target holds nothing of the person, all of it is new."""
    if target is None:
        return News(source=True, target=False)
    known = ground(source, target)
    return News(source=source.version > known.source, target=target.version > known.target)


def _noted_there(target: Person) -> Ground | None:
    return Ground(target.copied.theirs, target.copied.ours) if target.copied else None


def _noted_here(source: Person) -> Ground | None:
    return Ground(source.copied.ours, source.copied.theirs) if source.copied else None


def _is_of_now(note: Ground, source: Person, target: Person) -> bool:
    """Whether it can be about the persons as they are stored now: versions never go back."""
    return note.source <= source.version and note.target <= target.version
