"""The turns: everyone takes the page's picture once a round, so that a slow minute of the machine is everybody's."""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.capture.pictures import SIZE, check
from benchmarks.capture.programs import Programs, multi_yaml
from benchmarks.capture.site import served
from benchmarks.capture.turns import Program
from benchmarks.delivery.errors import RunWrong

MULTI: Final = 10  # pictures in one run of `multi`, which starts a browser for all of them
TRIES: Final = 3  # in each round, of those that are warm; the middle one counts
_WARMING: Final = 3
_SIZE: Final = ("--width", str(SIZE[0]), "--height", str(SIZE[1]))


class Bench:
    """Measures, and keeps what it has measured: `ms[who]` has milliseconds for a picture, one entry for each round."""

    def __init__(self, programs: Programs, url: str, folder: Path, say: Callable[[str], None]) -> None:
        self.ms: dict[str, list[float]] = {}
        self.stages: dict[str, list[float]] = {}
        self._programs = programs
        self._url = url
        self._folder = folder
        self._say = say
        self._like: Path | None = None

    def run(self, rounds: int) -> None:
        """So many rounds, after everyone has warmed up.

        Raises:
            RunWrong: A picture is missing or wrong, or was taken without loading the page.
        """
        with ExitStack() as up:
            warm = [
                up.enter_context(Program(name, command, self._programs.environment))
                for name, command in self._programs.warm(self._url).items()
            ]
            for program in warm:
                for _ in range(_WARMING):
                    self._turn(program)
            self._shot_scraper()
            if self._programs.package:
                self._cold()
            self.stages.clear()
            for number in range(rounds):
                self._round(warm)
                self._say(f"round {number + 1:2}: {self._told()}")

    def _round(self, warm: list[Program]) -> None:
        tries = [{program.name: self._turn(program) for program in warm} for _ in range(TRIES)]
        for program in warm:
            self._keep(program.name, median(taken[program.name] for taken in tries))
        self._keep("shot_scraper", self._shot_scraper())
        self._keep("shot_scraper_multi", self._multi())
        if self._programs.package:
            self._keep("cold", self._cold())
            self._keep("unpack", self._unpack())

    def _turn(self, program: Program) -> float:
        file = self._folder / f"{program.name}.png"
        said: dict[str, Any] = {}
        self._loads(1, program.name, lambda: said.update(program.turn(file)), [file])
        if program.name == "ours":
            for stage, ms in said["stages"].items():
                self.stages.setdefault(stage, []).append(ms)
        return float(said["s"])

    def _shot_scraper(self) -> float:
        file = self._folder / "shot_scraper.png"
        shot = ("shot", self._url, "--output", str(file), *_SIZE, "--silent")
        return self._loads(1, "shot-scraper", lambda: self._programs.shot_scraper(*shot), [file])

    def _multi(self) -> float:
        files = [self._folder / f"multi{number}.png" for number in range(MULTI)]
        told = self._folder / "multi.yaml"
        told.write_text(multi_yaml(self._url, files))
        multi = ("multi", str(told), "--silent")
        return self._loads(MULTI, "shot-scraper multi", lambda: self._programs.shot_scraper(*multi), files) / MULTI

    def _cold(self) -> float:
        file = self._folder / "cold.png"
        seconds = 0.0

        def take() -> None:
            nonlocal seconds
            with tempfile.TemporaryDirectory(dir=self._folder) as temporary:
                seconds = self._programs.cold(self._url, file, Path(temporary))

        self._loads(1, "cold", take, [file], alike=False)  # the packed browser brings fonts of its own
        return seconds

    def _unpack(self) -> float:
        with tempfile.TemporaryDirectory(dir=self._folder) as temporary:
            return self._programs.unpack(Path(temporary))

    def _loads(self, times: int, who: str, take: Callable[[], None], files: list[Path], *, alike: bool = True) -> float:
        """The seconds of `take`, which has to load the page so many times and leave these pictures."""
        for file in files:
            file.unlink(missing_ok=True)
        before, begun = served(self._url), time.perf_counter()
        take()
        seconds = time.perf_counter() - begun
        if (loads := served(self._url) - before) != times:
            msg = f"{who} was to load the page {times} times and did {loads} times"
            raise RunWrong(msg)
        for file in files:
            check(file, self._like if alike else None, who)
        self._like = self._like or files[0].rename(self._folder / "like.png")
        return seconds

    def _keep(self, who: str, seconds: float) -> None:
        self.ms.setdefault(who, []).append(seconds * 1000)

    def _told(self) -> str:
        return ", ".join(f"{who} {taken[-1]:.0f} ms" for who, taken in self.ms.items())
