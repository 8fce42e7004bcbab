"""A folder of task files, kept going: what its files say is what runs, whenever one is added, changed or removed.

Each look compares the folder with what was done before and does what is left to do. So nothing depends on a change
being noticed at the right moment, and what a store did not take is done later. What is remembered is an entry a file.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from eventpost.errors import EventpostError, Permanent
from eventpost.model import ScheduleState
from eventpost.tasks import OVER, Task, TaskRefused
from eventpost_cli.tasks.file_marks import FileMark, marks
from eventpost_cli.tasks.file_tasks import FileTasks, made_of
from eventpost_cli.tasks.kept import outlook
from eventpost_cli.tasks.task_file import read_file, refusal
from eventpost_cli.tasks.wishes import Wish, Wishes, off

SETTLED_S: Final = 0.3
"""A file is read once nothing was written to it for so long, and gone once it is not there for so long: editors save in
several writes, and some put the new file in the place of the old one."""

PATIENCE_S: Final = 1.5
"""A file that makes no task is told of after so long: it may be written in several steps."""

REMEMBER_S: Final = 60.0
"""What people have said by links is looked for so often, to be known at the next start."""

AGAIN_S: Final = 5.0
"""After so long, what failed for a reason that may pass is tried again."""


@dataclass(slots=True)
class _Followed:
    """What is known of a file: the state that was dealt with last, its task, whom it names, its trouble, its end."""

    done: FileMark | None = None
    task_id: str = ""
    named: tuple[str, ...] = ()
    trouble: str = ""
    not_before: float = 0.0
    gone_at: float = 0.0


@dataclass(slots=True)
class TaskFolder:
    """Keeps the tasks of a deployment as the files `*.toml` in a folder say.

    Attributes:
        folder: The folder.
        tasks: Makes tasks of files.
        tell: Takes a line for whoever watches, and whether it tells of trouble.
        now: The seconds since 1970 that files are dated by.
    """

    folder: Path
    tasks: FileTasks
    tell: Callable[[str, bool], None]
    now: Callable[[], float] = time.time
    _files: dict[str, _Followed] = field(default_factory=dict)
    _whole: _Followed = field(default_factory=_Followed)
    _wishes: Wishes = field(init=False)
    _remembered_at: float = 0.0
    _begun: bool = False

    def __post_init__(self) -> None:
        self._wishes = Wishes(self.folder)

    def look(self) -> bool:
        """Do what the folder asks for; whether all of it is done."""
        if self.now() < self._whole.not_before:
            return False
        try:
            found = dict(marks(self.folder))
            self._begin(found)
        except (OSError, EventpostError) as error:
            return self._trouble(self._whole, self.folder.name, error)
        self._whole = _Followed()
        gone = [name for name in self._files if name not in found]
        done = [self._step(name, self._removed) for name in gone]
        done += [self._step(name, lambda name: self._follow(name, found[name])) for name in found]
        if self.now() - self._remembered_at > REMEMBER_S:
            self.remember()
        return all(done)

    def remember(self) -> None:
        """Keep what people have said by links since; what cannot be asked or kept now is left to the next time."""
        self._remembered_at = self.now()
        try:
            for name, file in self._files.items():
                if file.done and file.task_id:
                    self._wishes.note(name, self._wish(name, file, file.done))
        except EventpostError:
            return
        except OSError as error:
            self.tell(f"who has left is not remembered: {error.strerror}", True)

    def _begin(self, found: Mapping[str, FileMark]) -> None:
        """Know the tasks that an earlier process made of these files, and remove those of files that are gone."""
        if self._begun:
            return
        self._wishes.load()
        going = self.tasks.going()
        self._files = {name: _Followed(task_id=made_of(name, going)) for name in found}
        for task_id in going.keys() - {file.task_id for file in self._files.values()}:
            self.tasks.remove(task_id)
            self.tell(f"{going[task_id].task.shown_title}: its file is gone, so its task is removed", False)
        self._begun = True

    def _step(self, name: str, work: Callable[[str], bool]) -> bool:
        """Do the work for this file, unless it failed just now; whether it is done. No file's trouble is another's."""
        file = self._files.setdefault(name, _Followed())
        if self.now() < file.not_before:
            return False
        try:
            return work(name)
        except EventpostError as error:
            return self._trouble(file, name, error)

    def _removed(self, name: str) -> bool:
        file = self._files[name]
        file.gone_at = file.gone_at or self.now()
        if self.now() - file.gone_at < SETTLED_S:
            return False
        if file.task_id:
            self.tasks.remove(file.task_id)
            self.tell(f"{name}: gone, so its task is removed", False)
        self._wishes.note(name, Wish())
        del self._files[name]
        return True

    def _follow(self, name: str, mark: FileMark) -> bool:
        file, age = self._files[name], mark.age(self.now())
        file.gone_at = 0.0
        if file.done == mark:
            return True
        if age < SETTLED_S:
            return False
        try:
            self._put(name, file, mark)
        except (click.ClickException, Permanent) as error:
            if age < PATIENCE_S:
                return False
            self._tell_fault(name, file, error)
        file.done, file.trouble = mark, ""
        return True

    def _put(self, name: str, file: _Followed, mark: FileMark) -> None:
        task, wish = read_file(self.folder / name), self._wishes.of(name)
        if wish.stopped == mark.told:
            self.tell(f"{name}: somebody stopped it by a link in its mail; change the file to begin anew", False)
            return
        file.named = task.mail_to
        if not file.task_id:
            task = self._without_who_left(name, task, wish)
        try:
            kept = self.tasks.put(name, task, file.task_id)
        except TaskRefused as error:
            raise refusal(self.folder / name, error) from None
        if kept.is_new and wish.paused and not file.done:
            kept = self.tasks.pause(kept.schedule.id)
        verb = "added" if kept.is_new else "changed" if file.done else "goes on"
        file.task_id = kept.schedule.id
        self.tell(f"{name}: {verb}: {kept.task.shown_title}, {outlook(kept)}", False)
        for each in kept.refused:
            self.tell(f"{name}: {task.mail_to[each.position]} is not mailed: {each.reason}", True)

    def _without_who_left(self, name: str, task: Task, wish: Wish) -> Task:
        """The task for those who still want it: of the others, the store knows nothing any more."""
        staying = wish.leaves(task.mail_to)
        for address in task.mail_to:
            if address not in staying:
                self.tell(f"{name}: {address} is not mailed: they have left, or their mails bounced", True)
        if not staying:
            msg = "nobody that it names is mailed any more; remove the file, or name somebody else"
            raise Permanent(msg)
        return task.model_copy(update={"mail_to": staying})

    def _wish(self, name: str, file: _Followed, mark: FileMark) -> Wish:
        """What is wished of the task by now."""
        before, kept = self._wishes.of(name), self.tasks.standing(file.task_id)
        if kept is None:
            return before
        if kept.schedule.state in OVER:  # everybody was taken off, so it does not show who had left
            return Wish(before.off, stopped=mark.told)
        return Wish(off(file.named, kept.task.mail_to), paused=kept.schedule.state is ScheduleState.PAUSED)

    def _tell_fault(self, name: str, file: _Followed, error: Exception) -> None:
        said = error.message if isinstance(error, click.ClickException) else f"{name}: {error}"
        self.tell(f"{said}{' (its task goes on as it was)' if file.task_id else ''}", True)

    def _trouble(self, file: _Followed, name: str, error: Exception) -> bool:
        """Have it tried again; it is told once, until it has passed."""
        said = error.strerror or "" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        if said != file.trouble:
            self.tell(f"{name}: {said}; this is tried again", True)
        file.trouble, file.not_before = said, self.now() + AGAIN_S
        return False
