"""Rendering: HTML is escaped, faults name the template and its line, and never a value."""

from pathlib import Path
from typing import Any

import pytest

import given
from eventpost.compose import Templates, render_text
from eventpost.errors import TemplateFault
from sentinels import BODY, NAME

CONTEXT: dict[str, Any] = {
    "event": given.PriceMoved(ticker=BODY, note="<b>&\"'"),
    "subscriber": {"name": NAME},
    "table": {"a": 1},
    "nothing": None,
}


def fault_of(folder: Path, line: str) -> str:
    """The words of the fault when this is the third line of a template."""
    (folder / "x").mkdir()
    (folder / "x" / "body.html").write_text(f"one\ntwo\n{line}\nfour\n", encoding="utf-8")
    with pytest.raises(TemplateFault) as caught:
        Templates(folder).render("x/body.html", CONTEXT)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{{ event.misspelt }}", "'given.PriceMoved object' has no attribute 'misspelt'"),
        ("{{ misspelt }}", "'misspelt' is undefined"),
        ("{{ subscriber.misspelt.upper() }}", "'dict object' has no attribute 'misspelt'"),
        ("{{ nothing.ticker }}", "'None' has no attribute 'ticker'"),
        ("{{ event.ticker | misspelt }}", "No filter named 'misspelt'."),
        ("{% if %}", "Expected an expression, got 'end of statement block'"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% include 'absent.html' %}", "TemplateNotFound"),
    ],
)
def test_a_fault_names_the_template_its_line_and_what_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    """Whoever mends the template knows where to look and what for."""
    assert fault_of(tmp_path, line) == f"x/body.html, line 3: {words}"


@pytest.mark.parametrize(
    "line",
    [
        "{{ table[event.ticker] }}",
        "{{ table[subscriber.name] }}",
        "{{ table | attr(event.ticker) }}",
        "{{ event.ticker | int(default=table[event.ticker]) }}",
        "{% include event.ticker %}",
        "{{ event.ticker.encode('utf-16').decode('ascii') }}",
        "{{ event.ticker + 1 }}",
        "{{ event.ticker | map('no such filter') | list }}",
        "{{ event.ticker | date_of_no_kind }}",
        "{{ [1][event.ticker | length + 9] }}",
        "{{ '%d' | format(event.ticker) }}",
        "{{ event.ticker.index('x-not-there') }}",
        "{{ event.ticker() }}",
        "{{ subscriber.name.missing }}",
        "{{ table.a[subscriber.name].b }}",
    ],
)
def test_a_fault_repeats_no_value(tmp_path: Path, line: str) -> None:
    """However a template fails, what the event and the subscriber hold stays out of the words."""
    words = fault_of(tmp_path, line)

    assert words.startswith("x/body.html, line 3: ")
    assert BODY not in words
    assert "Zebedee" not in words
    assert "Quillfeather" not in words


def test_a_fault_in_a_macro_is_told_where_the_macro_is(tmp_path: Path) -> None:
    """The innermost template's line is the one to mend."""
    (tmp_path / "_macros.html").write_text("\n{% macro m(x) %}{{ x.misspelt }}{% endmacro %}", encoding="utf-8")
    words = fault_of(tmp_path, "{% import '_macros.html' as ui %}{{ ui.m(event) }}")

    assert words.endswith("/_macros.html, line 2: 'given.PriceMoved object' has no attribute 'misspelt'")


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """A list without a body learns which file to write."""
    with pytest.raises(TemplateFault, match=r"no template price_moves/body\.txt"):
        Templates(tmp_path).render("price_moves/body.txt", {})


def test_no_template_leaves_the_folder(tmp_path: Path) -> None:
    """A name that leads outside is no template."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    with pytest.raises(TemplateFault):
        Templates(tmp_path / "inner").render("../secret.txt", {})


@pytest.mark.parametrize(
    ("suffix", "shown"), [("html", "&lt;b&gt;&amp;&#34;&#39;"), ("svg", "&lt;b&gt;&amp;&#34;&#39;"), ("txt", "<b>&\"'")]
)
def test_html_is_escaped_and_text_is_not(tmp_path: Path, suffix: str, shown: str) -> None:
    """What an event brings is text in either part, never markup."""
    (tmp_path / f"body.{suffix}").write_text("{{ event.note }}", encoding="utf-8")

    assert Templates(tmp_path).render(f"body.{suffix}", CONTEXT) == shown


def test_a_value_is_not_a_template(tmp_path: Path) -> None:
    """Braces in an event stay braces."""
    (tmp_path / "body.txt").write_text("{{ event.note }}", encoding="utf-8")
    context = {"event": given.PriceMoved(ticker="A", note="{{ 7 * 7 }}{% raw %}")}

    assert Templates(tmp_path).render("body.txt", context) == "{{ 7 * 7 }}{% raw %}"
    assert render_text("{{ event.note }}", context) == "{{ 7 * 7 }}{% raw %}"


def test_a_subject_is_not_escaped() -> None:
    """A subject is plain text: an ampersand stays one."""
    assert render_text("{{ event.note }}", CONTEXT) == "<b>&\"'"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ event.misspelt }}", "'{{ event.misspelt }}': 'given.PriceMoved object' has no attribute 'misspelt'"),
        ("{{ event.", "'{{ event.': expected name or number"),
        ("{{ table[event.ticker] }}", "'{{ table[event.ticker] }}': UndefinedError"),
        ("{{ event.ticker / 2 }}", "'{{ event.ticker / 2 }}': TypeError"),
    ],
)
def test_a_fault_in_a_declaration_repeats_the_declaration(source: str, words: str) -> None:
    """A subject or an address has no file: its source says where the fault is."""
    with pytest.raises(TemplateFault) as caught:
        render_text(source, CONTEXT)

    assert str(caught.value) == words
