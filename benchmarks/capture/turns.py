"""Programs that stay up and take one picture a turn: a file name a line comes in, what it took goes out."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.place import ROOT

_LONGEST_TURN_S: Final = 60


def each_turn(take: Callable[[str], Mapping[str, float]]) -> None:
    """Serve turns until the input ends; `take` leaves its picture in the file, and may tell what parts took, in ms."""
    for line in sys.stdin:
        begun = time.perf_counter()
        stages = take(line.strip())
        print(json.dumps({"s": time.perf_counter() - begun, "stages": stages}), flush=True)


class Program:
    """One that is up between its turns."""

    def __init__(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def turn(self, file: Path) -> dict[str, Any]:
        """Have a picture taken: the seconds as `s`, and parts of it in ms as `stages`.

        Raises:
            RunWrong: The program ended, or took a minute.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{file}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], _LONGEST_TURN_S)
        said = self._process.stdout.readline() if ready else ""
        if not said:
            msg = f"{self.name} took no picture"
            raise RunWrong(msg)
        return dict(json.loads(said))
