"""`eventpost subscribers export`, `show`, `erase` and `lift`: what is known of people is told, taken along, deleted."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

import sentinels
from consent_world import NEWS, PRICES, ConsentWorld, id_of
from direct_world import DIRECT, WITH_DIRECT
from eventpost.errors import StoreUnavailable
from eventpost.model import MembershipState, Person, SuppressionReason
from eventpost_cli.subscribers.columns import EXPORTED, guarded, unguarded
from subscribers_command import deploy, subscribers

LIST = "dcf_engine_results"
AMZN, IBM = "stock_alerts/AMZN", "stock_alerts/IBM"
ADA = sentinels.address("ada")


@pytest.fixture
def world(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> ConsentWorld:
    """A deployment of this project, in memory."""
    return deploy(ConsentWorld(), monkeypatch)


def table(text: str) -> list[dict[str, str]]:
    """The rows of an export."""
    return list(csv.DictReader(io.StringIO(text)))


# ---- export ---------------------------------------------------------------------------------------------------------


def test_a_list_is_exported_with_its_consent_records(world: ConsentWorld) -> None:
    """Who is mailed by it; every column says what it is."""
    world.imported("ada", LIST, city="Köln")
    world.imported("bob", LIST)
    world.leave("bob", LIST)

    done = subscribers("export", LIST)

    assert done.exit_code == 0
    (row,) = table(done.stdout)
    assert tuple(row) == EXPORTED
    assert row == {
        "address": ADA,
        "lists": LIST,
        "state": "active",
        "joined_at": "2026-01-01T00:00:00+00:00",
        "joined_how": "import",
        "joined_form": "people.csv",
        "left_at": "",
        "left_how": "",
        "left_form": "",
        "suppressed": "",
        "attributes": json.dumps({"name": sentinels.NAME, "city": "Köln"}, ensure_ascii=False),
    }


def test_all_states_are_exported_where_they_are_asked_for(world: ConsentWorld) -> None:
    """Who left, and how; a question whose time is over is as good as gone."""
    world.imported("bob", LIST)
    world.leave("bob", LIST)
    world.imported("eve", LIST)
    world.suppress("eve")
    world.ask("cy", NEWS)

    rows = {row["address"]: row for row in table(subscribers("export", LIST, "--state", "all").stdout)}

    assert len(rows) == 2
    bob, eve = rows[sentinels.address("bob")], rows[sentinels.address("eve")]
    assert (bob["state"], bob["left_how"], bob["left_at"]) == ("left", "one_click", "2026-01-01T00:00:00+00:00")
    assert (eve["state"], eve["suppressed"]) == ("suppressed", "suppressed: bounce 5.1.1")


def test_pending_rows_are_exported_while_they_can_be_confirmed(world: ConsentWorld) -> None:
    """`news` is a list of the deployment that the project no longer has."""
    world.ask("cy", NEWS)

    before = table(subscribers("export", NEWS, "--state", "all").stdout)
    world.wait(days=8)
    after = table(subscribers("export", NEWS, "--state", "all").stdout)

    assert [row["state"] for row in before] == ["pending"]
    assert after == []


def test_a_list_with_topics_is_exported_with_all_of_them(world: ConsentWorld) -> None:
    """One row for each membership; one topic alone can be had as well."""
    world.imported("ada", AMZN, IBM)

    assert [row["lists"] for row in table(subscribers("export", "stock_alerts").stdout)] == [AMZN, IBM]
    assert [row["lists"] for row in table(subscribers("export", IBM).stdout)] == [IBM]


def test_a_removed_list_can_be_exported_while_somebody_is_on_it(world: ConsentWorld) -> None:
    """A name that never was is told."""
    world.imported("ada", PRICES)

    assert len(table(subscribers("export", PRICES).stdout)) == 1
    unknown = subscribers("export", "nonsense")
    assert unknown.exit_code == 1
    assert "There is no list or topic 'nonsense'" in unknown.output


def test_a_list_on_which_nobody_is_has_a_heading_all_the_same(world: ConsentWorld) -> None:
    """It is a list; what reads the file finds its columns."""
    assert subscribers("export", LIST).stdout == ",".join(EXPORTED) + "\n"


def test_the_file_is_its_owners_alone_and_whole_or_not_there(
    world: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds addresses; half of one would be taken for all."""
    world.imported("ada", LIST)
    file = tmp_path / "out.csv"

    done = subscribers("export", LIST, "-o", str(file))

    assert (done.exit_code, done.stdout) == (0, "")
    assert len(table(file.read_text(encoding="utf-8"))) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def down(_audience: str) -> None:
        msg = "DynamoDB did not answer"
        raise StoreUnavailable(msg)

    before = file.read_bytes()
    monkeypatch.setattr(world.store, "everybody", down)
    assert subscribers("export", LIST, "-o", str(file)).exit_code == 1
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.glob("out*")] == ["out.csv"]


