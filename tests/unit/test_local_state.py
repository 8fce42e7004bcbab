"""The state folder: one stack per run, and nothing kept for ever."""

import os
import time
from pathlib import Path

import pytest

from eventpost_cli.local.errors import LocalStackError
from eventpost_cli.local.state import KEPT_SECONDS, State


def test_a_run_is_for_one_stack_at_a_time(tmp_path: Path) -> None:
    """Two stacks would write into the same files."""
    state = State.of(tmp_path)

    with state.held(), pytest.raises(LocalStackError, match="up already"), State.of(tmp_path).held():
        pass
    with state.held():
        pass


def test_runs_of_other_names_can_be_up_meanwhile(tmp_path: Path) -> None:
    """The tests have a stack of their own beside the one that a person works with."""
    person, tests = State.of(tmp_path), State.of(tmp_path, "tests")

    with person.held(), tests.held():
        assert person.logs != tests.logs
        assert person.build != tests.build
        assert person.tools == tests.tools


def test_what_an_earlier_run_left_is_gone(tmp_path: Path) -> None:
    """Folders of killed functions, and addresses of a stack that is no more."""
    state = State.of(tmp_path)
    (state.temporary / "left").touch()
    state.addresses.touch()

    with state.held():
        assert list(state.temporary.iterdir()) == []
        assert not state.addresses.exists()


def test_what_was_not_used_for_days_is_dropped(tmp_path: Path) -> None:
    """Zips and unpacked functions pile up with every change."""
    state = State.of(tmp_path)
    old, new = state.unpacked / "old", state.zips / "new.zip"
    old.mkdir()
    new.touch()
    long_ago = time.time() - KEPT_SECONDS - 1
    os.utime(old, (long_ago, long_ago))

    state.sweep()

    assert not old.exists()
    assert new.exists()
