"""The command line itself, and the project that it works on."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eventpost_cli.main import COMMANDS, main
from eventpost_cli.project import Project, pascal_case


def test_every_command_has_help() -> None:
    """Each module is there, and says what its command does."""
    for name in COMMANDS:
        done = CliRunner().invoke(main, [name, "--help"])

        assert done.exit_code == 0, done.output
        assert len(done.output.splitlines()) > 3


def test_a_command_that_is_none_is_told() -> None:
    """And it is an error."""
    done = CliRunner().invoke(main, ["no-such-command"])

    assert done.exit_code == 2
    assert "No such command" in done.output


def test_the_version_is_told() -> None:
    """From the package's own metadata."""
    done = CliRunner().invoke(main, ["--version"])

    assert done.exit_code == 0
    assert "version" in done.output


def test_a_project_is_found_from_any_folder_in_it(small_project: Path) -> None:
    """As git finds its repository."""
    assert Project.find(small_project / "functions" / "capture").root == small_project.resolve()


def test_lists_are_the_folders_that_declare_one(small_project: Path) -> None:
    """The capture function is none."""
    assert Project(small_project).list_names() == ["dcf_engine_results", "direct_mail", "site_watch", "stock_alerts"]


def test_an_unknown_list_is_told_with_those_there_are(small_project: Path) -> None:
    """Whoever mistyped a name sees the right one."""
    with pytest.raises(click.ClickException) as told:
        Project(small_project).load("stock_alert")

    assert "stock_alerts" in told.value.message


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_package", "ModuleNotFoundError"),
        ("def broken(", "SyntaxError"),
        ("x = 1", "exactly one MailList; it declares 0"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_told(small_project: Path, code: str, told: str) -> None:
    """By its file and what is wrong with it, not by a traceback."""
    app = small_project / "functions" / "stock_alerts" / "app.py"
    app.write_text(code)

    with pytest.raises(click.ClickException) as raised:
        Project(small_project).load("stock_alerts")

    assert str(app) in raised.value.message
    assert told in raised.value.message


def test_names_in_cloudformation_follow_from_the_lists() -> None:
    """The same in new-list and in the tests of the template."""
    assert pascal_case("dcf_engine_results") == "DcfEngineResults"
