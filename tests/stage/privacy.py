"""Searches all that the whole run logs, prints and gives as a reason, for people's addresses and names and for bodies.

A plugin of pytest's, turned on by tests/conftest.py. What tells of somebody fails its test, by name and line:

- every log record, whatever becomes of it: its words, its extras, its traceback, and as its handlers write it;
- every error of ours (their words go to logs, dead letters and the ledger), and what goes to dead letters with a body;
- standard output and standard error, which Lambda takes for the log, and where figures go.

An address is known by its look; names and bodies are those that a subscriber or a received message held. The functions
on the local stack log elsewhere: the fixture `deployed` reads that. Needs pytest's capturing: `-s` leaves the last out.
"""

import logging
import sys
from collections.abc import Callable, Generator
from typing import Any, Final

import pytest

from eventpost import slicing
from eventpost.errors import EventpostError, Misconfigured
from eventpost.model import Membership, Subscriber
from eventpost.runtime.received import Received
from telling import Known

_MOST_BODIES: Final = 200  # known at a time: then what was told is searched for them, and both are let go
_MOST_SHOWN: Final = 300  # characters of a line
_PLAIN: Final = logging.Formatter()
_SHOWN: Final = "no log, reason or figure may hold "


class Watch:
    """What has been told since the last test, and what it may not tell."""

    def __init__(self) -> None:
        self.known = Known()
        self._told: dict[tuple[str, str], None] = {}
        self._leaks: dict[str, None] = {}

    def tell(self, where: str, text: str) -> None:
        """Take note of a text, and of the place in the code that it comes from."""
        if text:
            self._told[where, text] = None

    def learn_body(self, body: str) -> None:
        """Take note of what must not be told."""
        self.known.learn_body(body)
        if len(self.known.bodies) > _MOST_BODIES:
            self._search()

    def leaks(self) -> list[str]:
        """What has been told of people since this was asked last: the place, the line, and what it tells."""
        self._search()
        leaks, self._leaks = list(self._leaks), {}
        return leaks

    def _search(self) -> None:
        for where, text in self._told:
            for found in self.known.found_in(text):
                line = next((line for line in text.splitlines() if found in line), text)
                self._leaks[f"{where}: {line[:_MOST_SHOWN]!r}\n  {_SHOWN}{found[:_MOST_SHOWN]!r}"] = None
        self._told.clear()
        self.known.bodies.clear()


WATCH: Final = Watch()


def pytest_configure(config: pytest.Config) -> None:
    """Listen wherever something is told."""
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for owner, name in (
        (Received, "dead_letter_attributes"),
        (pytest.CaptureFixture, "readouterr"),
    ):
        patch.setattr(owner, name, _heard(getattr(owner, name)))
    patch.setattr(logging.Logger, "handle", _logging(logging.Logger.handle))
    for kind in (EventpostError, Misconfigured):
        patch.setattr(kind, "__new__", _error)
    for kind in (Subscriber, Membership):
        patch.setattr(kind, "__init__", _known_by_name(kind.__init__))
    patch.setattr(Received, "of", classmethod(_received(Received.of.__func__)))  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Once a test has been cleared away, turn its report into a failed one if it has told of somebody."""
    report = yield
    return judged(report, WATCH) if report.when == "teardown" else report


def judged(report: pytest.TestReport, watch: Watch) -> pytest.TestReport:
    """The report itself, or a failed one if the test told of a person or a body."""
    for section, text in report.sections:
        watch.tell(section, text)
    if leaks := watch.leaks():
        report.outcome = "failed"
        before = f"{report.longrepr}\n\n" if report.longrepr else ""
        report.longrepr = before + "\n".join([f"{report.nodeid} tells of people:", *leaks])
    return report


def _logging(handle: Callable[..., None]) -> Callable[..., None]:
    """What hands a record on, which also tells the watch all that it carries, whichever part of it is written."""

    def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
        where = f"{record.pathname}:{record.lineno} (logger {logger.name})"
        WATCH.tell(where, _PLAIN.format(record))
        WATCH.tell(where, repr(vars(record)))
        for handler in logger.handlers:
            WATCH.tell(where, str(handler.format(record)))
        handle(logger, record)

    return handled


def _heard(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which also tells the watch what it answers."""

    def heard(*arguments: Any) -> Any:
        answer = method(*arguments)
        told = [answer["error"], answer["reason"]] if isinstance(answer, dict) else answer
        WATCH.tell(f"{method.__qualname__} for {_place()}", "\n".join(told))
        return answer

    return heard


def _error(kind: type[Exception], *arguments: Any, **named: Any) -> Exception:
    """An error of ours: its words may go anywhere."""
    WATCH.tell(f"{kind.__name__} at {_place()}", " ".join(map(str, (*arguments, *named.values()))))
    return Exception.__new__(kind, *arguments, **named)


def _known_by_name(init: Callable[..., None]) -> Callable[..., None]:
    """The constructor of somebody, which makes their names known."""

    def made(self: Any, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        WATCH.known.learn_names(self.attributes.values())

    return made


def _received(of: Callable[..., Received]) -> Callable[..., Received]:
    """What reads a message, which makes its body known."""

    def read(kind: type[Received], record: dict[str, Any]) -> Received:
        received = of(kind, record)
        if received.kind != slicing.KIND:  # those we write ourselves
            WATCH.learn_body(received.body)
        return received

    return read


def _place() -> str:
    """The line that called whoever asks."""
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
