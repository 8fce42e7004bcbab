"""Brings what was saved to life: each change of code, templates or the template of the stack is built and deployed."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from watchfiles import DefaultFilter, watch

from eventpost_cli.local.errors import LocalStackError
from eventpost_cli.local.stack import LocalStack

WATCHED = ("functions", "shared", "templates", "template.yaml", "samconfig.toml")
# Editors save in several writes; this long after the last one they are taken for done.
SETTLE_MS = 150


def watch_forever(stack: LocalStack, console: Console) -> None:
    """Follow changes until interrupted; a change that cannot be deployed is told and waits for the next."""
    for changed in changes(stack.root):
        console.print(f"Changed: {summary(changed, stack.root)}", highlight=False)
        start = time.monotonic()
        try:
            stack.sam_update(build=needs_build(changed, stack.root))
        except LocalStackError as error:
            console.print(f"{error.message}\nWhat was deployed before still runs.", style="red", markup=False)
        else:
            console.print(f"Live after {time.monotonic() - start:.1f} s.", highlight=False)


def changes(root: Path) -> Iterator[set[Path]]:
    """Yield the files of each round of changes."""
    places = [place for name in WATCHED if (place := root / name).exists()]
    for round_ in watch(*places, watch_filter=DefaultFilter(), step=SETTLE_MS, raise_interrupt=True):
        yield {Path(path) for _, path in round_}


def needs_build(changed: Iterable[Path], root: Path) -> bool:
    """Tell whether `sam build` has to run: the templates of mails are deployed as they lie."""
    return not all(path.is_relative_to(root / "templates") for path in changed)


def summary(changed: Iterable[Path], root: Path) -> str:
    """Return the files by their paths in the project: a few by name, the rest by number."""
    names = sorted(str(path.relative_to(root)) for path in changed)
    rest = len(names) - 3
    return ", ".join(names[:3]) + (f" and {rest} more" if rest > 0 else "")
