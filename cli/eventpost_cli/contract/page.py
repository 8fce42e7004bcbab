"""docs/events.md: every list's event as its producers want to read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from eventpost import schemas
from eventpost.lists import MailList
from eventpost_cli.contract.checks import checks
from eventpost_cli.contract.fields import rows
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project

_NOT_SHOWN: Final = ("hostile", "minimal")
PLACE: Final = Path("docs", "events.md")
"""Where it is in a project."""

_HEAD: Final = Path(__file__).with_name("page.md")


def written(project: Project) -> str:
    """The text of the page.

    Raises:
        click.ClickException: A list's app.py cannot be imported.
    """
    lists = [project.load(name) for name in project.list_names()]
    contents = "\n".join(f"* [{mail_list.name}](#{mail_list.name}): {_summary(mail_list)}" for mail_list in lists)
    head = _HEAD.read_text(encoding="utf-8").replace("{contents}", contents)
    parts = (head, *(_part(project, mail_list) for mail_list in lists))
    return "\n".join(parts)


def _part(project: Project, mail_list: MailList) -> str:
    name = mail_list.name
    return "\n".join(_lines(mail_list, project.mail_templates(name), _example(project, name)))


def _lines(mail_list: MailList, templates: list[str], example: str) -> Iterator[str]:
    schema = schema_of(mail_list, templates)
    yield f"## {mail_list.name}\n"
    yield f"**{mail_list.event.__name__}**: {schema.get('description', '')}\n"
    file = f"{mail_list.name}{schemas.SUFFIX}"
    link = f"[{file}](../shared/eventpost/schemas/{file})"
    yield f"Queue `<stack>-{mail_list.name}` · schema {link} · {_to_whom(mail_list)}\n"
    yield "| field | type | required | what it is |"
    yield "|---|---|---|---|"
    yield from (f"| `{row.name}` | {row.type_} | {row.needed} | {row.about} |" for row in rows(schema))
    yield from _beyond(mail_list, schema)
    if example:
        yield f"\n```json\n{example.strip()}\n```"
    yield ""


def _beyond(mail_list: MailList, schema: dict[str, Any]) -> Iterator[str]:
    """What the table cannot say."""
    if schema.get("additionalProperties") is False:
        yield "\nA field that is not known here is refused."
    if found := [*checks(mail_list.event)]:
        yield "\nThe list itself also checks, beyond its schema:\n"
        yield from (f"* {f'`{check.place}`: ' if check.place else ''}{check.about}" for check in found)


def _to_whom(mail_list: MailList) -> str:
    if mail_list.addressed:
        return "goes to those whom it names"
    if mail_list.topics is None:
        return "goes to everybody on the list"
    return f"goes to those who follow its `{mail_list.topics.field}`"


def _summary(mail_list: MailList) -> str:
    about: str = schema_of(mail_list).get("description", mail_list.title)
    return about.partition("\n")[0]


def _example(project: Project, list_name: str) -> str:
    samples = project.samples(list_name)
    usual = [name for name in ("typical", *samples) if name in samples and name not in _NOT_SHOWN]
    return samples[usual[0]].read_text(encoding="utf-8") if usual else ""
