"""The generated parts of docs/reference.md: cog runs these, and they print Markdown."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import cog
import yaml
from pydantic_core import PydanticUndefined

from eventpost import errors as errors_module
from eventpost.settings import Settings
from eventpost_cli.main import main
from eventpost_cli.project import Project

_HELP_WIDTH: Final = 100


def parameters(template: str, ours: tuple[str, ...] = ()) -> None:
    """A table of a template's parameters, but for those that are handed down by ourselves."""
    _table("parameter", "default", "means")
    found = yaml.load(Path(template).read_text(encoding="utf-8"), Loader=_Template)["Parameters"]  # noqa: S506 - a SafeLoader
    for name, parameter in found.items():
        if name not in ours:
            _row(f"`{name}`", _default(parameter), parameter["Description"])


def settings() -> None:
    """A table of the settings, as their class describes them."""
    _table("setting", "default", "means")
    described = dict(re.findall(r"^    (\w+): (.*)$", inspect.getdoc(Settings) or "", re.MULTILINE))
    for name, field in Settings.model_fields.items():
        default = "" if field.default is PydanticUndefined else f"`{field.default!r}`"
        _row(f"`{name}`", default, described[name])


def errors() -> None:
    """A table of the errors: by what becomes of them, with the condition and what to do."""
    _table("error", "kind", "means")
    for name, error in vars(errors_module).items():
        if inspect.isclass(error) and issubclass(error, Exception) and error is not errors_module.EventpostError:
            _row(f"`{name}`", _kind(error), " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split()))


def lists() -> None:
    """Each list with its topics and its event's fields."""
    project = Project.find()
    for mail_list in map(project.load, project.list_names()):
        cog.outl(f"### {mail_list.name}\n\n{mail_list.title}: {mail_list.description}\n")
        if mail_list.topics:
            names = "any name" if mail_list.topics.names is None else ", ".join(mail_list.topics.names)
            cog.outl(f"Topics, by `{mail_list.topics.field}`: {names}.\n")
        _table("field", "type", "required")
        schema = mail_list.event.model_json_schema()
        for name, field in schema["properties"].items():
            _row(f"`{name}`", _type(field), "yes" if name in schema.get("required", ()) else "")
        cog.outl()


def commands() -> None:
    """The help of every command."""
    for path, command in _commands("eventpost", main):
        with click.Context(command, info_name=path, terminal_width=_HELP_WIDTH) as context:
            cog.outl(f"### {path}\n\n```\n{command.get_help(context)}\n```\n")


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command, info_name=path)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None, name
        yield from _commands(f"{path} {name}", child)


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's YAML; what its functions would give is of no interest here."""


_Template.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def _default(parameter: dict[str, Any]) -> str:
    if "Default" not in parameter:
        return "*required*"
    return f"`{parameter['Default']}`" if parameter["Default"] != "" else "*empty*"


def _kind(error: type[Exception]) -> str:
    kinds = (errors_module.Retryable, errors_module.Permanent)
    return next((kind.__name__ for kind in kinds if issubclass(error, kind)), "")


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(choice) for choice in field["anyOf"] if "pattern" not in choice)
    inner = f" of {_type(field['items'])}" if "items" in field else ""
    return str(field.get("format", field.get("type", "any"))) + inner


def _table(*titles: str) -> None:
    cog.outl(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")


def _row(*cells: str) -> None:
    cog.outl(f"| {' | '.join(map(_cell, cells))} |")


def _cell(text: str) -> str:
    """The text on one line, and not taken for Markdown's or HTML's own."""
    line = " ".join(text.split()).replace("|", "\\|")
    return line if line.startswith("`") else line.replace("<", "&lt;")
