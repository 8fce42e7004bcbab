"""The pages behind the link that confirms a new address."""

from eventpost.consent.moving import Moving
from eventpost.links import Purpose
from eventpost.runtime.web.visit import Answer, UnknownWish, Visit


def question(visit: Visit, token: str) -> Answer:
    """Ask whether the mails are to come here from now on."""
    asked = Moving(visit.consenting).question(visit.target(Purpose.MOVE, token))
    if asked.answered:
        return Answer("moved", {"hint": asked.address_hint})
    return Answer("move", {"hint": asked.address_hint}) if asked.audiences else Answer("nothing")


def confirm(visit: Visit, token: str) -> Answer:
    """Move all their lists to the address that the link was mailed to."""
    target = visit.target(Purpose.MOVE, token)
    if visit.form.first("action") != "confirm":
        raise UnknownWish
    moving = Moving(visit.consenting)
    if not moving.confirm(target, visit.language):
        return Answer("nothing")
    return Answer("moved", {"hint": moving.question(target).address_hint})
