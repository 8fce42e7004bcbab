"""A compiled mail has the bytes of one that was rendered for its subscriber alone, whatever templates do."""

import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

import given
import received_mail
from eventpost.compose import Composer, EventMail
from eventpost.compose.attributes import Personal, attributes_of
from eventpost.compose.compiled import SKELETONS_MAX
from eventpost.errors import TemplateFault
from eventpost.model import Subscriber

STYLE = """<style>p { color: #123456 } .wide td { padding: 1px } [title^=a] { color: red } a[href*=x] { margin: 0 }
td:first-child { width: 9px } #one { top: 0 }</style>"""
EVENT = given.PriceMoved(ticker="AMZN", note="<i>a & b</i> \u00e9=\n.x\n end ")

VALUES_NAMED = (
    "subscriber.name",
    'subscriber["city"]',
    "subscriber.plan",
    "links.unsubscribe",
    "event.note",
    "subscriber.address",
)
PUT_OUT = (
    "{0}",
    "{0}",
    "{0}|upper",
    "{0}|title|trim",
    "{0}|e",
    "{0}|string",
    '{0}|default("you", true)',
    '{0} or "you"',
    "{0} and {1}",
    '{0} ~ ", " ~ {1}',
    "{0} if {1} else event.ticker",
    '{0} if {1} == "pro" else {1}',
    "{0}|truncate(9)",
    "{0}|length",
    "{0}[:3]",
    "{0}.split()|first|default",
    "{0}.upper()",
    '{0}|replace("a", {1})',
    "[{0}, {1}]|join(', ')",
    "[{0}, {1}][1]",
    "({0}, event.ticker)[0]",
    '"%s!"|format({0})',
    "{0} + {1}",
    "{0} == {1}",
    "{0} in [{1}, 'pro']",
    "{0}|safe",
    "[{0}]",
    "{0}|list|length",
    "shout({0})",
    "shout(shout({0}))",
    "shout({0})|upper",
    "shout({0})|length",
    "shout({0}) ~ {1}",
    "shout({0}) == {1}",
    "say(value={0})",
    "subscriber[event.ticker]",
    "subscriber.items",
    "{{'a': {0}}}['a']",
    "{0}|wordwrap(5)",
    "{0}|urlize",
    "{0}|tojson",
)
ASKED = (
    "{0}",
    "not {0}",
    '{0} == "pro"',
    '{0} != "pro"',
    '{0} in ("pro", "team")',
    '{0} in "pro team"',
    '"a" in {0}',
    "{0} is defined",
    "{0} is string",
    "{0} is none",
    '{0} is eq("pro")',
    "{0}|length > 4",
    "{0} < {1}",
    "{0} and {1}",
    "{0} or not {1}",
    "{0} == {1}",
    "{0} == none",
    "{0} == 1",
    "shout({0})",
    "not say({0})",
    "{0}|trim",
    "{0}|upper == 'PRO'",
)
BLOCKS = (  # `?` is a test, `!` an expression, `$` a value, `#` a part of the template
    "{% if ? %}#{% else %}#{% endif %}",
    "{% if ? %}#{% elif ? %}#{% endif %}",
    "{% for item in [$, !] %}{{ item }}#{% endfor %}",
    "{% for item in $ %}{{ item }}{% endfor %}",
    "{% for a, b in [($, 1)] if ? %}{{ a }}#{% endfor %}",
    "{% set x = ! %}#{{ x }}{{ x|length if x is string }}",
    "{% set x %}#{% endset %}{{ x }}{{ x ~ $ }}",
    "{% set x %}#{% endset %}{{ x if x else 'none' }}",
    "{% set x | upper %}#{% endset %}{{ x }}",
    "{% set ns = namespace(v=$) %}{% set ns.v = ! %}{{ ns.v }}#",
    "{% filter upper %}#{% endfilter %}",
    "{% filter trim | replace('a', 'b') %}#{% endfilter %}",
    "{% call box(!) %}#{% endcall %}",
    "{% with y = ! %}{{ y }}#{% endwith %}",
    "{% autoescape false %}{{ ! }}{% endautoescape %}#",
)
MACROS = (
    "{% macro shout(text) %}{{ text }}!{% endmacro %}{% macro say(value='x') %}{{ value }}{% endmacro %}"
    "{% macro box(text) %}[{{ text }}|{{ caller() }}]{% endmacro %}"
)
WORDS = (
    "Hello ",
    " ",
    "\n",
    ".\n",
    "=",
    "x" * 70,
    "word " * 20,
    "&amp; ",
    "\u00e9\u3000",
    "a\n.b \n",
    "\u200d",
    "& ",
    "&",
)
TAGS = (
    *("<p>", "</p>", "<b>", "</b>", "<br>", "<table>", "<tr><td>", "</table>", '<td class="wide">', "<li>", "<pre>"),
    *("<textarea>", "</textarea>", "<select><option>", "</select>", "<div id=one>", "</body>", "<", "</style>"),
)
AROUND = (
    '<a href="@">x</a>',
    "<a href='@'>x</a>",
    "<a href=@>x</a>",
    '<p title="@">x</p>',
    '<img alt="a @ b" src=x>',
    '<p class="@">x</p>',
    '<p id="@">x</p>',
    '<p style="color: @">x</p>',
    '<p lang="@">x</p>',
    "<!-- @ -->",
    "<style>p { margin: @ }</style>",
    "<script>@</script>",
    "<title>@</title>",
    "<h@>x</h1>",
    "<@>",
    "<p @>",
    "&@;",
    "&am@;",
    "<td>@</td>",
    "<td>@",
    "<svg><text>@</text></svg>",
    "<noscript>@</noscript>",
    "<template>@</template>",
    '<meta name="x" content="@">',
    '<link rel="stylesheet" href="@">',
    '<input type="@" value="@">',
)

