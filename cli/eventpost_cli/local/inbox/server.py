"""Runs the inbox program on loopback."""

from pathlib import Path

from eventpost_cli.local.inbox.client import Inbox
from eventpost_cli.local.ports import LOOPBACK
from eventpost_cli.local.processes import Child
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import bare

TETHER = Path(__file__).with_name("tether.cjs")
PROGRAM = Path("node_modules/maildev/dist/bin/maildev.js")
START_SECONDS = 30


def start(state: State, *, smtp_port: int, web_port: int) -> tuple[Child, Inbox]:
    """Start the inbox; it may not answer yet, see `Inbox.answers`."""
    child = Child(
        "The inbox",
        (
            *("node", "--require", str(TETHER), str(state.inbox / PROGRAM)),
            *("--ip", LOOPBACK, "--smtp", str(smtp_port)),
            *("--web-ip", LOOPBACK, "--web", str(web_port)),
        ),
        log=state.logs / "inbox.log",
        env=bare(state.temporary),
        cwd=state.inbox,
    )
    return child, Inbox(f"http://{LOOPBACK}:{web_port}")
