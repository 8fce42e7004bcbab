"""A shot's stages and how long each took: for the log, and to say in which one the deadline passed."""

import time


class Laps:
    """A stop-watch that knows the name of the stage that runs."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._ms: dict[str, float] = {}
        self._since = time.perf_counter()

    def enter(self, stage: str) -> None:
        """End the running stage and begin the next."""
        now = time.perf_counter()
        self._ms[self.stage] = self._ms.get(self.stage, 0) + (now - self._since) * 1000
        self.stage, self._since = stage, now

    def figures(self) -> dict[str, float]:
        """Milliseconds by stage, in order, the running one included."""
        self.enter(self.stage)
        return {stage: round(ms, 1) for stage, ms in self._ms.items()}