type Draw = Callable[[st.SearchStrategy[Any]], Any]


class Palette(NamedTuple):
    """What a template is made of."""

    outputs: tuple[str, ...]
    tests: tuple[str, ...]
    blocks: tuple[str, ...]
    literals: tuple[str, ...]
    around: tuple[str, ...] = ("@",)


TAME_OUTPUTS = (*PUT_OUT[:12], "({0}, event.ticker)[0]", "shout({0})", "shout(shout({0}))", "shout({0}) ~ {1}")
TAME_TESTS = (
    "{0}",
    "not {0}",
    '{0} == "pro"',
    '{0} in ("pro", "team")',
    "{0} is defined",
    "{0} or not {1}",
    "{0}|trim",
)
TAME_TEXT = Palette(TAME_OUTPUTS, TAME_TESTS, (*BLOCKS[:3], BLOCKS[6], *BLOCKS[12:14]), WORDS[:-2])
TAME_HTML = TAME_TEXT._replace(
    literals=(*WORDS[:-2], "<p>", "</p>", "<br>", '<td class="wide">', "<li>"),
    around=('<a href="@">x</a>', '<img alt="a @ b" src=x>', "<b>@</b>", "<p>@</p>", "<svg><text>@</text></svg>"),
)
WILD_TEXT = Palette(PUT_OUT, ASKED, BLOCKS, WORDS)
WILD_HTML = WILD_TEXT._replace(literals=WORDS + TAGS, around=AROUND)


def expression(draw: Draw, forms: tuple[str, ...]) -> str:
    """One of these forms over some values."""
    named = st.sampled_from(VALUES_NAMED)
    return draw(st.sampled_from(forms)).format(draw(named), draw(named))


def part(draw: Draw, palette: Palette, depth: int = 0) -> str:
    """A part of a template: something put out, markup, or a block around other parts."""
    kind = draw(st.sampled_from(["output", "output", "literal", "around", *(["block"] * 2 if depth < 2 else [])]))
    if kind == "literal":
        return str(draw(st.sampled_from(palette.literals)))
    if kind == "block":
        inner = {
            "?": lambda: expression(draw, palette.tests),
            "!": lambda: expression(draw, palette.outputs),
            "$": lambda: draw(st.sampled_from(VALUES_NAMED)),
            "#": lambda: part(draw, palette, depth + 1),
        }
        return re.sub(r"[?!$#]", lambda found: inner[found[0]](), draw(st.sampled_from(palette.blocks)))
    output = f"{{{{ {expression(draw, palette.outputs)} }}}}"
    return str(draw(st.sampled_from(palette.around))).replace("@", output) if kind == "around" else output


@st.composite
def mails(draw: Draw) -> tuple[str, str]:
    """The templates of a mail's HTML and of its text: tame ones, which can be deferred, and wild ones."""
    html, text = draw(st.sampled_from([(TAME_HTML, TAME_TEXT), (WILD_HTML, WILD_TEXT), (TAME_HTML, WILD_TEXT)]))
    start = draw(st.sampled_from(["<!doctype html>", "", "\n "]))
    styles = [STYLE, "", "<style>td:empty + td { color: red }</style>", "<style>p { color: red }</style>"]
    style = draw(st.sampled_from(styles if html is WILD_HTML else styles[-1:]))
    shown = "".join(part(draw, html) for _ in range(draw(st.integers(1, 6))))
    read = "".join(part(draw, text) for _ in range(draw(st.integers(1, 4))))
    return f"{start}{style}{MACROS}{shown}", MACROS + read


