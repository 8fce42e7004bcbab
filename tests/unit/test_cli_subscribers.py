"""`eventpost subscribers import` reads a CSV file as people make them, and says what it could not use."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

import sentinels
from eventpost.adapters.memory import MemorySubscribers
from eventpost.model import IdRange, subscriber_id
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main
from eventpost_cli.project import Project
from eventpost_cli.subscribers import Rows, known_audiences, read_rows

KEY = b"a key for tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIST = "dcf_engine_results"


@pytest.fixture
def store(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> MemorySubscribers:
    """The subscribers of a deployment of this project."""
    store = MemorySubscribers()
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(subscribers=store))
    monkeypatch.setattr(Deployment, "subscriber_id_key", lambda _self: KEY)
    return store


def rows(tmp_path: Path, text: str, audience: str | None = LIST, encoding: str = "utf-8") -> Rows:
    """What is read from a file with this text."""
    file = tmp_path / "people.csv"
    file.write_text(text, encoding=encoding)
    return read_rows(file, KEY, audience, NOW)


def import_(tmp_path: Path, text: str, *options: str) -> Result:
    """Run the command on a file with this text."""
    (tmp_path / "people.csv").write_text(text)
    return CliRunner().invoke(
        main, ["subscribers", "import", str(tmp_path / "people.csv"), "--stack", "eventpost", *options]
    )


def test_a_row_is_a_subscriber_with_its_other_columns_as_attributes(tmp_path: Path) -> None:
    """The id follows from the address; empty cells are no attributes."""
    read = rows(tmp_path, "name,address,city\nAda,ada@Example.COM,\n")

    (ada,) = read.audiences[LIST]
    assert ada.address == "ada@example.com"
    assert ada.id == subscriber_id("ada@example.com", KEY)
    assert ada.attributes == {"name": "Ada"}
    assert ada.joined_at == NOW
    assert read.rejected == []


def test_the_local_part_is_mailed_as_it_was_given(tmp_path: Path) -> None:
    """Only the id is made of the one spelling; spaces around the address are nobody's."""
    read = rows(tmp_path, "address\n  Ada.Lovelace+News@Bücher.example \n")

    (ada,) = read.audiences[LIST]
    assert ada.address == "Ada.Lovelace+News@xn--bcher-kva.example"
    assert ada.id == subscriber_id("ada.lovelace+news@bücher.example", KEY)


def test_a_column_names_lists_and_topics(tmp_path: Path) -> None:
    """Several by semicolons; without one, the row is on the list that the option names."""
    text = "address,lists\nada@example.com,a; b/X ;\nbob@example.com,\n"

    read = rows(tmp_path, text)

    assert {name: [each.address for each in people] for name, people in read.audiences.items()} == {
        "a": ["ada@example.com"],
        "b/X": ["ada@example.com"],
        LIST: ["bob@example.com"],
    }


def test_a_spreadsheets_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    """Excel writes one."""
    assert len(rows(tmp_path, "address\nada@example.com\n", encoding="utf-8-sig").audiences[LIST]) == 1


@pytest.mark.parametrize(
    "cell", ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@localhost", "ada@a_b.com"]
)
def test_a_row_without_a_good_address_is_rejected_by_its_line(tmp_path: Path, cell: str) -> None:
    """The others are read; the reason does not repeat what was in it."""
    read = rows(tmp_path, f"name,address\nx,bob@example.com\ny,{cell}\n")

    assert [each.address for each in read.audiences[LIST]] == ["bob@example.com"]
    ((line, reason),) = read.rejected
    assert line == 3
    assert not cell or cell not in reason.split()


def test_a_value_with_a_line_break_is_rejected(tmp_path: Path) -> None:
    """It could end up in a header."""
    read = rows(tmp_path, 'address,name\nada@example.com,"Ada\nBcc: eve@example.com"\n')

    assert not read.audiences[LIST]
    assert len(read.rejected) == 1


@pytest.mark.parametrize(
    ("text", "audience"), [("name\nAda\n", LIST), ("address\nada@example.com\n", None), ("", LIST)]
)
def test_a_file_without_the_columns_is_refused(tmp_path: Path, text: str, audience: str | None) -> None:
    """It says which."""
    with pytest.raises(click.ClickException, match="address"):
        rows(tmp_path, text, audience)


def test_short_and_long_rows_are_no_trouble(tmp_path: Path) -> None:
    """Hand-made files have them: a missing cell is empty, one too many is nobody's."""
    read = rows(tmp_path, "address,name\nada@example.com\nbob@example.com,Bob,surplus\n")

    assert [each.attributes for each in read.audiences[LIST]] == [{}, {"name": "Bob"}]


def test_audiences_are_lists_or_topics_but_not_lists_with_topics(small_project: Path) -> None:
    """Nobody would ever be mailed who is on `stock_alerts` itself."""
    known = known_audiences(Project(small_project))

    assert LIST in known
    assert "stock_alerts/AMZN" in known
    assert "stock_alerts" not in known


def test_import_adds_who_is_not_there_yet(store: MemorySubscribers, tmp_path: Path) -> None:
    """Once more, and everybody is left as they are."""
    text = "address,lists\nada@example.com,stock_alerts/AMZN\nbob@example.com,stock_alerts/AMZN;dcf_engine_results\n"

    first, again = (import_(tmp_path, text) for _ in range(2))

    assert first.output == f"{LIST}: 1 added, 0 were there\nstock_alerts/AMZN: 2 added, 0 were there\n"
    assert again.output == f"{LIST}: 0 added, 1 were there\nstock_alerts/AMZN: 0 added, 2 were there\n"
    assert len(store.active("stock_alerts/AMZN", IdRange(), 10)) == 2


def test_an_unknown_list_stops_the_import_before_it_begins(store: MemorySubscribers, tmp_path: Path) -> None:
    """A typing error must not put half a file onto lists."""
    done = import_(tmp_path, "address,lists\nada@example.com,dcf_engine_results\nbob@example.com,stock_alerts\n")

    assert done.exit_code == 1
    assert "stock_alerts/AMZN" in done.output
    assert store.active(LIST, IdRange(), 10) == []


def test_rejected_rows_are_told_and_are_an_error(store: MemorySubscribers, tmp_path: Path) -> None:
    """The good ones are in; what is told names lines, not people."""
    text = f"address\n{sentinels.address('ada')}\n{sentinels.ADDRESS_DOMAIN}\n"

    done = import_(tmp_path, text, "--list", LIST)

    assert done.exit_code == 1
    assert "line 3:" in done.output
    assert "1 rows were rejected; the others are in" in done.output
    assert sentinels.found_in([done.output]) == []
    assert len(store.active(LIST, IdRange(), 10)) == 1
