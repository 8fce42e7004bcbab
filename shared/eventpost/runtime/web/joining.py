"""The pages of joining from outside: what lists there are, a list's form, and the question that is mailed."""

from http import HTTPStatus

from eventpost.consent.joining import Joining, JoinRequest
from eventpost.errors import AddressRefused, TooManyChanges, UnknownAudience
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.model import mailbox
from eventpost.registry import ListEntry
from eventpost.runtime.web.fields import Fields
from eventpost.runtime.web.topics import Topics, chosen_of
from eventpost.runtime.web.visit import Answer, UnknownWish, Visit

_NAME_SIGNS = 60
_NO_NAME = frozenset("<>/\\@:")  # a form's mail must not carry a stranger's advertisement


def lists(visit: Visit) -> Answer:
    """Show what lists anybody may join."""
    return Answer("lists", {"lists": [entry for entry in visit.consenting.registry.lists if entry.open]})


def show(visit: Visit, mail_list: str) -> Answer:
    """Show the list's form, with the topics ticked that the address asks for."""
    entry, query = _entry(visit, mail_list), visit.query
    topics = Topics.of(entry, chosen_of(entry, query), query.first("q"), query.number("page"))
    return _page(entry, topics, Fields())


def ask(visit: Visit, mail_list: str) -> Answer:
    """Have the question mailed; or look for topics, which is the same form, so that nothing typed is lost."""
    entry, form = _entry(visit, mail_list), visit.form
    topics = Topics.of(entry, chosen_of(entry, form), form.first("q"), form.number("go"))
    if _is_search(form):
        return _page(entry, topics, form)
    errors = _errors(entry, form)
    if not errors:
        try:
            return _asked(visit, entry, form)
        except TooManyChanges:
            errors = {"topics": "many"}
        except UnknownAudience:
            errors = {"topics" if entry.topics else "email": "unknown"}
    return _page(entry, topics, form, errors)


def question(visit: Visit, token: str) -> Answer:
    """Ask whether the mailbox's owner wants what somebody asked for."""
    target = visit.target(Purpose.CONFIRM, token)
    asked = Joining(visit.consenting).question(target)
    if not asked.audiences:
        return Answer("nothing")
    if asked.answered:
        return _confirmed(visit, target, asked.audiences)
    names = [visit.named(audience) for audience in asked.audiences]
    return Answer("confirm", {"names": names, "hint": asked.address_hint})


def confirm(visit: Visit, token: str) -> Answer:
    """Put them on what was asked for."""
    target = visit.target(Purpose.CONFIRM, token)
    if visit.form.first("action") != "confirm":
        raise UnknownWish
    audiences = Joining(visit.consenting).confirm(target)
    return _confirmed(visit, target, audiences) if audiences else Answer("nothing")


def _confirmed(visit: Visit, target: LinkTarget, audiences: tuple[str, ...]) -> Answer:
    preferences = visit.token(Purpose.PREFERENCES, LinkTarget(target.subscriber, audience_tag(audiences[0])))
    names = [visit.named(audience) for audience in audiences]
    return Answer("confirmed", {"names": names, "preferences": preferences})


def _entry(visit: Visit, mail_list: str) -> ListEntry:
    entry = visit.consenting.registry.entry(mail_list)
    if entry is None or not entry.open:
        msg = "there is no such list, or nobody may join it by themselves"
        raise UnknownAudience(msg)
    return entry


def _is_search(form: Fields) -> bool:
    """Whether the form was sent to see other topics. Enter is a search where the words to search for have changed."""
    wish = form.first("action")
    return "go" in form or wish == "search" or (wish == "enter" and form.first("q") != form.first("searched"))


def _errors(entry: ListEntry, form: Fields) -> dict[str, str]:
    """What is wrong with the form, by field, in the order in which the page has them."""
    errors: dict[str, str] = {}
    if entry.topics and not form.every("topic"):
        errors["topics"] = "topics"
    try:
        mailbox(form.first("email"))
    except AddressRefused:
        errors["email"] = "address"
    name = form.first("name")
    if len(name) > _NAME_SIGNS or _NO_NAME.intersection(name) or "www." in name.casefold():
        errors["name"] = "name"
    return errors


def _asked(visit: Visit, entry: ListEntry, form: Fields) -> Answer:
    audiences = tuple(f"{entry.name}/{topic}" for topic in form.every("topic")) if entry.topics else (entry.name,)
    request = JoinRequest(
        address=form.first("email"),
        audiences=audiences,
        form=f"join/{entry.name}",
        source=visit.source,
        language=visit.language,
        attributes={"name": form.first("name")} if form.first("name") else {},
    )
    Joining(visit.consenting).ask(request)
    return Answer("check_mail", {"typed": request.address, "asked": "join"})


def _page(entry: ListEntry, topics: Topics, typed: Fields, errors: dict[str, str] | None = None) -> Answer:
    values = {
        "entry": entry,
        "topics": topics,
        "typed": {"email": typed.first("email"), "name": typed.first("name")},
        "errors": errors or {},
    }
    return Answer("join", values, HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK)
