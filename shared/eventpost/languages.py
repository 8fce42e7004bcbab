"""The languages that letters and pages are there in, and the one that a reader likes best."""

import gettext
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

SOURCE: Final = "en"
"""The language that the templates are written in."""

_MOST_RANGES: Final = 20  # browsers send a handful; more is no reader's wish


class Languages:
    """The compiled catalogues in `languages/<language>/LC_MESSAGES/` of a templates folder, and the source language."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates / "languages"

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """The languages that there are, the source language first."""
        return (SOURCE, *sorted(path.parent.name for path in self._folder.glob("*/LC_MESSAGES")))

    def preferred(self, accepted: str) -> str:
        """The best of the offered languages for this `Accept-Language` field; the source where none was asked for.

        Each range is looked up whole, then shortened part by part, so that `de-AT` finds `de` (RFC 4647, 3.4);
        what has the weight 0 is not wanted (RFC 9110, 12.4.2).
        """
        return self._first_offered(_by_weight(accepted))

    def nearest(self, wanted: str) -> str:
        """The offered language that is nearest to this one, or the source."""
        return self._first_offered([wanted.casefold()])

    def catalogue(self, domain: str, language: str) -> gettext.NullTranslations:
        """The texts of this domain in the language; the source's own where it has none.

        Whatever the language is, nothing but a catalogue of an offered one is read.
        """
        return gettext.translation(domain, self._folder, [self.nearest(language)], fallback=True)

    def _first_offered(self, ranges: Iterable[str]) -> str:
        by_name = {language.casefold().replace("_", "-"): language for language in self.offered}
        for wanted in ranges:
            if wanted == "*":
                break
            parts = wanted.replace("_", "-").split("-")
            shortened = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
            if found := next((by_name[name] for name in shortened if name in by_name), None):
                return found
        return SOURCE


def _by_weight(accepted: str) -> list[str]:
    """The language ranges, most wanted first; of equal ones the first."""
    weighed = [(weight, wanted) for wanted, weight in _ranges(accepted) if weight > 0]
    return [wanted for _, wanted in sorted(weighed, key=lambda entry: -entry[0])]


def _ranges(accepted: str) -> Iterator[tuple[str, float]]:
    for entry in accepted.split(",")[:_MOST_RANGES]:
        wanted, _, parameter = entry.partition(";")
        name, _, value = parameter.partition("=")
        weight = 1.0 if name.strip().casefold() != "q" else _weight(value)
        yield wanted.strip().casefold(), weight


def _weight(value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
