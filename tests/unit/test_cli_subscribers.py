"""`eventpost subscribers import` reads a CSV file as people make them, and says what it could not use."""

import csv
from pathlib import Path

import click
import pytest
from click.testing import Result
from rich.progress import Progress

import given
import sentinels
from consent_world import ConsentWorld
from discarding_store import DiscardingStore
from eventpost.consent.import_rules import ImportRow
from eventpost.errors import StoreUnavailable
from eventpost.model import ConsentWay, IdRange, MembershipKey, MembershipState, subscriber_id
from eventpost_cli.project import Project
from eventpost_cli.subscribers.known_lists import check_audiences, known_audiences
from eventpost_cli.subscribers.people_file import PeopleFile
from subscribers_command import deploy, subscribers

LIST = "dcf_engine_results"
ADA = sentinels.address("ada")


@pytest.fixture
def world(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> ConsentWorld:
    """A deployment of this project, in memory."""
    return deploy(ConsentWorld(), monkeypatch)


def rows(tmp_path: Path, text: str, audience: str | None = LIST, encoding: str = "utf-8") -> list[ImportRow]:
    """What is read from a file with this text."""
    file = tmp_path / "people.csv"
    file.write_bytes(text.encode(encoding))
    return list(PeopleFile(file, audience).rows())


def import_(tmp_path: Path, text: str, *options: str) -> Result:
    """Run the command on a file with this text."""
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    return subscribers("import", str(tmp_path / "people.csv"), *options)


def on(world: ConsentWorld, audience: str) -> list[str]:
    """The addresses of whom the audience mails."""
    assert isinstance(world.store, type(ConsentWorld().store))
    return sorted(each.address for each in world.store.enrolled(audience, IdRange(), 1000))  # type: ignore[attr-defined]


def test_the_other_columns_of_a_row_are_attributes(tmp_path: Path) -> None:
    """Empty cells are none."""
    (ada,) = rows(tmp_path, "name,address,city\nAda,ada@Example.COM,\n")

    assert ada == ImportRow(2, "ada@Example.COM", (LIST,), {"name": "Ada"})


def test_a_column_names_lists_and_topics(tmp_path: Path) -> None:
    """Several by semicolons; without one, the row is on the list that the option names."""
    read = rows(tmp_path, "address,lists\nada@example.com,a; b/X ;\nbob@example.com,\n")

    assert [row.audiences for row in read] == [("a", "b/X"), (LIST,)]


def test_a_spreadsheets_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    """Excel writes one."""
    assert len(rows(tmp_path, "address\nada@example.com\n", encoding="utf-8-sig")) == 1


@pytest.mark.parametrize(
    ("text", "audience"), [("name\nAda\n", LIST), ("address\nada@example.com\n", None), ("", LIST)]
)
def test_a_file_without_the_columns_is_refused(tmp_path: Path, text: str, audience: str | None) -> None:
    """It says which."""
    with pytest.raises(click.ClickException, match="address"):
        rows(tmp_path, text, audience)


def test_semicolons_between_columns_are_told(tmp_path: Path) -> None:
    """Spreadsheets write them where a comma stands in numbers."""
    with pytest.raises(click.ClickException, match="separated by commas"):
        rows(tmp_path, "address;lists\nada@example.com;a\n")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    """By about the line, and what to do."""
    with pytest.raises(click.ClickException, match=r"near line 3: not UTF-8\. Save it"):
        rows(tmp_path, "address,name\nada@example.com,Ada\nzoe@example.com,Zoë\n", encoding="latin-1")


def test_a_quote_that_never_ends_is_told(tmp_path: Path) -> None:
    """It would take in the rest of the file, however long: csv's own limit ends it."""
    with pytest.raises(click.ClickException, match=r"line \d+: no CSV"):
        rows(tmp_path, 'address\n"ada@example.com\n' + "bob@example.com\n" * 20_000)


def test_short_and_long_rows_are_no_trouble(tmp_path: Path) -> None:
    """Hand-made files have them: a missing cell is empty, one too many is nobody's."""
    read = rows(tmp_path, "address,name\nada@example.com\nbob@example.com,Bob,surplus\n")

    assert [each.attributes for each in read] == [{}, {"name": "Bob"}]


def test_audiences_are_lists_or_topics_but_not_lists_with_topics(small_project: Path) -> None:
    """Nobody would ever be mailed who is on `stock_alerts` itself."""
    known = known_audiences(Project(small_project))

    assert LIST in known
    assert "stock_alerts/AMZN" in known
    assert "stock_alerts" not in known


def test_nobody_is_imported_onto_an_addressed_list(world: ConsentWorld, tmp_path: Path) -> None:
    """Its events name whom they go to."""
    done = import_(tmp_path, "address,lists\nada@example.com,direct_mail\n")

    assert done.exit_code == 1
    assert "line 2: there is no list or topic 'direct_mail' that anybody joins" in done.output
    assert "direct_mail" not in done.output.partition("There are: ")[2]
    assert world.person("ada").version == 0


def test_import_adds_who_is_not_there_yet(world: ConsentWorld, tmp_path: Path) -> None:
    """Once more, and everybody is left as they are."""
    text = "address,lists\nada@example.com,stock_alerts/AMZN\nbob@example.com,stock_alerts/AMZN;dcf_engine_results\n"

    first, again = (import_(tmp_path, text) for _ in range(2))

    assert first.output == f"{LIST}: 1 added, 0 were there\nstock_alerts/AMZN: 2 added, 0 were there\n"
    assert again.output == f"{LIST}: 0 added, 1 were there\nstock_alerts/AMZN: 0 added, 2 were there\n"
    assert first.exit_code == again.exit_code == 0
    assert on(world, "stock_alerts/AMZN") == ["ada@example.com", "bob@example.com"]


def test_the_file_is_named_in_the_record_of_consent(world: ConsentWorld, tmp_path: Path) -> None:
    """By its name alone: a path tells of the operator's machine."""
    import_(tmp_path, f"address\n{ADA}\n", "--list", LIST)

    key = MembershipKey(LIST, subscriber_id(ADA, given.ID_KEY))
    joined = world.store.of([key])[key].joined
    assert (joined.how, joined.at, joined.form) == (ConsentWay.IMPORT, given.NOW, "people.csv")


def test_an_unknown_list_stops_the_import_before_it_begins(world: ConsentWorld, tmp_path: Path) -> None:
    """A typing error must not put half a file onto lists."""
    done = import_(tmp_path, "address,lists\nada@example.com,dcf_engine_results\nbob@example.com,stock_alerts\n")

    assert done.exit_code == 1
    assert "line 3: there is no list or topic 'stock_alerts'" in done.output
    assert "stock_alerts/AMZN" in done.output
    assert on(world, LIST) == []


def test_a_cell_in_the_wrong_column_is_not_repeated(world: ConsentWorld, tmp_path: Path) -> None:
    """Where columns have slipped, what should name a list is an address."""
    done = import_(tmp_path, f"address,lists\n{LIST},{ADA}\n")

    assert done.exit_code == 1
    assert "line 2: the column `lists` holds what is no list's name" in done.output
    assert sentinels.found_in([done.output]) == []


def test_a_file_of_unknown_lists_is_told_in_a_few_lines() -> None:
    """Nor are all the lists that there are, where there are thousands."""
    with pytest.raises(click.ClickException) as told:
        check_audiences({f"x{number}": number for number in range(2, 5000)}, {f"list/T{n}" for n in range(3000)})

    assert "and 4993 more" in told.value.message
    assert "and 2980 more" in told.value.message
    assert len(told.value.message) < 1000


def test_an_encoding_error_at_the_end_stops_the_import_before_it_begins(world: ConsentWorld, tmp_path: Path) -> None:
    """The whole file is looked through first."""
    file = tmp_path / "people.csv"
    file.write_bytes(b"address\nada@example.com\nzo\xeb@example.com\n")

    done = subscribers("import", str(file), "--list", LIST)

    assert done.exit_code == 1
    assert on(world, LIST) == []


def test_rejected_rows_are_told_and_are_an_error(world: ConsentWorld, tmp_path: Path) -> None:
    """The good ones are in; what is told names lines, not people."""
    text = f'address,name\n{ADA},{sentinels.NAME}\n{sentinels.ADDRESS_DOMAIN},x\neve@example.com,"a\nb"\n'

    done = import_(tmp_path, text, "--list", LIST)

    assert done.exit_code == 1
    assert "line 3: the address is not of the form name@domain" in done.stderr
    assert "line 5: a value holds a line break" in done.stderr
    assert "2 rows were rejected; the others are in" in done.stderr
    assert sentinels.found_in([done.output]) == []
    assert on(world, LIST) == [ADA]


def test_a_row_for_no_list_is_rejected(world: ConsentWorld, tmp_path: Path) -> None:
    """It would be nobody's loss, but somebody meant something by it."""
    done = import_(tmp_path, "address,lists\nada@example.com,\n")

    assert done.exit_code == 1
    assert "line 2: it names no list" in done.output


def test_who_has_left_is_told_and_is_no_error(world: ConsentWorld, tmp_path: Path) -> None:
    """It is as it should be; a nightly import must not fail by it."""
    world.imported("ada", LIST)
    world.leave("ada", LIST)

    done = import_(tmp_path, f"address\n{ADA}\nbob@example.com\n", "--list", LIST)

    assert done.exit_code == 0
    assert done.stdout == f"{LIST}: 1 added, 0 were there, 1 left before\n"
    assert f"line 2, {LIST}: they have left" in done.stderr
    assert world.states("ada") == {LIST: MembershipState.LEFT}


def test_every_row_that_was_not_taken_is_in_the_report(world: ConsentWorld, tmp_path: Path) -> None:
    """By line, list and reason; the screen shows the first few."""
    world.imported("ada", LIST)
    world.leave("ada", LIST)
    report = tmp_path / "rejected.csv"

    done = import_(tmp_path, f"address\n{ADA}\n" + "nobody\n" * 30, "--list", LIST, "--rejected", str(report))

    told = list(csv.DictReader(report.read_text(encoding="utf-8").splitlines()))
    assert len(told) == 31
    assert told[0] == {
        "line": "2",
        "list": LIST,
        "what": "left before",
        "reason": "they have left; only they themselves can come back",
    }
    assert told[-1] == {
        "line": "32",
        "list": "",
        "what": "refused",
        "reason": "the address is not of the form name@domain",
    }
    assert len(done.stderr.splitlines()) == 22
    assert "… and 11 more: --rejected FILE.csv names them all" in done.stderr
    assert "30 rows were rejected" in done.stderr


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(world: ConsentWorld, tmp_path: Path) -> None:
    """Somebody wants it."""
    done = import_(tmp_path, f"address\n{ADA}\n", "--list", LIST, "--rejected", str(tmp_path / "none" / "x.csv"))

    assert done.exit_code == 1
    assert "cannot be written" in done.output
    assert on(world, LIST) == []


def test_a_dry_run_tells_and_saves_nothing(world: ConsentWorld, tmp_path: Path) -> None:
    """Its exit status is that of the import itself."""
    done = import_(tmp_path, f"address\n{ADA}\nnobody\n", "--list", LIST, "--dry-run")

    assert done.exit_code == 1
    assert done.stdout == f"{LIST}: 1 would be added, 0 are there\n"
    assert "1 rows would be rejected; nothing was saved" in done.stderr
    assert on(world, LIST) == []


def test_a_store_that_is_down_is_told_with_what_is_done(
    world: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that the same import goes on where it stopped."""
    save, calls = world.store.save, iter(range(100))

    def dies(changes: object) -> None:
        if next(calls):
            msg = "DynamoDB did not answer"
            raise StoreUnavailable(msg)
        save(changes)  # type: ignore[arg-type]

    monkeypatch.setattr(world.store, "save", dies)

    text = "address\n" + "".join(f"n{number}@example.com\n" for number in range(120))
    done = import_(tmp_path, text, "--list", LIST)

    assert done.exit_code == 1
    assert f"{LIST}: 50 added" in done.stdout
    assert "DynamoDB did not answer. What is told of here is done; run the same import again" in done.stderr


def test_on_a_terminal_a_bar_shows_how_far_it_is(
    world: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the bytes of the file; at the end all of them."""
    seen: list[tuple[float, float]] = []
    update = Progress.update

    def watched(self: Progress, task: int, **fields: float) -> None:
        update(self, task, **fields)  # type: ignore[arg-type]
        seen.append((self.tasks[0].completed, self.tasks[0].total or 0))

    monkeypatch.setattr(Progress, "update", watched)
    monkeypatch.setattr("eventpost_cli.subscribers.progress.sys", FakeTerminal)
    text = "address\n" + "".join(f"n{number}@example.com\n" for number in range(250))

    done = import_(tmp_path, text, "--list", LIST)

    assert done.exit_code == 0
    assert f"{LIST}: 250 added" in done.stdout
    assert [completed for completed, _ in seen] == sorted(completed for completed, _ in seen)
    assert seen[-1] == (len(text), len(text))


class FakeTerminal:
    """What `sys` is to the module that asks whether standard error is a terminal."""

    class stderr:  # noqa: N801 - as in sys
        """One that is."""

        @staticmethod
        def isatty() -> bool:
            """It is."""
            return True


@pytest.mark.heavy
def test_a_hundred_thousand_rows_are_imported_in_constant_memory(
    small_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's blocks in use, save by save: no more at the end of the file than when it had begun."""
    store = DiscardingStore()
    deploy(ConsentWorld(store=store), monkeypatch)
    file = tmp_path / "people.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("address,name,lists\n")
        lines.writelines(f"n{number}@example.com,Name {number},{LIST}\n" for number in range(100_000))

    done = subscribers("import", str(file))

    assert done.exit_code == 0, done.output
    assert done.stdout == f"{LIST}: 100,000 added, 0 were there\n"
    assert done.stderr.splitlines() == [f"{rows},000 rows so far" for rows in (20, 40, 60, 80, 100)]
    assert store.saved == 100_000
    assert max(store.blocks[200:]) < max(store.blocks[:200]) + 5_000
