"""The watch over what the whole run tells of people sees what it is to see, wherever that is told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import given
from privacy import Watch, judged
from sentinels import ADDRESS_DOMAIN, BODY, NAME
from telling import Known, addresses_in

# Each test of this suite tells of somebody in another way; none of them has a sentinel in it.
SUITE = """
import logging
import pytest
from datetime import UTC, datetime
from aws_lambda_powertools import Logger
from eventpost.errors import InvalidEvent, Misconfigured
from eventpost.model import Subscriber
from eventpost.runtime.messages import Messages
from eventpost.runtime.received import Received
from eventpost.adapters.memory import MemoryOutbox
from eventpost.settings import QueueSettings
from http_gateway import Context
from privacy import pytest_configure, pytest_runtest_makereport

def received(body):
    system = {"SentTimestamp": "0", "ApproximateReceiveCount": "1"}
    return {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": system}

def test_words_of_a_log():
    logging.getLogger("somebody's").error("mailed bob@example.com")

def test_extras_of_a_log():
    Logger(service="quiet", level="CRITICAL").critical("mailed", extra={"to": "bob@example.com"})

def test_extras_that_no_handler_writes():
    logger = logging.getLogger("unheard")
    logger.propagate = False
    logger.error("mailed", extra={"to": "bob@example.com"})

def test_a_traceback():
    try:
        raise ValueError("no mailbox: bob@example.com")
    except ValueError:
        logging.getLogger("x").exception("failed")

def test_standard_output():
    print("bob@example.com")

def test_standard_error_that_the_test_reads(capsys):
    import sys
    sys.stderr.write("bob@example.com")
    capsys.readouterr()

def test_an_error_of_ours():
    with pytest.raises(InvalidEvent):
        raise InvalidEvent("nobody at bob@example.com")

def test_an_error_of_whoever_deployed():
    Misconfigured("nobody at bob@example.com")

def test_a_name():
    Subscriber("0" * 32, "bob@example.com", {"name": "Roberta Okafor"}, datetime.now(UTC))
    print("Hello Roberta Okafor!")

def test_a_text_of_a_body():
    Received.of(received('{"note": "Quarterly figures of the bakery"}'))
    print("bad value: Quarterly figures of the bakery")

def test_a_reason_of_a_dead_letter():
    settings = QueueSettings(queue_url="q", dead_letters_url="d", max_receives=5)
    attributes = Received.of(received("x")).dead_letter_attributes("E", "no such person: bob@example.com")

def test_nothing():
    Subscriber("0" * 32, "bob@example.com", {"name": "Roberta Okafor"}, datetime.now(UTC))
    Received.of(received('{"note": "Quarterly figures of the bakery", "to": "bob@example.com"}'))
    logging.getLogger("x").error("mailed", extra={"to": "0" * 32, "event_id": "e-1"})
"""


def test_whatever_tells_of_somebody_fails_its_test_by_name_and_line(tmp_path: Path) -> None:
    """In a run of its own: each of its tests passes and is failed by the watch, but for the one that tells nothing."""
    (tmp_path / "conftest.py").write_text(
        "from privacy import pytest_configure, pytest_runtest_makereport\n", encoding="utf-8"
    )
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    path = f"{given.REPOSITORY / 'tests' / 'stage'}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rE", "-p", "no:cacheprovider", "--override-ini", f"pythonpath={path}",
         "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = [line.split("(")[0].removeprefix("def ") for line in SUITE.splitlines() if line.startswith("def test_")]

    assert done.returncode == 1
    assert f"{len(names)} passed, {len(names) - 1} errors" in done.stdout, done.stdout
    for name in names:
        assert (f"::{name} tells of people:" in done.stdout) == (name != "test_nothing"), done.stdout
    assert "may hold 'Roberta Okafor'" in done.stdout
    assert "may hold 'Quarterly figures of the bakery'" in done.stdout
    log = next(number for number, line in enumerate(SUITE.splitlines(), 1) if "somebody's" in line)
    assert f"test_suite.py:{log} (logger somebody's): 'mailed bob@example.com'" in done.stdout


def report(*sections: tuple[str, str]) -> pytest.TestReport:
    """The report of a test that passed and printed this."""
    return pytest.TestReport("id", ("file", 1, "name"), {}, "passed", None, "teardown", sections)


@pytest.mark.parametrize("leak", [f"to ann@{ADDRESS_DOMAIN.upper()}", f"Hello {NAME}", f'{{"body": "{BODY}"}}'])
@pytest.mark.parametrize("section", ["Captured stdout call", "Captured stderr setup", "Captured log teardown"])
def test_a_sentinel_fails_the_test(section: str, leak: str) -> None:
    """An address, a name or a body in any kind of output turns a passed test into a failed one."""
    found = judged(report((section, f"line\n{leak}\n")), Watch())

    assert found.outcome == "failed"
    assert section in str(found.longrepr)


def test_quiet_output_passes() -> None:
    """Ids and counts may be printed."""
    assert judged(report(("Captured stdout call", '{"sent": 2, "event_id": "e1"}')), Watch()).outcome == "passed"


@pytest.mark.parametrize(
    "text",
    [
        "playwright@1.58.0 and @sparticuz/chromium",
        f"Message-ID: <{'0a' * 16}.{'1b' * 16}@mail.example.com>",
        "from news@example.com",
        "a@b",
    ],
)
def test_what_only_looks_like_an_address(text: str) -> None:
    """Packages, our own ids, and whom mail comes from are nobody's secret."""
    assert list(addresses_in(text)) == []


def test_what_of_a_body_is_searched_for() -> None:
    """Its texts wherever they stand, its keys, and all of it where it is no JSON; no moment, link or short word."""
    known = Known()
    known.learn_body(json.dumps({"a": [{"Somebody's own key": "AMZN"}], "at": "2026-01-01T00:00:00Z", "n": 1}))
    known.learn_body('{"a": "https://pages.example.com/a b", "b": "a_name_of_a_field"}')
    known.learn_body("no JSON at all")

    assert "Somebody's own key" in known.bodies
    assert "no JSON at all" in known.bodies
    assert len(known.bodies) == 4, "the two bodies, a key, and what is no JSON"
