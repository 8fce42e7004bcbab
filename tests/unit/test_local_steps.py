"""Steps: a line each where nobody watches."""

import io

import pytest
from rich.console import Console

from eventpost_cli.local.steps import Announced, Silent


def test_without_a_terminal_each_step_is_a_line_with_its_seconds() -> None:
    """A log of CI shows what took how long, without a spinner's remains."""
    said = io.StringIO()

    with Announced(Console(file=said)) as steps, steps.step("Build"):
        pass

    assert said.getvalue() == "Build: 0.0 s\n"


def test_a_step_that_fails_is_not_told_as_done() -> None:
    """Its error is told instead."""
    said = io.StringIO()

    with Announced(Console(file=said)) as steps, pytest.raises(ValueError, match="no"), steps.step("Build"):
        raise ValueError("no")

    assert said.getvalue() == ""


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests hear nothing of a stack that starts."""
    with Silent().step("Build"):
        pass

    assert capsys.readouterr().out == ""
