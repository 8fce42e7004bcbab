"""The preferences: what a person is on and may join, and how they come by a link to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby

from eventpost.consent.moving import Moving
from eventpost.consent.preferring import Preferring, Row, Saved
from eventpost.errors import AddressRefused, Suppressed, TooManyChanges, UnknownAudience
from eventpost.links import LinkTarget, Purpose
from eventpost.runtime.web.visit import Answer, UnknownWish, Visit


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one list that stand together."""

    title: str
    description: str
    rows: tuple[Row, ...]

    @property
    def is_one(self) -> bool:
        """Whether it is a list without topics, which is one box under its own name."""
        return not self.rows[0].topic


@dataclass(frozen=True, slots=True)
class Section:
    """What the person is on, or what they are not."""

    on: bool
    groups: tuple[Group, ...]


def show(visit: Visit, token: str) -> Answer:
    """Show a page of the preferences."""
    return _page(visit, visit.target(Purpose.PREFERENCES, token))


def change(visit: Visit, token: str) -> Answer:
    """Do what one of the page's buttons says."""
    target = visit.target(Purpose.PREFERENCES, token)
    match visit.form.first("action"):
        case "save":
            return _saved(visit, target)
        case "everything":
            Preferring(visit.consenting).leave_everything(target)
            return Answer("everything_left")
        case "move":
            return _moved(visit, target)
    raise UnknownWish


def link_form(visit: Visit) -> Answer:  # noqa: ARG001 - every page takes its visit
    """Ask for the address that a link to the preferences is to be mailed to."""
    return Answer("link", {"typed": ""})


def mail_link(visit: Visit) -> Answer:
    """Have the link mailed, where the address is known; the answer is the same where it is not."""
    address = visit.form.first("email")
    try:
        Preferring(visit.consenting).ask_for_link(address, visit.source, visit.language)
    except AddressRefused:
        return Answer("link", {"typed": address, "errors": {"email": "address"}}, HTTPStatus.BAD_REQUEST)
    return Answer("check_mail", {"typed": address, "asked": "link"})


def _saved(visit: Visit, target: LinkTarget) -> Answer:
    """Save what the person changed on the page that they saw.

    The form says of each row whether its box was ticked when it was shown. Only what differs from that is a change, so
    that neither a row that was not shown nor one that changed meanwhile is overruled.
    """
    form = visit.form
    ticked = frozenset(form.every("on"))
    join = ticked.intersection(form.every("shown_off"))
    leave = frozenset(form.every("shown_on")) - ticked
    try:
        saved = Preferring(visit.consenting).save(target, join, leave)
    except UnknownAudience:
        return _page(visit, target, errors={"lists": "unknown"})
    except TooManyChanges:
        return _page(visit, target, errors={"lists": "many"})
    except Suppressed:
        return _page(visit, target, errors={"lists": "suppressed"})
    return _page(visit, target, saved=saved)


def _moved(visit: Visit, target: LinkTarget) -> Answer:
    address = visit.form.first("new_address")
    try:
        Moving(visit.consenting).ask(target, address, visit.source, visit.language)
    except AddressRefused:
        return _page(visit, target, errors={"new_address": "new_address"}, typed=address)
    except (Suppressed, UnknownAudience):
        return _page(visit, target, errors={"new_address": "nothing_to_move"}, typed=address)
    return Answer("check_mail", {"typed": address, "asked": "move"})


def _page(
    visit: Visit,
    target: LinkTarget,
    *,
    saved: Saved | None = None,
    errors: dict[str, str] | None = None,
    typed: str = "",
) -> Answer:
    query = visit.query
    view = Preferring(visit.consenting).view(target, query.first("q")[:100], query.number("page"))
    values = {
        "view": view,
        "sections": _sections(view.rows),
        "saved": {"joined": len(saved.joined), "left": len(saved.left)} if saved else None,
        "errors": errors or {},
        "typed": typed,
    }
    return Answer("preferences", values, HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK)


def _sections(rows: Iterable[Row]) -> list[Section]:
    """What the person is on, then the rest, each as one block a list, in the order of the rows."""
    halves = {on: [row for row in rows if row.on is on] for on in (True, False)}
    return [Section(on, _groups(half)) for on, half in halves.items() if half]


def _groups(rows: Iterable[Row]) -> tuple[Group, ...]:
    in_turn = groupby(rows, key=lambda row: (row.audience.partition("/")[0], row.title, row.description))
    return tuple(Group(title, description, tuple(group)) for (_, title, description), group in in_turn)
