"""What the stack is doing, for whoever waits: a spinner with seconds on a terminal, a line per step elsewhere."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text


class Steps(Protocol):
    """Where steps are announced; several may be under way at once."""

    def step(self, title: str) -> AbstractContextManager[None]:
        """Show the step while the block runs, and how long it took after it."""


class Silent:
    """Announces nothing: for tests."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show nothing."""
        del title
        yield


class Announced:
    """Announces on a console for as long as the `with` block lasts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            _Seconds(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the steps standing as they are."""
        self._progress.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show the step while the block runs; one that fails is left without its tick."""
        task, start = self._progress.add_task(title, total=1), time.monotonic()
        yield
        self._progress.update(task, completed=1)
        if not self._console.is_terminal:
            self._console.print(f"{title}: {time.monotonic() - start:.1f} s", highlight=False)


class _Seconds(ProgressColumn):
    """Seconds since the step began, or that it took."""

    def render(self, task: Task) -> Text:
        """Return the seconds with one decimal."""
        seconds = task.finished_time if task.finished else task.elapsed
        return Text(f"{seconds or 0:.1f} s", style="dim")