def test_a_file_that_cannot_be_written_is_told(world: ConsentWorld, tmp_path: Path) -> None:
    """By its name."""
    done = subscribers("export", LIST, "-o", str(tmp_path / "none" / "out.csv"))

    assert done.exit_code == 1
    assert "cannot be written: No such file or directory" in done.output


@pytest.mark.parametrize("arguments", [(), (LIST, "--person", ADA)])
def test_either_a_list_or_a_person_is_exported(world: ConsentWorld, arguments: tuple[str, ...]) -> None:
    """Neither or both is a question."""
    done = subscribers("export", *arguments)

    assert done.exit_code == 2
    assert "Say what to export" in done.output


def test_what_was_exported_can_be_imported(
    world: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into another deployment: the same people with the same attributes, by this file's word, and nobody who left."""
    odd = "=1+1@example.com"
    world.imported("ada", AMZN, IBM, state="CA", joined_how="odd, but theirs", note='"quoted", and =SUM(A1)')
    world.imported("bob", AMZN)
    world.leave("bob", AMZN)
    subscribers("import", _file(tmp_path, f"address\n{odd}\n'+odd@example.com\n"), "--list", AMZN)
    file = tmp_path / "out.csv"
    subscribers("export", "stock_alerts", "--state", "all", "-o", str(file))
    other = ConsentWorld()
    deploy(other, monkeypatch)

    done = subscribers("import", str(file), "--rejected", str(tmp_path / "rejected.csv"))

    assert done.stdout == f"{AMZN}: 3 added, 0 were there\n{IBM}: 1 added, 0 were there\n"
    assert done.exit_code == 1
    assert "its state is not `active`" in done.stderr
    assert other.there("ada", AMZN).attributes == world.there("ada", AMZN).attributes
    assert other.there("ada", AMZN).joined.form == "out.csv"
    assert sorted(row.address for row in other.store.everybody(AMZN)) == ["'+odd@example.com", odd, ADA]
    assert other.row("bob", AMZN) is None


def _file(tmp_path: Path, text: str) -> str:
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    return str(tmp_path / "people.csv")


def test_no_cell_is_a_formula(world: ConsentWorld, tmp_path: Path) -> None:
    """Neither an address nor a file's name; an apostrophe in front is what spreadsheets take for text."""
    text = "address,name\n=cmd|x@example.com,=HYPERLINK(1)\n-a@example.com,x\n+a@example.com,x\n"
    subscribers("import", _file(tmp_path, text), "--list", LIST)

    rows = table(subscribers("export", LIST).stdout)

    assert sorted(row["address"] for row in rows) == ["'+a@example.com", "'-a@example.com", "'=cmd|x@example.com"]
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for row in rows for cell in row.values())


@any_of(st.text(alphabet="'=+-@a\t\r\n\uff1d", max_size=6))
def test_what_is_guarded_comes_back(cell: str) -> None:
    """Whatever a cell begins with; and none begins a formula once it is guarded."""
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(tuple("=+-@\t\r\n\uff1d"))


def test_an_export_with_attributes_of_another_making_is_told(world: ConsentWorld, tmp_path: Path) -> None:
    """Somebody has changed the cell by hand."""
    text = "address,lists,state,joined_how,attributes\n" + f"{ADA},{LIST},active,form,name=Ada\n"
    text += f'{ADA},{LIST},active,form,"{{""n"": 1}}"\n{ADA},{LIST},active,form,\n'

    done = subscribers("import", _file(tmp_path, text))

    assert done.stderr.count("its attributes are not as `export` writes them") == 2
    assert done.stdout == f"{LIST}: 1 added, 0 were there\n"


