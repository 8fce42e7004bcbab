"""`eventpost subscribers copy` brings everybody to the other store, and its exit status says whether they are there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from consent_world import NEWS, STAFF, ConsentWorld, id_of
from copy_world import Watched
from eventpost.adapters import memory_subscribers
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import MembershipKey
from eventpost.wiring.firestore import firestore_subscribers
from eventpost_cli.deployment import Deployment
from subscribers_command import subscribers


class TwoStores:
    """A deployment with both stores in memory, and people in the first."""

    def __init__(self) -> None:
        self.stores = {"dynamodb": Watched(MemorySubscribers()), "firestore": Watched(MemorySubscribers())}
        self.worlds = {name: ConsentWorld(store) for name, store in self.stores.items()}  # type: ignore[arg-type]
        for number in range(25):
            self.worlds["dynamodb"].imported(f"s{number}", NEWS, *[STAFF] * (number < 10))
        self.wiring = SimpleNamespace(
            consenting=self.worlds["dynamodb"].consenting,
            settings=SimpleNamespace(firestore_project="a-project"),
            store=lambda name: self.stores[name],
        )

    def copy(self, source: str = "dynamodb", target: str = "firestore") -> Result:
        """Run the command."""
        return subscribers("copy", "--from", source, "--to", target)


@pytest.fixture
def two(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> TwoStores:
    """Both stores, in pages of ten people."""
    two = TwoStores()
    monkeypatch.setattr(memory_subscribers, "PAGE", 10)
    monkeypatch.setattr(Deployment, "wiring", two.wiring)
    return two


def bookmarks(project: Path) -> list[str]:
    """What is kept of copies that were interrupted."""
    return sorted(file.name for file in (project / ".eventpost" / "copies").iterdir())


def test_everybody_is_copied_and_compared(two: TwoStores) -> None:
    """A line for the people and for each list, with the same hash in both."""
    result = two.copy()

    assert result.exit_code == 0, result.output
    assert "25 people copied from dynamodb to firestore" in result.output
    table = {line.split()[0]: line.split() for line in result.output.splitlines() if line.endswith("the same")}
    assert {name: (words[1], words[3]) for name, words in table.items()} == {
        "people": ("25", "25"),
        NEWS: ("25", "25"),
        STAFF: ("10", "10"),
    }
    assert all(words[2] == words[4] and len(words[2]) == 12 for words in table.values())
    assert result.output.splitlines()[-1] == "All that dynamodb has is in firestore."
    assert len(two.worlds["firestore"].on("s3")) == 2


def test_nothing_that_it_tells_holds_an_address(two: TwoStores, small_project: Path) -> None:
    """Nor does the file that it keeps meanwhile."""
    two.stores["firestore"].before[6] = unavailable
    first = two.copy()
    kept = "".join(file.read_text() for file in (small_project / ".eventpost" / "copies").iterdir())

    assert "@" not in first.output + two.copy().output + kept


def test_a_second_copy_copies_nobody(two: TwoStores) -> None:
    """And the way back has nothing to bring."""
    two.copy()

    assert "0 people copied from dynamodb to firestore, 25 were there" in two.copy().output
    assert "0 people copied from firestore to dynamodb, 25 were there" in two.copy("firestore", "dynamodb").output


def unavailable() -> None:
    """The store does not answer."""
    msg = "Firestore did not answer"
    raise StoreUnavailable(msg)


def test_an_interrupted_copy_goes_on_where_it_was(two: TwoStores, small_project: Path) -> None:
    """What it says tells what to do; the bookmark is gone once all are copied."""
    two.stores["firestore"].before[3] = unavailable  # people and save of one page, people of the next, save
    first = two.copy()
    assert first.exit_code == 1
    assert "Firestore did not answer. What is copied stays; run the same again to go on." in first.output
    assert bookmarks(small_project) == ["eventpost-dynamodb-to-firestore"]

    two.stores["firestore"].before.clear()
    second = two.copy()

    assert second.exit_code == 0, second.output
    assert "Going on where the last copy was interrupted." in second.output
    assert "15 people copied from dynamodb to firestore, 0 were there" in second.output
    assert bookmarks(small_project) == []


def stopped() -> None:
    """Somebody presses Ctrl-C."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("call", [3, 12])
