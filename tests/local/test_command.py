"""`eventpost local` as a process of its own: it starts all, tells where, and leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployed import wait_until
from eventpost_cli.local.family import family
from eventpost_cli.local.loopback import answers
from project_copy import held_copy

ROOT = Path(__file__).parents[2]
EVENTPOST = str(Path(sys.executable).with_name("eventpost"))
ANY_PORTS = ("--port", "0", "--smtp-port", "0", "--inbox-port", "0")
LAST_LINE = "Ctrl-C"
START_S = 200  # where nothing has been built yet, a minute and more
STOP_S = 20

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project in which no stack is up."""
    with held_copy(ROOT, "tests-command") as copy:
        yield copy


@contextmanager
def running(project: Path, output: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, running in the project; killed if it has not ended by itself."""
    with output.open("wb") as out:
        process = subprocess.Popen((EVENTPOST, "local", *arguments), cwd=project, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def eventpost(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What the command says when it is run to its end."""
    return subprocess.run((EVENTPOST, *arguments), cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.timeout(START_S + 90)
def test_it_starts_tells_its_addresses_and_stops_all_it_started(project: Path, tmp_path: Path) -> None:
    """One screen of addresses that answer; Ctrl-C ends every process, and another start would find the place free."""
    output = tmp_path / "screen.txt"
    with running(project, output, *ANY_PORTS) as process:
        wait_until(lambda: LAST_LINE in output.read_text() or process.poll() is not None, START_S)
        screen = output.read_text()
        assert process.poll() is None, screen
        addresses = re.findall(r"http://127\.0\.0\.1:\d+", screen)
        inbox, aws = addresses[:2]
        second = eventpost(project, "local", *ANY_PORTS)
        sent = eventpost(project, "send", "stock_alerts", "--local")
        started = family(process.pid)
        found = answers(f"{inbox}/api/healthz"), answers(f"{aws}/_ministack/health")

        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)
        wait_until(lambda: not any(relative.alive() for relative in started), STOP_S)

    assert found == (True, True), screen
    assert len(screen.splitlines()) <= 24, "more than one screen"
    for name in ("dcf_engine_results", "stock_alerts"):
        assert f"Queue of {name}" in screen
    assert second.returncode == 1
    assert "A local stack is up already" in second.stderr
    assert sent.returncode == 0, sent.stderr
    assert len(started) >= 3, "the AWS, the inbox and SAM CLI at least"
    assert process.returncode == 0
    assert not answers(f"{inbox}/api/healthz")
    assert not answers(f"{aws}/_ministack/health")
    assert "No local stack is up" in eventpost(project, "send", "stock_alerts", "--local").stderr


@pytest.mark.parametrize("option", ["--port", "--smtp-port", "--inbox-port"])
def test_a_port_in_use_is_told(project: Path, option: str) -> None:
    """Which one, and how to choose another; nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = eventpost(project, "local", *ANY_PORTS, option, port)

    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert option in done.stderr
    assert "Traceback" not in done.stderr
