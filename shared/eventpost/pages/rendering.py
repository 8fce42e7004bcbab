"""Pages from their templates, in the reader's language."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eventpost.languages import Languages
from eventpost.pages.headers import headers


class Pages:
    """The templates in `pages/` with the texts in `languages/`, both in the templates' folder.

    Args:
        folder: Where the templates are.
        sender: Whom the mails are from, in words: it stands above each page. Nothing is a neutral title.
    """

    def __init__(self, folder: Path, sender: str = "") -> None:
        self._folder = folder / "pages"
        self._sender = sender
        self._languages = Languages(folder)
        self._environments: dict[str, Environment] = {}

    def language(self, accept_language: str) -> str:
        """The language that a reader with this `Accept-Language` field gets."""
        return self._languages.preferred(accept_language)

    def render(self, name: str, language: str, values: Mapping[str, Any]) -> str:
        """The page `<name>.html` in this language, which is one of those that `language` gives.

        Raises:
            jinja2.TemplateError: There is no such page, or it wants a value that is not given.
        """
        template = self._environment(language).get_template(f"{name}.html")
        return template.render(values)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """What every page goes out with."""
        return headers(self._style)

    @cached_property
    def _style(self) -> str:
        return (self._folder / "style.css").read_text(encoding="utf-8")

    def _environment(self, language: str) -> Environment:
        if language not in self._environments:
            self._environments[language] = self._made(language)
        return self._environments[language]

    def _made(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self._folder),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # a layer's files do not change under its function
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_translations(  # type: ignore[attr-defined]  # the extension brings it
            self._languages.catalogue("pages", language), newstyle=True
        )
        style = Markup(self._style)  # noqa: S704 - a file of ours
        environment.globals |= {"language": language, "style": style, "sender": self._sender, "errors": {}}
        return environment
