"""`eventpost tasks` adds, tells and ends tasks on a deployment."""

import json
from pathlib import Path

import pytest

import sentinels
from eventpost_cli.tasks.kept import OPERATOR
from task_world import PAGE, TaskWorld, task
from tasks_command import deploy, tasks

ADA, BOB = sentinels.address("ada"), sentinels.address("bob")
PLAIN = (PAGE, "--every", "15 minutes", "--to", ADA)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> TaskWorld:
    """A deployment in memory."""
    return deploy(TaskWorld(), monkeypatch)


def the_id(world: TaskWorld) -> str:
    """The id of the only task of operators."""
    (kept,) = world.tasks.page(OPERATOR)[0]
    return kept.schedule.id


def test_a_task_is_added_by_options(world: TaskWorld) -> None:
    """All of them."""
    done = tasks(
        "add", PAGE, "--cron", "0 8 * * 1-5", "--time-zone", "Europe/Berlin", "--to", ADA, "--to", BOB,
        "--title", "Prices", "--only-if-changed", "--max-lateness", "5 minutes", "--device", "phone", "--dark",
        "--wait-for", "#chart", "--hide", "#ad", "--hide", "#more", "--full-page",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    (kept,) = world.tasks.page(OPERATOR)[0]
    assert done.output.startswith(f"Added: {kept.schedule.id}  Prices, at 08:00 on weekdays, Europe/Berlin, next at ")
    capture = {"device": "phone", "dark": True, "wait_for": "#chart", "hide": ["#ad", "#more"], "full_page": True}
    expected = task(
        "ada", "bob", cron="0 8 * * 1-5", time_zone="Europe/Berlin", title="Prices", only_if_changed=True,
        max_lateness="5 minutes", capture=capture,
    )  # fmt: skip
    assert kept.task.model_copy(update={"mail_to": tuple(sorted(kept.task.mail_to))}) == expected


def test_a_task_is_added_from_a_file_and_with_a_token_once(world: TaskWorld, tmp_path: Path) -> None:
    """The second time it was there."""
    file = tmp_path / "prices.toml"
    file.write_text(f'page = "{PAGE}"\nevery = "1 day"\nmail_to = "{ADA}"\n')

    assert tasks("add", "--file", str(file), "--token", "prices").output.startswith("Added: ")
    assert tasks("add", "--file", str(file), "--token", "prices").output.startswith("Was there: ")
    assert world.mailed(the_id(world)) == ["ada"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Say what to add"),
        ((PAGE,), "--to: this is needed"),
        ((PAGE, "--to", ADA), "write one of the two"),
        ((PAGE, "--every", "15", "--to", ADA), "--every: write a number and a unit"),
        ((PAGE, "--every", "1 day", "--to", "ada"), "--to, number 1: the address is not of the form name@domain"),
        ((PAGE, "--every", "1 day", "--max-lateness", "1 s", "--to", ADA), "--max-lateness: write a span"),
        ((PAGE, "--cron", "61 * * * *", "--to", ADA), "cron: "),
        (("example.com", "--every", "1 day", "--to", ADA), "page: write the page's whole address"),
    ],
)
def test_what_is_wrong_is_told_by_its_option(world: TaskWorld, arguments: tuple[str, ...], told: str) -> None:
    """And nothing is added."""
    done = tasks("add", *arguments)

    assert done.exit_code != 0
    assert told in done.output
    assert world.tasks.page(OPERATOR) == ([], None)


def test_who_is_not_mailed_is_told_by_address(world: TaskWorld) -> None:
    """To who typed it."""
    world.people.imported("bob", "news")
    world.people.suppress("bob")
    done = tasks("add", *PLAIN, "--to", BOB)

    assert f"Not mailed: {BOB}: mails to them bounced, or they complained" in done.stderr


def test_tasks_are_listed(world: TaskWorld) -> None:
    """Those of operators and of files; others' by their owner; removed ones when asked for."""
    world.tasks.add("folder", task(title="Of a file"))
    world.tasks.add("arn:role", task(title="Of a service"))
    tasks("add", *PLAIN, "--title", "By hand")
    gone = world.tasks.add(OPERATOR, task(title="Gone")).schedule.id
    tasks("remove", gone)

    listed = tasks("list").output
    assert "By hand: every 15 minutes, next at 2026-01-01 00:00:01 UTC, to 1 address\n" in listed
    assert "Of a file" in listed
    assert "Of a service" not in listed
    assert "Gone" not in listed
    assert "Of a service" in tasks("list", "--owner", "arn:role").output
    assert "Gone: every 15 minutes, cancelled" in tasks("list", "--all").output
    assert [json.loads(line)["title"] for line in tasks("list", "--json").output.splitlines()] == [
        "By hand",
        "Of a file",
    ]


def test_a_task_is_shown(world: TaskWorld) -> None:
    """With its next five pictures, by the clock of its time zone."""
    tasks(
        "add", PAGE, "--cron", "30 2 * * *", "--time-zone", "Europe/Berlin", "--to", ADA, "--dark", "--only-if-changed"
    )
    shown = tasks("show", the_id(world)).output

    assert f"page: {PAGE}" in shown
    assert f"mailed to: {ADA}" in shown
    assert "only if changed: in more than 0 of 64 bits" in shown
    assert "capture: dark = true" in shown
    assert shown.count("02:30:00 in Europe/Berlin") == 5
    document = json.loads(tasks("show", the_id(world), "--json").output)
    assert (document["cron"], document["mail_to"], len(document["upcoming"])) == ("30 2 * * *", [ADA], 5)


def test_a_task_is_paused_resumed_and_removed(world: TaskWorld) -> None:
    """Each says so."""
    tasks("add", *PLAIN)
    id_ = the_id(world)

    assert tasks("pause", id_).output == "Paused: example.com\n"
    assert "paused" in tasks("show", id_).output
    assert tasks("resume", id_).output.startswith("Resumed: example.com, every 15 minutes, next at ")
    assert tasks("remove", id_).output == "Removed: example.com\n"
    assert tasks("list").output == ""
    assert "mailed to: nobody any more" in tasks("show", id_).output


@pytest.mark.parametrize("verb", ["show", "pause", "resume", "remove"])
def test_a_task_that_is_not_there_is_told(world: TaskWorld, verb: str) -> None:
    """Plainly."""
    done = tasks(verb, "0" * 32)

    assert done.exit_code == 1
    assert done.output.startswith("Error: ")


def test_files_are_checked_without_a_deployment(tmp_path: Path) -> None:
    """All of a folder; the bad ones are told with their lines, and make the exit status 1."""
    from click.testing import CliRunner

    from eventpost_cli.main import main

    (tmp_path / "good.toml").write_text(f'page = "{PAGE}"\nevery = "1 day"\nmail_to = "{ADA}"\n')
    good = CliRunner().invoke(main, ["tasks", "check", str(tmp_path)])
    assert good.exit_code == 0
    assert good.output.startswith("good.toml: example.com, every day, to 1 address\n")
    assert len(good.output.splitlines()) == 6

    (tmp_path / "bad.toml").write_text(f'page = "{PAGE}"\ncron = "0 0 30 2 *"\nmail_to = "{ADA}"\n')
    bad = CliRunner().invoke(main, ["tasks", "check", str(tmp_path)])
    assert bad.exit_code == 1
    assert "bad.toml, line 2: cron: " in bad.stderr
    assert "1 of 2 files make no task." in bad.stderr
    assert "good.toml" in bad.stdout
