"""What a transport tells before it fails."""

from collections.abc import Iterator

from eventpost.model import Outcome


def told_before[Fault: Exception](fault: type[Fault], outcomes: Iterator[Outcome]) -> tuple[list[Outcome], Fault]:
    """The outcomes up to this fault, and the fault; it has to come."""
    told: list[Outcome] = []
    try:
        told.extend(outcomes)
    except fault as raised:
        return told, raised
    msg = f"{fault.__name__} was not raised"
    raise AssertionError(msg)
