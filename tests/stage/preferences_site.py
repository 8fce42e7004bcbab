"""The preferences function over a world in memory, and somebody who visits its pages without a browser."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

import given
from consent_world import ConsentWorld, link
from eventpost.consent import Consenting
from eventpost.links import LinkTarget, Purpose
from eventpost.pages import Pages
from eventpost.runtime.preferences import PreferencesFunction, serve_pages
from eventpost.tasks import Tasks
from http_gateway import Context, http_event
from task_world import OWNER, TaskWorld

URL_ENCODED = "application/x-www-form-urlencoded"
TEMPLATES = given.REPOSITORY / "templates"
PAGES = Pages(TEMPLATES, "Eventpost")  # its templates are compiled once


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send with each box and field as it is."""

    action: str
    method: str
    label: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Shown(HTMLParser):
    """What a page shows: its words, links and forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        self._silent = False
        self.feed(html)

    @property
    def text(self) -> str:
        """All words of the page, with single spaces."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and what belongs to a form."""
        named = dict(attrs)
        self.tags.append((tag, named))
        self._silent = tag == "style"
        if tag == "a":
            self.links.append(named.get("href") or "")
        elif tag == "form":
            self.forms.append(Form(named.get("action") or "", named.get("method") or "get"))
        elif tag == "button":
            self.forms[-1].buttons.append((named.get("name") or "", named.get("value") or ""))
        elif tag == "input" and (named.get("type") != "checkbox" or "checked" in named):
            self.forms[-1].fields.append((named.get("name") or "", named.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        """A style element has ended."""
        self._silent = False

    def handle_data(self, data: str) -> None:
        """Note the words."""
        if not self._silent:
            self._words.append(data)


@dataclass
class Seen:
    """A page as it arrived."""

    target: str
    status: int
    headers: Mapping[str, str]
    html: str
    cookies: Sequence[str]

    @property
    def shown(self) -> Shown:
        """What it shows."""
        return Shown(self.html)

    @property
    def text(self) -> str:
        """Its words."""
        return self.shown.text


@dataclass
class Site:
    """The function and its visitors; fulfils `runtime.preferences.Platform`."""

    world: ConsentWorld = field(default_factory=ConsentWorld)
    pages: Pages = PAGES
    _task_world: TaskWorld | None = None

    def __post_init__(self) -> None:
        self.function: PreferencesFunction = serve_pages(lambda: self)

    @property
    def consenting(self) -> Consenting:
        """The ports."""
        return self.world.consenting

    @property
    def task_world(self) -> TaskWorld:
        """The tasks, for the people of the world as it is now."""
        if self._task_world is None or self._task_world.people is not self.world:
            self._task_world = TaskWorld(self.world)
        return self._task_world

    @property
    def tasks(self) -> Tasks:
        """As pages use them."""
        return self.task_world.tasks

    def visit(self, method: str, target: str, body: bytes = b"", **headers: str) -> Seen:
        """One request; headers by their names with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.function(http_event(method, target, body, sent), Context())  # type: ignore[arg-type]
        assert not answer["isBase64Encoded"]
        return Seen(target, answer["statusCode"], answer["headers"], answer["body"], answer["cookies"])

    def get(self, target: str, **headers: str) -> Seen:
        """Open a page."""
        return self.visit("GET", target, **headers)

    def post(self, target: str, *pairs: tuple[str, str], **fields: str) -> Seen:
        """Send a form."""
        return self.visit("POST", target, urlencode([*pairs, *fields.items()]).encode(), content_type=URL_ENCODED)

    def press(self, page: Seen, label: tuple[str, str] = ("", ""), form: int = 0, **typed: str) -> Seen:
        """Press a button of a page's form, with everything else in it as it is but what is typed."""
        it = page.shown.forms[form]
        assert label in it.buttons
        pairs = [(name, typed.pop(name, value)) for name, value in it.fields]
        assert not typed, "there is no such field"
        target = urljoin(page.target, it.action)
        return self.post(target, *pairs, *([label] if label[0] else []))

    def url(self, purpose: Purpose, target: LinkTarget) -> str:
        """The path of the link that a mail would hold."""
        return given.LINKS.url(purpose, target).removeprefix(given.LINKS.base_url)

    def unsubscribe(self, local: str, audience: str = "news") -> str:
        """The path of the unsubscribe link of this mailbox."""
        return self.url(Purpose.UNSUBSCRIBE, link(local, audience))

    def preferences(self, local: str, audience: str = "news") -> str:
        """The path of its preferences link."""
        return self.url(Purpose.PREFERENCES, link(local, audience))

    def kept(self) -> Any:
        """All that is stored, counted and queued, to be compared."""
        store = vars(self.world.store)
        parts = {name: dict(value) for name, value in store.items() if isinstance(value, dict)}
        rows = {audience: dict(rows) for audience, rows in parts.get("_audiences", {}).items() if rows}
        people = dict(parts.get("_people", {}))
        tasks = self.task_world.schedules.of_owner(OWNER, "", 100)
        return copy.deepcopy((people, rows, tasks, dict(self.world.attempts._counts), self.world.outbox.sent))
