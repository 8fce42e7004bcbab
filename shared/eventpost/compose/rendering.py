"""Jinja, set up for mail: HTML is escaped, a missing value is an error, and faults name the template's line."""

import re
import traceback
from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    select_autoescape,
)

from eventpost.compose.deferred import NotDeferrable
from eventpost.compose.guarding import DeferringEnvironment
from eventpost.errors import TemplateFault

_MISSING = re.compile(r"('[\w. ]+' has no attribute )?'(?P<name>\w+)'( is undefined)?")


class Templates:
    """The templates below one folder.

    All but `.txt` files are escaped, whatever an event or a subscriber brings.

    Attributes:
        folder: Where they are.
        guarded: Whether contexts may hold deferred values.
    """

    def __init__(self, folder: Path, *, guarded: bool = False) -> None:
        self.guarded = guarded
        self.folder = folder
        self._files = (DeferringEnvironment if guarded else Environment)(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,  # a layer's files do not change under its function
        )

    def with_guards(self) -> "Templates":
        """The same templates, for contexts with deferred values."""
        return Templates(self.folder, guarded=True)

    def in_language(self, catalogue: NullTranslations) -> "Templates":
        """The same templates, with what they mark as words of a language (`{% trans %}`, `_()`) in this one's."""
        spoken = Templates(self.folder)
        spoken._files.add_extension("jinja2.ext.i18n")
        spoken._files.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
        return spoken

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """The template of this name, rendered.

        Raises:
            TemplateFault: There is no such template, or it fails for this context.
        """
        try:
            template = self._files.get_template(name)
        except TemplateNotFound as error:
            msg = f"there is no template {error.name}: every list needs body.html and body.txt in its folder"
            raise TemplateFault(msg) from None
        except TemplateSyntaxError as error:
            msg = f"{error.name}, line {error.lineno}: {error.message}"
            raise TemplateFault(msg) from None
        return _rendered(template, name, context)


def render_text(source: str, context: Mapping[str, Any], *, guarded: bool = False) -> str:
    """A short template from a list's declaration (a subject, a page's address), rendered as plain text.

    Args:
        source: The template.
        context: What it knows.
        guarded: Whether the context may hold deferred values.

    Raises:
        TemplateFault: The template is malformed or fails for this context.
    """
    return _rendered(_compiled(source, guarded=guarded), source, context)


@cache  # a process serves the few strings of one list's declaration
def _compiled(source: str, *, guarded: bool) -> Template:
    environment = DeferringEnvironment if guarded else Environment
    try:
        return environment(undefined=StrictUndefined, autoescape=False).from_string(source)
    except TemplateSyntaxError as error:
        msg = f"{source!r}: {error.message}"
        raise TemplateFault(msg) from None


def _rendered(template: Template, name: str, context: Mapping[str, Any]) -> str:
    try:
        return template.render(context)
    except NotDeferrable:
        raise
    except Exception as error:  # noqa: BLE001 - a template can raise whatever a filter or a method does
        where, line = _place(error, name)
        raise TemplateFault(f"{where}: {_what(error, line)}") from None


def _what(error: Exception, line: str) -> str:
    """Jinja's own words if they hold names of the template alone; the key of a failed look-up may be the event's."""
    if isinstance(error, TemplateSyntaxError):
        return error.message or "syntax error"
    missing = _MISSING.fullmatch(str(error)) if isinstance(error, UndefinedError) else None
    if missing and re.search(rf"\b{missing['name']}\b", line):
        return str(error)
    return type(error).__name__


def _place(error: Exception, name: str) -> tuple[str, str]:
    """Where in the templates it happened, in words, and the line itself: a short template is its own line."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith((".html", ".txt"))
    ]
    if not frames:
        return (repr(name), name) if "{{" in name else (name, "")
    path = Path(frames[-1].filename)
    return f"{path.parent.name}/{path.name}, line {frames[-1].lineno}", frames[-1].line or ""
