"""Every template keeps to what its list's schema promises, so that no event that fits can break a mail."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import given
from eventpost import schemas
from eventpost.lists import MailList, Screenshot
from eventpost.model import Event
from eventpost_cli.contract.schema import schema_of
from template_fields import Promises, sources, uses

TEMPLATES = given.REPOSITORY / "templates"


class Inner(BaseModel):
    """An object in an event."""

    colour: str
    size: int | None = None


class Happened(Event):
    """Something has happened."""

    title: str
    link: str | None = None
    inner: Inner
    maybe: Inner | None = None
    amount: Annotated[int, Field(validation_alias="amountInCents")] = 0

    @property
    def shown(self) -> str:
        """What it works out itself."""
        return self.title.upper()


HAPPENED = MailList(
    name="happened", event=Happened, subject="{{ event.title }}", title="Happened", description="It did."
)


def faults(text: str, mail_list: MailList = HAPPENED, schema: Any = None) -> list[str]:
    """What is wrong with a template of this list."""
    promises = Promises(schema or schema_of(mail_list), mail_list.event)
    return [fault for use in uses(text) if (fault := promises.fault(use))]


def test_templates_use_what_the_schema_promises(folder: Path, mail_list: MailList) -> None:
    """Body, subject and the screenshot's address, with all that they bring in; the schema is the shipped one."""
    shipped = schemas.load(folder.name)
    assert shipped, "run `make docs`"
    shot = mail_list.screenshot
    subject = "" if mail_list.addressed else mail_list.subject  # an addressed mail's is the event's, or a template's
    texts = [("its subject", subject), *sources(TEMPLATES, folder.name)]
    if isinstance(shot, Screenshot):
        texts.append(("its screenshot's url", shot.url))

    assert {name: found for name, text in texts if (found := faults(text, mail_list, shipped))} == {}


def test_what_is_looked_at_is_what_a_mail_is_made_of() -> None:
    """The frame and the macros are among the templates; their uses are found."""
    names = dict(sources(TEMPLATES, "stock_alerts"))

    assert {"stock_alerts/body.html", "stock_alerts/body.txt", "_base.html", "_base.txt", "_macros.html"} <= {*names}
    assert ("chart_url",) in {use.path for use in uses(names["stock_alerts/body.html"])}


@pytest.mark.parametrize(
    "text",
    [
        "{{ event.title }} {{ event.title.upper() }} {{ event['title'] }} {{ event.amount }} {{ event.shown }}",
        "{% if event.link %}{{ event.link }}{% endif %}",
        "{{ event.link or '' }} {{ event.link if event.link else '' }} {{ event.link is none }}",
        "{% if event.link is none %}nothing{% else %}{{ event.link }}{% endif %}",
        "{% if not event.link %}nothing{% else %}{{ event.link }}{% endif %}",
        "{% if event.link and event.link.startswith('https') %}{{ event.link }}{% endif %}",
        "{{ event.inner.colour }} {% if event.maybe %}{{ event.maybe }}{% endif %}",
        "{% macro all(event) %}{{ event.whatever }}{% endmacro %}{{ all(event) }}",
        "{% for name, value in event %}{{ name }}{% endfor %}",
    ],
)
def test_what_is_promised_may_be_used(text: str) -> None:
    """Fields, methods of what they are, what the model works out; what may be null where that is asked for."""
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ event.titel }}", "event.titel is promised by no schema"),
        ("{{ event['titel'] }}", "event.titel is promised by no schema"),
        ("{% if event.nothing %}{% endif %}", "event.nothing is promised by no schema"),
        ("{{ 'x'|replace('x', event.nothing) }}", "event.nothing is promised by no schema"),
        ("{% set x = [event.nothing] %}", "event.nothing is promised by no schema"),
        (
            "{% block a %}{% for x in event.nothing %}{% endfor %}{% endblock %}",
            "event.nothing is promised by no schema",
        ),
        ("{{ event.inner.weight }}", "event.inner.weight is promised by no schema"),
        ("{{ event.link }}", "event.link may be null, which is not asked for"),
        ("{{ event.link|upper }}", "event.link may be null, which is not asked for"),
        ("{{ event.inner.size }}", "event.inner.size may be null, which is not asked for"),
        ("{% if event.link %}{% endif %}{{ event.link }}", "event.link may be null, which is not asked for"),
        ("{% if event.link is none %}{{ event.link }}{% endif %}", "event.link may be null, which is not asked for"),
        ("{% if event.link %}{% else %}{{ event.link }}{% endif %}", "event.link may be null, which is not asked for"),
        ("{% if event.title or event.link %}{{ event.link }}{% endif %}", "event.link may be null, which is not"),
        ("{{ event.title or event.link }}", "event.link may be null, which is not asked for"),
        ("{% macro m() %}{{ event.nothing }}{% endmacro %}", "event.nothing is promised by no schema"),
        ("{% set e = event %}{{ e.nothing }}", "gives event another name"),
        ("{{ event[field] }}", "looks up a field by what a variable says"),
    ],
)
def test_what_is_not_promised_is_found(text: str, fault: str) -> None:
    """However it is written."""
    assert [fault in found for found in faults(text)] == [True]


def test_a_template_that_uses_too_much_is_found_in_its_file(tmp_path: Path) -> None:
    """Also behind what it extends, includes and imports."""
    (tmp_path / "happened").mkdir()
    (tmp_path / "happened" / "body.html").write_text('{% extends "_base.html" %}{% block content %}fine{% endblock %}')
    (tmp_path / "_base.html").write_text('{% include "_foot.txt" %}')
    (tmp_path / "_foot.txt").write_text("{{ event.nothing }}")

    found = {name: faults(text) for name, text in sources(tmp_path, "happened")}

    assert found == {
        "happened/body.html": [],
        "_base.html": [],
        "_foot.txt": ["line 1: event.nothing is promised by no schema"],
    }