SUBJECTS = st.sampled_from(
    [
        "{{ event.ticker }}",
        "For {{ subscriber.name }}",
        "{{ subscriber.name|upper }} {{ subscriber.city }}",
        "{% if subscriber.city %}{{ subscriber.city }}{% else %}Anywhere{% endif %}",
        "{{ subscriber.name|length }} {{ subscriber.missing.upper() }}",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        ["", " ", "pro", "Ann", ".", "=", " .a ", "amp", "lt;", "b", "<b>", "\ufeff", "\ud800", "\U0010f5a00\U0010f5a1"]
    ),
    st.sampled_from(
        [
            "\u00a0",
            "a\r\nb\u2028",
            "x" * 300,
            "word " * 30,
            "\u00e9" * 60,
            "-->",
            "</style>",
            "&#34;\"'",
            "%s{{ 1 }}",
            "." * 90,
        ]
    ),
    st.text(max_size=20),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["name", "city", "plan", "items", "AMZN"]), VALUES)
SUBSCRIBERS = st.builds(
    lambda attributes, address, number: Subscriber(f"{number:032x}", address, attributes, given.NOW),
    ATTRIBUTES,
    st.sampled_from(["ann@example.com", "a&b'c=d@example.com"]),
    st.integers(0, 2**128 - 1),
)


@pytest.fixture(autouse=True)
def _one_moment() -> Iterator[None]:
    """Links that are made one after the other tell the same time."""
    with patch.object(TimestampSigner, "get_timestamp", lambda _: 1_800_000_000):
        yield


def event_mail(folder: Path, html: str, text: str, subject: str = "{{ event.ticker }}") -> EventMail:
    """The mail of an event by these templates."""
    composer = Composer(given.write_templates(folder, html, text), lambda: given.LINKS, given.SENDER)
    return composer.event_mail(given.price_moves(subject), given.raised(EVENT), None, datetime(2026, 1, 1, tzinfo=UTC))


def rendered_alone(mail: EventMail, to: Subscriber) -> bytes | None:
    """The mail to this subscriber as it is without anything compiled; None where it fails."""
    links = given.LINKS.of("price_moves")(to.id)
    compiled = mail._compiled
    try:
        written = compiled._bodies.written(compiled._templates, Personal(attributes_of(to), links))
        return mail._frame.own(to.address, to.id, links, written)
    except (TemplateFault, UnicodeEncodeError):
        return None


def compiled(mail: EventMail, to: Subscriber) -> bytes | None:
    """The mail to this subscriber; None where it fails."""
    try:
        return mail.to(to).content
    except TemplateFault:
        return None


@settings(max_examples=80)
@for_all(mails(), SUBJECTS, st.lists(SUBSCRIBERS, min_size=1, max_size=3))
def test_compiled_is_rendered(templates: tuple[str, str], subject: str, subscribers: list[Subscriber]) -> None:
    """Whatever a template does with whatever values, each subscriber's mail is byte for byte their own rendering."""
    with tempfile.TemporaryDirectory() as folder:
        mail = event_mail(Path(folder), *templates, subject)
        for subscriber in [*subscribers, *subscribers]:
            assert compiled(mail, subscriber) == rendered_alone(mail, subscriber)


