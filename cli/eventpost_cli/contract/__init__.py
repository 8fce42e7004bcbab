"""The contract with producers, generated from the lists: their JSON Schemas, the AsyncAPI document and its page."""

import json
from pathlib import Path

from eventpost import schemas
from eventpost_cli.contract import asyncapi, page
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project

SCHEMAS = Path("shared", "eventpost", "schemas")
"""Where the schemas are in a project: inside the layer, next to the module that reads them."""


def generated(project: Project) -> dict[Path, str]:
    """The text of every file of the contract, by its place in the project.

    Raises:
        click.ClickException: A list's app.py cannot be imported.
    """
    made = {SCHEMAS / f"{name}{schemas.SUFFIX}": _schema(project, name) for name in project.list_names()}
    return {**made, asyncapi.PLACE: asyncapi.written(project), page.PLACE: page.written(project)}


def write(project: Project) -> list[Path]:
    """Write the project's contract anew, and take away the schemas of lists that are gone; returns the files.

    Raises:
        click.ClickException: A list's app.py cannot be imported; every file is left as it was.
    """
    made = generated(project)
    for path in left_over(project, made):
        path.unlink()
    for place, text in made.items():
        (project.root / place).parent.mkdir(parents=True, exist_ok=True)
        (project.root / place).write_text(text, encoding="utf-8")
    return [*made]


def left_over(project: Project, made: dict[Path, str]) -> list[Path]:
    """Schemas of lists that are no longer there."""
    there = sorted((project.root / SCHEMAS).glob(f"*{schemas.SUFFIX}"))
    return [path for path in there if path.relative_to(project.root) not in made]


def _schema(project: Project, list_name: str) -> str:
    return (
        json.dumps(schema_of(project.load(list_name), project.mail_templates(list_name)), indent=2, ensure_ascii=False)
        + "\n"
    )
