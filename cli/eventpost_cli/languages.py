"""Keeps the catalogues of letters and pages in step with their templates: `python -m eventpost_cli.languages [DOMAIN]`.

Whatever templates say in English by `_()`, `ngettext()` or `{% trans %}` goes into each language's catalogue
(`templates/languages/<language>/LC_MESSAGES/<domain>.po`), what they say no longer goes out of it, and each catalogue
is compiled beside itself (`.mo`), since the templates layer is deployed as it is. A new language is a new folder: run
this once, translate, run it again.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from eventpost_cli.project import Project

DOMAINS: Final = ("letters", "pages")
"""Folders of templates that have words of their own, each a domain of gettext."""

_METHODS: Final = [("**.html", "jinja2"), ("**.txt", "jinja2")]
_NO_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same words are the same files
_OPTIONS: Final = {"**": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}


def main(domains: Sequence[str]) -> int:
    """Bring the catalogues of these domains up to date; say what is left to be translated, return 1 if anything is."""
    templates = Project.find().root / "templates"
    left = 0
    for po in sorted((templates / "languages").glob("*/LC_MESSAGES")):
        for domain in domains or DOMAINS:
            if (templates / domain).is_dir():
                left += _brought_up_to_date(templates, po / f"{domain}.po")
    return 1 if left else 0


def said(templates: Path, domain: str) -> Catalog:
    """What the templates of this domain say."""
    catalog = Catalog(domain=domain)
    found = extract_from_dir(templates / domain, _METHODS, _OPTIONS)
    for file, _, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalog.add(message, None, [(f"{domain}/{file}", 0)], auto_comments=comments, context=context)
    return catalog


def read(po: Path) -> Catalog:
    """The catalogue in this file; one without a word where there is no such file."""
    language = po.parents[1].name
    catalog = Catalog(language, domain=po.stem, fuzzy=False)
    if po.is_file():
        with po.open("rb") as file:
            catalog = read_po(file, locale=language, domain=po.stem)
    catalog.header_comment = f"# What {po.stem} say in the language {language}."
    catalog.project, catalog.version = "eventpost", po.stem
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "none"
    catalog.creation_date = catalog.revision_date = _NO_TIME
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def untranslated(catalog: Catalog) -> Iterator[str]:
    """What the catalogue has no translation of."""
    for message in catalog:
        spelt = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(spelt):
            yield str(message.id)


def _brought_up_to_date(templates: Path, po: Path) -> int:
    """Write both files anew; returns how many of its messages have no translation."""
    catalog = read(po)
    catalog.update(said(templates, po.stem), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with po.open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True)
    po.with_suffix(".mo").write_bytes(compiled(catalog))
    left = list(untranslated(catalog))
    for message in left:
        print(f"{po.relative_to(templates)}: to be translated: {message}")
    return len(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
