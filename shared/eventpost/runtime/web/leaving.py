"""The pages behind an unsubscribe link: the question, leaving, and undoing it."""

from eventpost.consent.leaving import Leaving, Seen
from eventpost.links import LinkTarget, Purpose
from eventpost.model import ConsentWay, MembershipState
from eventpost.runtime.web.visit import Answer, Named, UnknownWish, Visit


def show(visit: Visit, token: str) -> Answer:
    """Ask whether they want to leave."""
    target = visit.target(Purpose.UNSUBSCRIBE, token)
    seen = Leaving(visit.consenting).seen(target)
    what = visit.named(seen.audience, seen.topic)
    if what is None or seen.state in {None, MembershipState.LEFT}:
        return Answer("not_on", {"what": what, **_ways_back(visit, target, seen)})
    return Answer("unsubscribe", {"what": what, "hint": seen.address_hint})


def leave(visit: Visit, token: str) -> Answer:
    """Take them off: by the mail program's one click (RFC 8058), or by the page's button."""
    target = visit.target(Purpose.UNSUBSCRIBE, token)
    if visit.form.first("action") == "leave":
        return _left(visit, target)
    if not _is_one_click(visit):
        raise UnknownWish
    audience = Leaving(visit.consenting).leave(target, ConsentWay.ONE_CLICK)
    return Answer("left", {"what": _named(visit, target, audience), "undo": "", "more": False})


def undo(visit: Visit, token: str) -> Answer:
    """Put them back on what they left just now."""
    target = visit.target(Purpose.UNDO, token)
    audience = Leaving(visit.consenting).undo(target)
    if not audience:
        return Answer("nothing")
    return Answer("undone", {"what": _named(visit, target, audience)})


def _left(visit: Visit, target: LinkTarget) -> Answer:
    audience = Leaving(visit.consenting).leave(target, ConsentWay.PAGE)
    undo = visit.token(Purpose.UNDO, target) if audience else ""
    return Answer("left", {"what": _named(visit, target, audience), "undo": undo, "more": True})


def _ways_back(visit: Visit, target: LinkTarget, seen: Seen) -> dict[str, str]:
    """How who is not on it may be: an open list has a form; of an addressed one, who has left can only undo that."""
    registry = visit.consenting.registry
    joins = registry.may_join(seen.audience)
    left_it = seen.audience in registry.addressed and seen.state is MembershipState.LEFT
    return {
        "join": seen.audience.partition("/")[0] if joins else "",
        "undo": visit.token(Purpose.UNDO, target) if left_it else "",
    }


def _named(visit: Visit, target: LinkTarget, audience: str) -> Named | None:
    """What the reader knows it as. What a topic of any name is called, only the membership says."""
    entry = visit.consenting.registry.entry_of(audience)
    topic = Leaving(visit.consenting).seen(target).topic if entry and entry.any_topic else ""
    return visit.named(audience, topic)


def _is_one_click(visit: Visit) -> bool:
    """Whether the body says `List-Unsubscribe=One-Click`, in whatever case."""
    return visit.form.first("list-unsubscribe").casefold() == "one-click"