# ---- one person -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("show", "{who}", "--json"), ("export", "--person", "{who}")])
@pytest.mark.parametrize("who", [ADA, f"  {ADA.upper()} ", id_of("ada")])
def test_everything_about_a_person_is_a_document(world: ConsentWorld, command: tuple[str, ...], who: str) -> None:
    """By address in any spelling, or by id; for a program and for themselves."""
    world.imported("ada", LIST)
    world.leave("ada", LIST)
    world.join("ada", PRICES)

    done = subscribers(*(part.format(who=who) for part in command))

    found = json.loads(done.stdout)
    assert found["as_of"] == "2026-01-01T00:00:00+00:00"
    (address,) = found["addresses"]
    assert (address["id"], address["address"], address["suppression"]) == (id_of("ada"), ADA, None)
    left, active = address["memberships"]
    assert (left["list"], left["state"], left["left"]["how"]) == (LIST, "left", "one_click")
    assert left["attributes"] == {"name": sentinels.NAME}
    assert active["joined"] == {"how": "form", "at": "2026-01-01T00:00:00+00:00", "form": "join/news"}


def test_a_person_is_shown_for_a_reader(world: ConsentWorld) -> None:
    """Each list with how and when, what templates may say, and why nothing is mailed."""
    world.imported("ada", LIST, city="Köln")
    world.imported("ada", PRICES)
    world.leave("ada", PRICES)
    world.suppress("ada")

    shown = subscribers("show", ADA).stdout

    assert shown == (
        f"{id_of('ada')}  {ADA}\n"
        "  suppressed: bounce 5.1.1, since 2026-01-01 00:00 UTC\n"
        f"  {LIST}: suppressed, joined 2026-01-01 00:00 UTC, by import (people.csv) on 2026-01-01 00:00 UTC\n"
        f"    name={sentinels.NAME}, city=Köln\n"
        f"  {PRICES}: left, joined 2026-01-01 00:00 UTC, by import (people.csv) on 2026-01-01 00:00 UTC\n"
        "    left by one click on 2026-01-01 00:00 UTC\n"
        f"    name={sentinels.NAME}\n"
    )


