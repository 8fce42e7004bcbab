"""`eventpost events check` tells a producer what a list would not take, before it is sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import sentinels
from eventpost_cli.main import main

LIST = "stock_alerts"


def check(*arguments: str, stdin: str = "") -> Result:
    """Run the command in the current folder."""
    return CliRunner().invoke(main, ["events", "check", "--list", LIST, *arguments], input=stdin)


@pytest.fixture
def alert(small_project: Path) -> dict[str, Any]:
    """An event that fits, in a project."""
    text = (small_project / "functions" / LIST / "samples" / "typical.json").read_text()
    fitting: dict[str, Any] = json.loads(text)
    return fitting


@pytest.fixture
def elsewhere(tmp_path: Path, alert: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The same event, in a producer's folder: no project is around it."""
    folder = tmp_path / "producer"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return alert


def test_what_fits_is_told_so(small_project: Path) -> None:
    """Each file by its name."""
    samples = sorted(map(str, (small_project / "functions" / LIST / "samples").glob("*.json")))

    done = check(*samples)

    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [f"{sample}: fits" for sample in samples]


def test_what_does_not_fit_is_told_with_its_place(elsewhere: dict[str, Any]) -> None:
    """Every fault, without the values; the exit code is what a CI looks at."""
    broken = json.dumps({**elsewhere, "price": sentinels.BODY, "chart_url": "x"})

    done = check("-", stdin=broken)

    assert done.exit_code == 1
    assert [line.split(" must ")[0] for line in done.output.splitlines()] == ["-: #/price", "-: #/chart_url"]
    assert sentinels.BODY not in done.output


def test_in_a_project_its_own_code_is_asked_as_well(small_project: Path, alert: dict[str, Any]) -> None:
    """What a list checks beyond its schema is found, too."""
    app = small_project / "functions" / LIST / "app.py"
    judged = '''
    @model_validator(mode="after")
    def _judge(self) -> "PriceMoved":
        """The price has moved."""
        if self.price == self.previous_price:
            raise ValueError("it has not")
        return self
'''
    text = app.read_text().replace("from pydantic import HttpUrl", "from pydantic import HttpUrl, model_validator")
    app.write_text(
        text.replace("    chart_url: HttpUrl | None = None\n", f"    chart_url: HttpUrl | None = None\n{judged}")
    )

    assert check("-", stdin=json.dumps(alert)).exit_code == 0
    done = check("-", stdin=json.dumps({**alert, "previous_price": alert["price"]}))

    assert (done.exit_code, done.output) == (1, "-: not a PriceMoved: value_error\n")


def test_an_envelope_is_opened(elsewhere: dict[str, Any]) -> None:
    """Its data are held against the list; an envelope that is none is told so."""
    envelope = {"specversion": "1.0", "id": "1", "source": "/x", "type": "y", "data": elsewhere}

    assert check("-", stdin=json.dumps(envelope)).output == "-: fits\n"
    assert check("-", stdin=json.dumps({**envelope, "data": {**elsewhere, "ticker": 5}})).exit_code == 1
    assert "id: is missing" in check("-", stdin=json.dumps({**envelope, "id": None})).output


def test_a_file_of_lines_holds_an_event_in_each(elsewhere: dict[str, Any]) -> None:
    """Each is told by its line."""
    Path("events.jsonl").write_text(f"{json.dumps(elsewhere)}\n\n{{}}\n")

    done = check("events.jsonl")

    assert done.exit_code == 1
    assert {line.partition(": ")[0] for line in done.output.splitlines()} == {"events.jsonl:1", "events.jsonl:3"}


def test_only_a_line_end_ends_a_line(elsewhere: dict[str, Any]) -> None:
    """JSON may hold what else Python takes for one as it is: a paragraph's end, a form feed's like."""
    event = {**elsewhere, "company": "one\u2028two\u2029three\x85four"}
    Path("events.jsonl").write_text(f"{json.dumps(event, ensure_ascii=False)}\r\n", encoding="utf-8", newline="")

    done = check("events.jsonl")

    assert (done.exit_code, done.output) == (0, "events.jsonl:1: fits\n")


def test_a_template_that_is_not_there_is_told(small_project: Path) -> None:
    """By the folders of the project around."""
    mail = json.dumps({"to": ["ann@example.com"], "template": "welcome"})
    arguments = ["events", "check", "--list", "direct_mail", "-"]

    assert CliRunner().invoke(main, arguments, input=mail).output == "-: #/template must be receipt\n"
    (small_project / "templates" / "direct_mail" / "welcome").mkdir()
    assert CliRunner().invoke(main, arguments, input=mail).output == "-: fits\n"


@pytest.mark.usefixtures("elsewhere")
def test_what_is_not_there_is_told_so() -> None:
    """A list, or a file."""
    assert "cannot be read" in check("nothing.json").output
    done = CliRunner().invoke(main, ["events", "check", "--list", "nothing", "-"], input="{}")
    assert (done.exit_code, "There is no list 'nothing'" in done.output) == (1, True)
