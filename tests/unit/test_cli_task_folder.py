"""A folder of task files is kept going: whatever is added, changed or removed."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import sentinels
from consent_world import link
from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.errors import StoreUnavailable
from eventpost.model import Schedule, ScheduleState
from eventpost.schedule import Limits
from eventpost.tasks import OVER, Kept, audience_of
from eventpost_cli.tasks.file_tasks import FileTasks
from eventpost_cli.tasks.folder import AGAIN_S, REMEMBER_S, SETTLED_S, TaskFolder
from eventpost_cli.tasks.kept import FOLDER, all_of
from task_world import TaskWorld

TASK = f"""
page = "https://example.com/prices"
every = "15 minutes"
mail_to = "{sentinels.address("ada")}"
"""
LATER = 10.0  # seconds: after it, a file that was written just now is written for good


class Watcher:
    """A folder, what is told of it, and a clock that can be put on."""

    def __init__(self, folder: Path, world: TaskWorld) -> None:
        self.folder, self.world, self.ahead = folder, world, LATER
        self.told: list[str] = []
        self.troubles: list[str] = []
        self.start()

    def start(self) -> None:
        """Begin as a process does that has just started."""
        self.kept = TaskFolder(self.folder, FileTasks(self.world.operators), self._tell, self._now)

    def write(self, name: str, text: str = TASK) -> Path:
        """Put a file there, at once or in place of what it was."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def look(self) -> list[str]:
        """Look; what was told."""
        before = len(self.told)
        self.done = self.kept.look()
        return self.told[before:]

    def lose(self, file: Path) -> None:
        """Remove the file and let the moment go by in which another may take its place."""
        file.unlink()
        self.kept.look()
        self.ahead += 2 * SETTLED_S

    @property
    def going(self) -> list[Kept]:
        """The tasks that there are."""
        return [kept for kept in all_of(self.world.tasks, FOLDER) if kept.schedule.state not in OVER]

    @property
    def titles(self) -> list[str]:
        """Their titles, in order."""
        return sorted(kept.task.shown_title for kept in self.going)

    def _tell(self, line: str, trouble: bool) -> None:  # noqa: FBT001 - a callback with one meaning
        self.told.append(line)
        self.troubles += [line] * trouble

    def _now(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    """An empty folder, and no tasks."""
    folder = tmp_path / "watched"
    folder.mkdir()
    return Watcher(folder, TaskWorld())


def test_a_file_that_comes_is_a_task_and_gone_it_is_none(watcher: Watcher) -> None:
    """Its people are on the mails meanwhile."""
    file = watcher.write("prices.toml")
    (said,) = watcher.look()
    (kept,) = watcher.going

    assert said.startswith("prices.toml: added: example.com, every 15 minutes, next at 2026-01-01 00:00:01 UTC")
    assert watcher.world.mailed(kept.schedule.id) == ["ada"]
    assert watcher.look() == []
    assert watcher.done
    watcher.lose(file)
    assert watcher.look() == ["prices.toml: gone, so its task is removed"]
    assert watcher.going == []
    assert watcher.world.mailed(kept.schedule.id) == []


def test_a_file_that_changes_changes_its_task(watcher: Watcher) -> None:
    """Also where an editor puts a new file in its place."""
    file = watcher.write("prices.toml")
    watcher.look()
    (before,) = watcher.going
    new = watcher.write(".prices.toml.swp", TASK.replace("15 minutes", "1 hour"))
    new.replace(file)

    assert watcher.look() == ["prices.toml: changed: example.com, every hour, next at 2026-01-01 00:00:01 UTC"]
    (after,) = watcher.going
    assert after.schedule.id == before.schedule.id


def test_a_file_that_is_away_for_a_moment_keeps_its_task(watcher: Watcher) -> None:
    """Some editors rename the old file before the new one is there."""
    file = watcher.write("prices.toml")
    watcher.look()
    (before,) = watcher.going
    aside = file.rename(file.with_suffix(".toml~"))
    assert watcher.look() == []
    assert not watcher.done
    aside.rename(file)
    watcher.look()
    watcher.ahead += 10 * SETTLED_S

    assert watcher.look() == []
    assert [kept.schedule.id for kept in watcher.going] == [before.schedule.id]


def test_a_file_that_is_touched_changes_nothing(watcher: Watcher) -> None:
    """The next picture stays where it was."""
    file = watcher.write("prices.toml")
    watcher.look()
    (before,) = watcher.going
    watcher.world.people.wait(minutes=5)
    os.utime(file)
    watcher.look()

    assert watcher.going[0].schedule == before.schedule


def test_a_file_is_read_when_it_is_written(watcher: Watcher) -> None:
    """Half of it would be another task; what is no task is told only after a while."""
    watcher.ahead = 0
    watcher.write("prices.toml", TASK[:30])
    assert watcher.look() == []
    assert not watcher.done
    watcher.ahead = 1
    assert watcher.look() == []
    assert not watcher.done
    watcher.write("prices.toml")
    watcher.ahead = 0.5
    assert len(watcher.look()) == 1
    assert watcher.troubles == []


def test_a_bad_file_is_told_once_and_harms_no_other(watcher: Watcher) -> None:
    """With its line. Mended, it is a task."""
    watcher.write("bad.toml", TASK.replace("15 minutes", "15 apples"))
    watcher.write("good.toml")

    assert len(watcher.look()) == 2
    assert len(watcher.going) == 1
    (trouble,) = watcher.troubles
    assert trouble.startswith('bad.toml, line 3: every: write a number and a unit, such as "15 minutes"')
    assert watcher.look() == []
    watcher.write("bad.toml")
    assert len(watcher.look()) == 1
    assert len(watcher.going) == 2


def test_a_time_that_never_comes_is_told_with_its_line(watcher: Watcher) -> None:
    """It is only known by the scheduler's rules."""
    watcher.write("prices.toml", TASK.replace('every = "15 minutes"', 'cron = "0 0 30 2 *"'))
    (said,) = watcher.look()

    assert said.startswith("prices.toml, line 3: cron: ")


def test_a_file_that_turns_bad_leaves_its_task_as_it_was(watcher: Watcher) -> None:
    """And says so."""
    watcher.write("prices.toml")
    watcher.look()
    watcher.write("prices.toml", "page = ")

    assert watcher.look()[0].endswith("(its task goes on as it was)")
    assert watcher.titles == ["example.com"]


def test_what_is_no_task_file_is_left_alone(watcher: Watcher) -> None:
    """Hidden files, folders, files of editors, and files of other kinds."""
    (watcher.folder / "folder.toml").mkdir()
    (watcher.folder / "dangling.toml").symlink_to(watcher.folder / "nowhere")
    for name in (".hidden.toml", "notes.txt", "prices.toml~", "prices.toml.swp"):
        watcher.write(name, "nonsense")

    assert watcher.look() == []
    assert watcher.going == []


def test_a_restart_finds_the_same_tasks(watcher: Watcher) -> None:
    """They keep their rhythm, whether or not their files were changed meanwhile."""
    for name in ("a", "b", "c"):
        watcher.write(f"{name}.toml", f'title = "{name}"\n{TASK}')
    watcher.look()
    before = {kept.task.title: kept.schedule for kept in watcher.going}
    watcher.world.people.wait(minutes=5)
    (watcher.folder / "b.toml").unlink()
    watcher.write("c.toml", f'title = "C"\n{TASK}')
    watcher.start()
    told = watcher.look()

    after = {kept.task.title: kept.schedule for kept in watcher.going}
    assert sorted(after) == ["C", "a"]
    assert after["a"] == before["a"]
    assert after["C"].id == before["c"].id
    assert [line[:7] for line in told] == ["b: its ", "a.toml:", "c.toml:"]


def test_a_file_that_comes_back_makes_its_task_anew(watcher: Watcher) -> None:
    """Time and again, and a restart finds the last one."""
    for _ in range(3):
        file = watcher.write("prices.toml")
        watcher.look()
        file.unlink()
        watcher.look()
    watcher.write("prices.toml")
    watcher.look()
    (kept,) = watcher.going
    watcher.start()
    watcher.look()

    assert [each.schedule.id for each in watcher.going] == [kept.schedule.id]


def test_a_task_that_was_stopped_by_a_link_stays_stopped_until_its_file_changes(watcher: Watcher) -> None:
    """A file that somebody changes asks for its task anew."""
    watcher.write("prices.toml")
    watcher.look()
    (kept,) = watcher.going
    watcher.world.tasks.remove(None, kept.schedule.id)
    assert watcher.look() == []
    assert watcher.going == []
    watcher.write("prices.toml", f'title = "Prices"\n{TASK}')
    watcher.look()

    assert watcher.titles == ["Prices"]


def test_a_task_that_was_paused_by_a_link_stays_paused(watcher: Watcher) -> None:
    """Whatever becomes of its file."""
    watcher.write("prices.toml")
    watcher.look()
    watcher.world.tasks.pause(None, watcher.going[0].schedule.id)
    watcher.write("prices.toml", f'title = "Prices"\n{TASK}')

    assert watcher.look() == ["prices.toml: changed: Prices, every 15 minutes, paused"]
    assert watcher.going[0].schedule.state is ScheduleState.PAUSED


def test_what_people_said_by_links_outlives_the_store(watcher: Watcher) -> None:
    """The embedded AWS forgets all when it ends: who has left is not mailed again, what was stopped does not begin."""
    both = f'["{sentinels.address("ada")}", "{sentinels.address("bob")}"]'
    for name in ("left", "paused", "stopped", "changed", "empty"):
        watcher.write(f"{name}.toml", f'title = "{name}"\n' + TASK.replace(f'"{sentinels.address("ada")}"', both))
    watcher.look()
    ids = {kept.task.title: kept.schedule.id for kept in watcher.going}
    watcher.world.people.leave("bob", audience_of(ids["left"]))
    for local in ("ada", "bob"):
        watcher.world.people.leave(local, audience_of(ids["empty"]))
    watcher.world.tasks.pause(None, ids["paused"])
    watcher.world.tasks.remove(None, ids["stopped"])
    watcher.world.tasks.remove(None, ids["changed"])
    watcher.ahead += REMEMBER_S + 1
    watcher.look()

    assert sentinels.found_in(path.read_text() for path in watcher.folder.glob(".*")) == []
    watcher.write("changed.toml", f'title = "changed since"\n{TASK}')
    watcher.world = TaskWorld()
    watcher.start()
    told = watcher.look()
    assert watcher.titles == ["changed since", "left", "paused"]
    states = {kept.task.title: kept for kept in watcher.going}
    assert watcher.world.mailed(states["left"].schedule.id) == ["ada"]
    assert states["paused"].schedule.state is ScheduleState.PAUSED
    assert "stopped.toml: somebody stopped it by a link in its mail; change the file to begin anew" in told
    assert any(line.startswith("empty.toml: nobody that it names is mailed any more") for line in told)

    watcher.ahead += REMEMBER_S + 1
    watcher.look()
    watcher.world = TaskWorld()
    watcher.start()
    watcher.look()
    assert watcher.titles == ["changed since", "left", "paused"], "and a second start knows the same"


def test_who_comes_back_is_mailed_after_a_restart_as_well(watcher: Watcher) -> None:
    """They took their leaving back."""
    both = f'["{sentinels.address("ada")}", "{sentinels.address("bob")}"]'
    watcher.write("prices.toml", TASK.replace(f'"{sentinels.address("ada")}"', both))
    watcher.look()
    audience = audience_of(watcher.going[0].schedule.id)
    watcher.world.people.leave("bob", audience)
    watcher.kept.remember()
    watcher.world.people.leaving.undo(link("bob", audience))
    watcher.kept.remember()
    watcher.world = TaskWorld()
    watcher.start()
    watcher.look()

    assert watcher.world.mailed(watcher.going[0].schedule.id) == ["ada", "bob"]


def test_a_damaged_memory_is_told_and_mails_nobody(watcher: Watcher) -> None:
    """Else those who left would be mailed."""
    (watcher.folder / ".eventpost-wishes.json").write_text('{"prices.toml": 3}')
    watcher.write("prices.toml")

    (told,) = watcher.look()
    assert told.startswith("watched: .eventpost-wishes.json is damaged: mend it, or remove it and with it who has left")
    assert watcher.going == []


def test_who_is_not_mailed_is_told_by_their_address(watcher: Watcher) -> None:
    """Whoever wrote the file may know it."""
    watcher.world.people.imported("bob", "news")
    watcher.world.people.suppress("bob")
    both = f'["{sentinels.address("ada")}", "{sentinels.address("bob")}"]'
    watcher.write("prices.toml", TASK.replace(f'"{sentinels.address("ada")}"', both))
    watcher.look()

    assert watcher.troubles == [
        f"prices.toml: {sentinels.address('bob')} is not mailed: mails to them bounced, or they complained"
    ]


def test_a_store_that_does_not_answer_is_asked_again_after_a_while(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once; the other files wait for nobody."""
    watcher.write("prices.toml")
    watcher.look()
    answers = watcher.world.schedules.add
    asked: list[object] = []

    def silent(schedule: object) -> bool:
        asked.append(schedule)
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(watcher.world.schedules, "add", silent)
    watcher.write("stocks.toml")
    watcher.lose(watcher.folder / "prices.toml")
    assert len(watcher.look()) == 1
    assert len(watcher.told) == 3
    assert watcher.going == []
    assert watcher.look() == []
    assert len(asked) == 1, "not at every look"
    watcher.ahead += AGAIN_S
    assert watcher.look() == []
    monkeypatch.setattr(watcher.world.schedules, "add", answers)
    watcher.ahead += AGAIN_S
    assert len(watcher.look()) == 1
    assert watcher.done
    assert len(watcher.going) == 1


def test_a_store_that_is_not_there_at_the_start_is_waited_for(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is taken for gone meanwhile."""
    watcher.write("prices.toml")
    watcher.look()
    watcher.start()
    answers = watcher.world.schedules.of_owner

    def silent(*_: object) -> Iterator[object]:
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(watcher.world.schedules, "of_owner", silent)
    assert watcher.look() == ["watched: StoreUnavailable: no answer; this is tried again"]
    monkeypatch.setattr(watcher.world.schedules, "of_owner", answers)
    watcher.ahead += AGAIN_S
    assert len(watcher.look()) == 1
    assert len(watcher.going) == 1


def test_a_folder_that_is_gone_ends_no_task(watcher: Watcher) -> None:
    """A disk that is not mounted is no wish. When it is back, all goes on."""
    watcher.write("prices.toml")
    watcher.look()
    elsewhere = watcher.folder.rename(watcher.folder.parent / "elsewhere")
    assert watcher.look() == ["watched: No such file or directory; this is tried again"]
    assert len(watcher.going) == 1
    elsewhere.rename(watcher.folder)
    watcher.ahead += AGAIN_S
    assert watcher.look() == []
    assert watcher.done


def test_more_tasks_than_there_may_be_are_told(tmp_path: Path) -> None:
    """The others run; the last comes when there is room."""
    watcher = Watcher(tmp_path, TaskWorld(limits=replace(Limits(), recurring_per_owner=1)))
    watcher.write("a.toml")
    watcher.write("b.toml")
    watcher.look()
    assert watcher.troubles[0].startswith("b.toml: QuotaReached: ")
    (watcher.folder / "a.toml").unlink()
    watcher.ahead += AGAIN_S
    watcher.look()

    assert len(watcher.going) == 1


def test_what_is_remembered_does_not_grow(watcher: Watcher) -> None:
    """Whatever comes and goes."""
    for number in range(50):
        file = watcher.write(f"{number}.toml", TASK if number % 2 else "bad")
        watcher.look()
        watcher.lose(file)
        watcher.look()

    assert watcher.kept._files == {}


def test_a_task_that_was_made_without_an_answer_is_not_made_twice(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store has it and falls silent: the next try finds it, whatever the file says by then."""
    answers = MemorySchedules.add

    def silent(store: MemorySchedules, schedule: Schedule) -> bool:
        answers(store, schedule)
        raise StoreUnavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(MemorySchedules, "add", silent)
        watcher.write("prices.toml")
        watcher.look()
    watcher.write("prices.toml", f'title = "Prices"\n{TASK}')
    watcher.ahead += AGAIN_S
    watcher.look()

    assert watcher.titles == ["Prices"]
