"""Logs: what of them is worth a place in an error message."""

from pathlib import Path

from eventpost_cli.local.logs import gist, tail


def test_a_tail_is_the_end_of_a_log(tmp_path: Path) -> None:
    """Only the last lines, whatever bytes are in them."""
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo\n\xffthree\n")

    assert tail(log, lines=2) == "two\n\ufffdthree\n"


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    """A step that failed before it wrote anything is still told."""
    assert tail(tmp_path / "none") == ""


def test_the_gist_is_the_error_without_its_traceback(tmp_path: Path) -> None:
    """SAM CLI tells the fault first, then where in its own code it found it."""
    log = tmp_path / "log"
    log.write_text("Starting\nError: no Resources\nin template.yaml\nTraceback:\n  File x\n\nPlease report\n")

    assert gist(log) == "Error: no Resources\nin template.yaml\n"


def test_without_a_word_of_error_the_gist_is_the_tail(tmp_path: Path) -> None:
    """A failing pip does not use that word."""
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")

    assert gist(log, lines=1) == "two\n"