def test_who_left_what_nobody_joins_is_shown_and_exported_by_id_alone(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of an address is known, and so nothing is told; all of it can be erased."""
    world.registry = WITH_DIRECT
    deploy(world, monkeypatch)
    world.leave("bob", DIRECT)

    shown = subscribers("show", id_of("bob")).stdout
    assert shown == (
        f"{id_of('bob')}  (no address)\n"
        f"  {DIRECT}: left, which nobody joins: its events name whom they go to\n"
        "    left by one click on 2026-01-01 00:00 UTC\n"
    )
    assert subscribers("show", sentinels.address("bob")).stdout == shown
    assert json.loads(subscribers("export", "--person", id_of("bob")).stdout)["addresses"][0]["address"] == ""
    assert subscribers("export", DIRECT).stdout.count("\n") == 1
    exported = subscribers("export", DIRECT, "--state", "all").stdout.splitlines()[1:]
    assert [line.split(",")[:3] for line in exported] == [["", DIRECT, "left"]]

    assert f"{id_of('bob')}  {DIRECT} (left)" in subscribers("erase", id_of("bob"), "--yes").stdout
    assert world.rows("bob") == {}


def test_who_has_moved_is_shown_with_the_addresses_of_before(world: ConsentWorld) -> None:
    """The present one first, whichever is asked for."""
    world.join("bob", NEWS)
    world.move("bob", "bob.new")

    shown = subscribers("show", sentinels.address("bob")).stdout.splitlines()

    assert shown[0] == f"{id_of('bob.new')}  {sentinels.address('bob.new')}"
    assert f"  their mails go to {id_of('bob.new')} now" in shown
    assert f"  {NEWS}: left" in "\n".join(shown)


def test_who_never_confirmed_is_shown_with_the_end_of_it(world: ConsentWorld) -> None:
    """What is stored of them goes by itself."""
    world.ask("cy", NEWS)

    shown = subscribers("show", sentinels.address("cy")).stdout

    assert "not confirmed, forgotten on 2026-01-08 00:00 UTC" in shown
    assert f"{NEWS}: pending" in shown


@pytest.mark.parametrize("command", [("show",), ("export", "--person")])
def test_of_a_stranger_nothing_is_stored(world: ConsentWorld, command: tuple[str, ...]) -> None:
    """It is told without repeating who was asked for."""
    done = subscribers(*command, ADA)

    assert done.exit_code == 1
    assert "Nothing is stored of this person" in done.output
    assert sentinels.found_in([done.output]) == []


@pytest.mark.parametrize("command", [("show",), ("export", "--person"), ("erase",), ("lift",)])
def test_who_is_neither_an_address_nor_an_id_is_told(world: ConsentWorld, command: tuple[str, ...]) -> None:
    """Without repeating it: it may be somebody's name."""
    done = subscribers(*command, sentinels.NAME)

    assert done.exit_code == 1
    assert "neither an address nor a subscriber id" in done.output
    assert sentinels.found_in([done.output]) == []


# ---- erase ----------------------------------------------------------------------------------------------------------


def test_erasing_says_what_goes_asks_and_says_what_stays(world: ConsentWorld) -> None:
    """By id: the screen of whoever does it need not hold the address."""
    world.imported("ada", LIST, PRICES)

    done = subscribers("erase", ADA, answer="y\n")

    assert done.exit_code == 0
    assert "2 memberships and 1 addresses of this person will be deleted" in done.output
    assert f"{id_of('ada')}  {LIST} (active)" in done.output
    assert "It cannot be undone. [y/N]" in done.output
    assert f"the id {id_of('ada')}, with its suppression" in done.output
    assert "expires within 30 days" in done.output
    assert sentinels.found_in([done.output]) == []
    assert world.rows("ada") == {}
    suppression = world.person("ada").suppression
    assert suppression is not None
    assert suppression.reason is SuppressionReason.ERASED


def test_erasing_is_not_done_without_a_yes(world: ConsentWorld) -> None:
    """Nothing has changed."""
    world.imported("ada", LIST)

    done = subscribers("erase", ADA, answer="n\n")

    assert done.exit_code == 1
    assert world.on("ada") == {LIST}


def test_erasing_can_be_told_not_to_ask(world: ConsentWorld) -> None:
    """In a script. A second time there is nothing left, which is what was wanted."""
    world.imported("ada", LIST)

    first, again, stranger = (subscribers("erase", who, "--yes") for who in (ADA, ADA, "nobody@example.com"))

    assert (first.exit_code, again.exit_code, stranger.exit_code) == (0, 0, 0)
    assert world.rows("ada") == {}
    assert again.output == "Nothing is stored of this person but what stays after erasing.\n"
    assert stranger.output == "Nothing is stored of this person.\n"


# ---- lift -----------------------------------------------------------------------------------------------------------


def test_lifting_a_suppression_puts_them_back_on_their_lists(world: ConsentWorld) -> None:
    """It says why they were not mailed; once it is lifted there is nothing to lift."""
    world.imported("ada", LIST, PRICES)
    world.suppress("ada")

    first, again = (subscribers("lift", ADA) for _ in range(2))

    assert first.output == "Lifted: suppressed: bounce 5.1.1. 2 memberships are active again.\n"
    assert again.output == "Mail to this person is not suppressed.\n"
    assert world.states("ada") == {LIST: MembershipState.ACTIVE, PRICES: MembershipState.ACTIVE}


def test_what_was_erased_cannot_be_lifted(world: ConsentWorld) -> None:
    """It is the person's own will."""
    world.imported("ada", LIST)
    world.erase("ada")
    before: Person = world.person("ada")

    done = subscribers("lift", id_of("ada"))

    assert done.exit_code == 1
    assert "only they themselves can come back" in done.output
    assert world.person("ada") == before
