"""The tasks that files make. A file's name is its task's: the same file makes the same task, in whichever process."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

from eventpost.errors import Permanent, ScheduleRefused, UnknownSchedule
from eventpost.model import schedule_id
from eventpost.tasks import OVER, Kept, Task, TaskRefused, Tasks
from eventpost_cli.tasks.kept import FOLDER, all_of

_GENERATIONS: Final = 1_000  # so often may one file's task be removed within a week
_LOOKED_FOR: Final = 20  # of them, when tasks of an earlier process are taken over


@dataclass(frozen=True, slots=True)
class FileTasks:
    """Makes tasks of files' content, and ends them.

    Where a method says nothing else, it raises what `Tasks` raises.
    """

    tasks: Tasks

    def going(self) -> Mapping[str, Kept]:
        """The tasks that an earlier process has made of files and that are not over, by id."""
        return {kept.schedule.id: kept for kept in all_of(self.tasks, FOLDER) if kept.schedule.state not in OVER}

    def put(self, name: str, task: Task, task_id: str) -> Kept:
        """Make the task with this id what its file says now, or make one, where there is none or it is over."""
        return (self._replaced(task_id, task) if task_id else None) or self._added(name, task)

    def standing(self, task_id: str) -> Kept | None:
        """The task of this id as it is now, or None where it is gone."""
        try:
            return self.tasks.get(None, task_id)
        except UnknownSchedule:
            return None

    def pause(self, task_id: str) -> Kept:
        """Raise no events of this task until somebody resumes it."""
        return self.tasks.pause(None, task_id)

    def remove(self, task_id: str) -> None:
        """End this task; one that is gone is no error."""
        try:
            self.tasks.remove(None, task_id)
        except UnknownSchedule:
            return

    def _replaced(self, task_id: str, task: Task) -> Kept | None:
        try:
            return self.tasks.replace(None, task_id, task)
        except TaskRefused:
            raise
        except (ScheduleRefused, UnknownSchedule):
            return None  # somebody stopped it by a link; a file that was changed since begins anew

    def _added(self, name: str, task: Task) -> Kept:
        """A new task, under the first of the file's ids that was not used of late."""
        for token in islice(_tokens(name), _GENERATIONS):
            try:
                made = self.tasks.get(None, schedule_id(FOLDER, token))
            except UnknownSchedule:
                return self.tasks.add(FOLDER, task, token)
            if made.schedule.state not in OVER:  # an earlier try made it, and got no answer
                return self.tasks.replace(None, made.schedule.id, task)
        msg = "its task was removed and made anew too often: give the file another name"
        raise Permanent(msg)


def made_of(name: str, going: Collection[str]) -> str:
    """Which of these tasks was made of the file of this name, or ""."""
    ids = (schedule_id(FOLDER, token) for token in islice(_tokens(name), _LOOKED_FOR))
    return next((each for each in ids if each in going), "")


def _tokens(name: str) -> Iterator[str]:
    """What stands for a file's task when it is made for the first time, and each time after it was removed."""
    return (hashlib.sha256(f"{name}\0{number}".encode(errors="surrogateescape")).hexdigest() for number in count())
