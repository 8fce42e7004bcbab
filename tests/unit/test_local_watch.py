"""Watching: what a change is called, and whether it needs a build."""

from pathlib import Path

import pytest

from eventpost_cli.local.watch import needs_build, summary

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("changed", "build"),
    [
        (["templates/_base.html"], False),
        (["templates/_base.html", "functions/stock_alerts/app.py"], True),
        (["template.yaml"], True),
        (["shared/eventpost/links.py"], True),
    ],
)
def test_only_templates_of_mails_need_no_build(changed: list[str], *, build: bool) -> None:
    """They are deployed as they lie; all else is copied or installed first."""
    assert needs_build([ROOT / name for name in changed], ROOT) is build


def test_a_few_files_are_named_and_the_rest_counted() -> None:
    """A checkout of another branch is told in one line."""
    changed = {ROOT / "functions" / f"{letter}.py" for letter in "abcde"}

    assert summary(changed, ROOT) == "functions/a.py, functions/b.py, functions/c.py and 2 more"
    assert summary({ROOT / "template.yaml"}, ROOT) == "template.yaml"