FRAME = "<!doctype html><style>p {{ color: #123456 }}</style><p>Hello</p>{}"
PEOPLE = [
    Subscriber(
        f"{number:032x}", f"user{number}@example.com", {"name": f"Nr {number}", "plan": plan, "city": city}, given.NOW
    )
    for number, (plan, city) in enumerate(
        [("pro", "Oslo"), ("free", ""), ("pro", ""), ("free", "K\u00f6ln"), ("", "Oslo")] * 20
    )
]
MANY = [
    Subscriber(
        sha256(str(number).encode()).hexdigest()[:32],
        f"s{number}@example.com",
        {"name": "é" * (number % 80) + str(number), "city": "Łódź & <b>", "plan": "pro"},
        given.NOW,
    )
    for number in range(150)
]
SKELETONS = [
    ("<p>{{ subscriber.name }}</p>", 1),
    ("<p>{{ subscriber['name'] }} {{ subscriber.address }} {{ subscriber.id }} {{ subscriber.none }}</p>", 1),
    ('<a href="{{ links.unsubscribe }}" title="{{ subscriber.name }}">{{ subscriber.name|upper|trim }}</a>', 1),
    ("<title>{{ subscriber.name }}</title><p>{{ subscriber.name|e }} {{ 'a' ~ subscriber.name }}</p>", 1),
    ("{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}<p>{{ m(m(subscriber.name)) }}</p>", 1),
    ("{% set x %}<i>{{ subscriber.name }}</i>{% endset %}<p>{{ x }}{{ x }}</p>", 1),
    ("{% for x in [subscriber.name, 'b'] %}<p>{{ loop.index }} {{ x }}</p>{% endfor %}", 1),
    ("<p>{% if subscriber.city %} in {{ subscriber.city }}{% endif %}</p>", 2),
    ("<p>{{ subscriber.city or 'nowhere' }} {{ subscriber.city|default('nowhere', true) }}</p>", 2),
    ("<p>{{ 'Pro' if subscriber.plan == 'pro' else subscriber.plan }}</p>", 2),
    (
        "<p>{% if subscriber.plan == 'pro' and subscriber.city %}a{% elif subscriber.plan == 'free' %}b{% endif %}</p>",
        4,
    ),
    ("<p>{{ 'x' if subscriber.plan in ('pro', 'free') }}</p>", 3),
    ("<p>{% if subscriber.plan|length > 3 %}long{% endif %}</p>", 4),
    ('<p class="{{ subscriber.plan }}">x</p>', 5),
    ("<p>{{ subscriber.plan|truncate(2) }} {{ subscriber.name }}</p>", 4),
    ("{% filter upper %}<p>{{ subscriber.plan }}</p>{% endfilter %}", 5),
]


@pytest.mark.parametrize(("template", "skeletons"), SKELETONS)
def test_what_can_wait_is_rendered_once(tmp_path: Path, template: str, skeletons: int) -> None:
    """A hundred mails take as few renderings as the template has ways; those in vain are counted too."""
    mail = event_mail(tmp_path, FRAME.format(template), "{{ subscriber.name }} {{ links.preferences }}\n")

    for person in PEOPLE:
        assert compiled(mail, person) == rendered_alone(mail, person)
    assert mail._compiled._skeletons == skeletons
    assert not mail._compiled._hopeless


@pytest.mark.parametrize(
    "template",
    [
        "{% if links.unsubscribe|length > 9 %}x{% endif %}",
        "<p>{{ subscriber.address.partition('@')[0] }}</p>",
        "<!-- {{ links.preferences }} -->",
        "<p>{{ links|length }}</p>",
        "<p>{{ subscriber.name|length }}</p>",
        "<table>{{ subscriber.name }}<tr><td>x</table>",
    ],
)
def test_what_cannot_wait_is_rendered_for_each(tmp_path: Path, template: str) -> None:
    """Where no value can be shared, each mail is rendered for itself, and is no other for it."""
    mail = event_mail(tmp_path, FRAME.format(template), "x\n")

    for person in PEOPLE:
        assert compiled(mail, person) == rendered_alone(mail, person)
    assert mail._compiled._hopeless or mail._compiled._skeletons == SKELETONS_MAX


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("<p>{{ subscriber.name }} {% if subscriber.id|last > 'c' %}x{% endif %}</p>", 2),
        ("<p>{{ subscriber.name|length > 5 }} {{ subscriber.city }}</p>", 2),
        ("<p>{% if subscriber.address.startswith('s1') %}{{ subscriber.name }}{% endif %}</p>", 2),
    ],
)
def test_what_comes_out_the_same_is_finished_once(tmp_path: Path, template: str, texts: int) -> None:
    """A template that looks into what differs for everybody is rendered for each, but inlined and encoded for all."""
    mail = event_mail(tmp_path, FRAME.format(template), "{{ subscriber.name }} {{ links.preferences }}\n")

    for person in MANY:
        assert compiled(mail, person) == rendered_alone(mail, person)
    assert mail._compiled._each_differs
    assert not mail._compiled._hopeless
    assert len(mail._compiled._by_text) == texts


def test_a_value_that_ends_a_line_keeps_its_space(tmp_path: Path) -> None:
    """Space before a line's end survives, whoever's value it is, and so does a line that a value leaves empty."""
    text = "Hello {{ subscriber.name }}\n{{ subscriber.city }}\n.{{ subscriber.city }}\n{{ subscriber.plan }}"
    mail = event_mail(tmp_path, "<p>x</p>", text)

    for name in ("", " ", "Ann ", "x" * 200 + " "):
        to = Subscriber("0" * 32, "ann@example.com", {"name": name}, given.NOW)
        assert compiled(mail, to) == rendered_alone(mail, to)
        shown = received_mail.text(received_mail.read(mail.to(to).content), "plain")
        assert shown.splitlines() == [f"Hello {name}", "", "."]
    assert mail._compiled._skeletons == 1