def test_who_stops_it_is_told_how_to_go_on(two: TwoStores, call: int) -> None:
    """While it copies, and while it compares."""
    two.stores["firestore"].before[call] = stopped

    result = two.copy()

    assert result.exit_code == 1
    assert "Stopped. What is copied stays; run the same again to go on." in result.output
    assert two.copy().exit_code == 0


def test_who_changed_behind_the_bookmark_is_found_by_the_comparison(two: TwoStores) -> None:
    """Somebody leaves after the interruption, whose page is not copied again."""
    two.stores["firestore"].before[3] = unavailable
    two.copy()
    first = next(iter(two.stores["firestore"].everyone())).persons[0].id
    who = next(f"s{number}" for number in range(25) if id_of(f"s{number}") == first)
    two.worlds["dynamodb"].leave(who)
    two.stores["firestore"].before.clear()

    result = two.copy()

    assert result.exit_code == 0
    assert "1 person more copied by the comparison" in result.output
    assert two.worlds["firestore"].states(who)[NEWS] == "left"


def test_who_changed_in_the_new_store_is_told_and_left_alone(two: TwoStores) -> None:
    """As after the switch."""
    two.copy()
    two.worlds["firestore"].leave("s3")
    two.worlds["firestore"].imported("new", NEWS)

    result = two.copy()

    assert result.exit_code == 0, result.output
    assert "1 person changed in firestore since they were copied. What is there holds." in result.output
    assert "1 person in firestore alone." in result.output
    assert two.worlds["firestore"].states("s3")[NEWS] == "left"


class Forgetful(MemorySubscribers):
    """A store that loses one membership."""

    def of(self, keys: Any) -> Any:
        """See `ports.Memberships`."""
        found = super().of(keys)
        return {key: row for key, row in found.items() if key != MembershipKey(NEWS, id_of("s3"))}


def test_a_difference_is_told_by_id_and_fails(two: TwoStores) -> None:
    """Of the list that it is in."""
    two.stores["firestore"].store = Forgetful()

    result = two.copy()

    assert result.exit_code == 1
    assert [line.split()[0] for line in result.output.splitlines() if line.endswith("DIFFERENT")] == [NEWS]
    assert "Not all that dynamodb has is in firestore. Run the same again." in result.output
    assert f"1 person not as in dynamodb:\n  {id_of('s3')}" in result.output


def test_the_same_store_twice_is_refused(two: TwoStores) -> None:
    """There is nothing to copy."""
    result = two.copy("firestore", "firestore")

    assert result.exit_code == 2
    assert "Both are firestore" in result.output


def test_a_deployment_without_firestore_says_what_it_lacks(two: TwoStores) -> None:
    """In either direction."""
    two.wiring.settings.firestore_project = ""
    two.wiring.store = lambda name: firestore_subscribers(two.wiring) if name == "firestore" else two.stores[name]  # type: ignore[arg-type]

    for result in (two.copy(), two.copy("firestore", "dynamodb")):
        assert result.exit_code == 1
        assert "FirestoreProject" in result.output
        assert "docs/firestore.md" in result.output
        assert "What is copied stays" not in result.output


def test_a_store_that_may_not_be_used_is_told_plainly(two: TwoStores) -> None:
    """Whatever wiring says of its access."""

    def refused(_name: str) -> None:
        msg = "one way of access to Firestore is needed"
        raise Misconfigured(msg)

    two.wiring.store = refused

    result = two.copy()

    assert result.exit_code == 1
    assert "one way of access to Firestore is needed" in result.output


def test_a_large_copy_says_how_far_it_is(two: TwoStores, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line now and then, where nobody watches a bar."""
    monkeypatch.setattr("eventpost_cli.subscribers.progress._LINE", 10)

    result = two.copy()

    assert "10 people copied so far" in result.output
    assert "20 people compared so far" in result.output
