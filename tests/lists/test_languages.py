"""The words of letters and pages: each language says all that the templates say, and nothing that they no longer do."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Message

import given
from eventpost.languages import Languages
from eventpost_cli.languages import DOMAINS, compiled, main, read, said, untranslated

TEMPLATES = given.REPOSITORY / "templates"
CATALOGUES = sorted((TEMPLATES / "languages").glob("*/LC_MESSAGES/*.po"))
EVERY_CATALOGUE = pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: f"{po.parents[1].name}-{po.stem}")


def texts(spelt: str | Sequence[str]) -> list[str]:
    """The text, or both of a plural's."""
    return [spelt] if isinstance(spelt, str) else list(spelt)


def placeholders(text: str) -> set[str]:
    """The places that values are put in."""
    return set(re.findall(r"%\((\w+)\)s", text))


def tags(text: str) -> list[str]:
    """The markup."""
    return sorted(re.findall(r"<[^>]*>", text))


def test_there_are_other_languages() -> None:
    """German is the proof that all of it can be said otherwise."""
    assert "letters" in DOMAINS
    assert TEMPLATES / "languages" / "de" / "LC_MESSAGES" / "letters.po" in CATALOGUES


@EVERY_CATALOGUE
def test_a_catalogue_says_what_the_templates_say(po: Path) -> None:
    """No message is missing or left over: `python -m eventpost_cli.languages` brings it up to date."""
    there = {message.id for message in read(po) if message.id}
    wanted = {message.id for message in said(TEMPLATES, po.stem) if message.id}

    assert wanted, f"no words are found in templates/{po.stem}"
    assert (wanted - there, there - wanted) == (set(), set())
    assert not read(po).obsolete


@EVERY_CATALOGUE
def test_everything_is_translated(po: Path) -> None:
    """Nothing is left in English, and nothing is a guess."""
    assert list(untranslated(read(po))) == []
    assert [message.id for message in read(po) if message.id and message.fuzzy] == []


@EVERY_CATALOGUE
def test_a_translation_names_the_same_values(po: Path) -> None:
    """A value that is named otherwise would fail when it is rendered; other markup would break the page."""
    for message in read(po):
        if message.id:
            assert differs(message) == [], message.id


def differs(message: Message) -> list[str]:
    """The translations that have other placeholders than the original, or other markup."""
    *_, original = texts(message.id)
    return [
        text
        for text in texts(message.string)
        if not placeholders(text) <= placeholders(original)
        or (len(texts(message.string)) == 1 and placeholders(text) != placeholders(original))
        or tags(text) != tags(original)
        or "%" in re.sub(r"%\(\w+\)s|%%", "", text)
    ]


@EVERY_CATALOGUE
def test_what_is_deployed_is_what_was_written(po: Path) -> None:
    """The compiled file is that of this catalogue: the layer is not built."""
    assert po.with_suffix(".mo").read_bytes() == compiled(read(po)), "run `python -m eventpost_cli.languages`"


def test_languages_are_offered_by_their_folders(tmp_path: Path) -> None:
    """English first, which has no folder."""
    for name in ("fr", "de", "pt_BR"):
        (tmp_path / "languages" / name / "LC_MESSAGES").mkdir(parents=True)

    assert Languages(tmp_path).offered == ("en", "de", "fr", "pt_BR")
    assert Languages(tmp_path / "none").offered == ("en",)


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("pt-br", "pt_BR"),
        ("pt", "en"),
        ("en-GB", "en"),
        ("", "en"),
        ("xx", "en"),
        ("../de", "en"),
        ("/etc/passwd", "en"),
        ("d\0e", "en"),
    ],
)
def test_the_nearest_language_is_taken(tmp_path: Path, wanted: str, nearest: str) -> None:
    """English where there is none; whatever is wanted, no other folder is looked into."""
    for name in ("de", "pt_BR"):
        (tmp_path / "languages" / name / "LC_MESSAGES").mkdir(parents=True)

    assert Languages(tmp_path).nearest(wanted) == nearest
    assert Languages(tmp_path).catalogue("letters", wanted).gettext("Yes") == "Yes"


def test_a_catalogue_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New words go in and are named, old ones go out, translations stay; the second time nothing changes."""
    project = tmp_path / "project"
    letters, german = project / "templates" / "letters", project / "templates" / "languages" / "de" / "LC_MESSAGES"
    for folder in (letters, german, project / "functions"):
        folder.mkdir(parents=True)
    for marker in (project / "template.yaml", project / "functions" / "list.yaml"):
        marker.touch()
    monkeypatch.chdir(project)
    (letters / "a.txt").write_text('{{ _("Yes") }} {% trans %}No{% endtrans %}')

    assert main([]) == 1
    po = german / "letters.po"
    po.write_text(po.read_text().replace('msgid "Yes"\nmsgstr ""', 'msgid "Yes"\nmsgstr "Ja"'))
    (letters / "a.txt").write_text('{{ _("Yes") }}')
    assert main(["letters"]) == 0
    assert Languages(project / "templates").catalogue("letters", "de-DE").gettext("Yes") == "Ja"
    before = po.read_bytes(), po.with_suffix(".mo").read_bytes()
    assert main([]) == 0
    assert (po.read_bytes(), po.with_suffix(".mo").read_bytes()) == before
    assert b"No" not in before[0].partition(b"\n\n")[2]
