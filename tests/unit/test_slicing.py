"""Slices: ranges of ids that cover an audience, and their way over the queue."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise

import pytest

from eventpost import slicing
from eventpost.errors import InvalidEvent
from eventpost.model import EventKey, IdRange, Slice
from given import NOW

WHOLE = IdRange()
SLICE = Slice(EventKey("price_moves", "e1"), "0" * 64, NOW, IdRange("0" * 32, "7" + "f" * 31), 3, 2, NOW)


def ids(number: int) -> list[str]:
    """So many ids, in order, as uniform as subscribers' are."""
    return sorted(sha256(str(each).encode()).hexdigest()[:32] for each in range(number))


def cut(all_ids: list[str], seen: int = 100) -> tuple[IdRange, list[IdRange]]:
    """The whole range, cut after the first of these have been seen."""
    return slicing.cut(WHOLE, seen, all_ids[seen - 1])


@pytest.mark.parametrize("number", [1_500, 10_000, 100_000])
def test_slices_cover_everybody_once(number: int) -> None:
    """What is kept and what is handed out lie side by side, from the first id to the last."""
    own, rest = cut(ids(number))

    assert slicing.gaps([own, *rest]) == []
    ends = sorted([own, *rest], key=lambda each: each.first)
    assert all(int(a.last, 16) + 1 == int(b.first, 16) for a, b in pairwise(ends))


@pytest.mark.parametrize("number", [5_000, 100_000])
def test_slices_have_about_five_hundred_each(number: int) -> None:
    """A hundred ids tell the density well enough: within a third, and in most runs within a tenth."""
    all_ids = ids(number)
    own, rest = cut(all_ids)
    sizes = [sum(each.first <= id_ <= each.last for id_ in all_ids) for each in (own, *rest[:20])]

    assert all(300 < size < 750 for size in sizes)
    assert 0.65 < len(rest) / (number / slicing.SLICE) < 1.5


def test_an_audience_that_one_slice_serves_is_not_cut() -> None:
    """Half a slice more than one is no reason for a second message."""
    own, rest = cut(ids(550))

    assert (own, rest) == (WHOLE, [])


def test_slices_are_shuffled() -> None:
    """Neighbours in time are no neighbours in the ledger's partitions."""
    _, rest = cut(ids(50_000))

    assert rest != sorted(rest, key=lambda each: each.first)


def test_a_list_of_millions_has_a_bound_on_its_slices() -> None:
    """Handing them out must not outlast the invocation; the slices grow instead."""
    _, rest = slicing.cut(WHOLE, 100, f"{(1 << 128) // 100_000:032x}")

    assert len(rest) == slicing.MOST_SLICES
    assert slicing.gaps([WHOLE, *rest]) == []


def test_a_part_of_the_range_is_cut_within_itself() -> None:
    """A slice that is too wide never hands out what is another one's."""
    part = IdRange("4" + "0" * 31, "7" + "f" * 31)
    own, rest = slicing.cut(part, 100, "4001" + "0" * 28)

    assert own.first == part.first
    assert max(each.last for each in rest) == part.last
    assert min(each.first for each in (own, *rest)) == part.first


@pytest.mark.parametrize("reached", ["0" * 32, "0" * 31 + "1", "f" * 32])
def test_ids_that_are_not_uniform_are_cut_somehow(reached: str) -> None:
    """Whatever ids a store may hold, the pieces cover the range."""
    own, rest = slicing.cut(WHOLE, 1, reached)

    assert slicing.gaps([own, *rest]) == []


def test_gaps_are_what_no_slice_covers() -> None:
    """Overlaps and duplicates are no matter; the rest is told in order."""
    low, high = IdRange("0" * 32, "3" + "f" * 31), IdRange("8" + "0" * 31, "b" + "f" * 31)

    assert slicing.gaps([high, low, low]) == [
        IdRange("4" + "0" * 31, "7" + "f" * 31),
        IdRange("c" + "0" * 31, "f" * 32),
    ]
    assert slicing.gaps([]) == [WHOLE]
    assert slicing.gaps([WHOLE, low]) == []


def test_what_lies_before_an_id() -> None:
    """The part that is finished ends right before the first who is not settled."""
    assert slicing.before(WHOLE, "8" + "0" * 31) == IdRange("0" * 32, "7" + "f" * 31)
    assert slicing.before(WHOLE, WHOLE.first) is None


def test_a_slice_is_the_same_after_its_way() -> None:
    """What is put on the queue is what is read from it."""
    assert slicing.read("price_moves", slicing.posted(SLICE).body) == SLICE


@pytest.mark.parametrize(
    "change",
    [
        {"first": "zz"},
        {"first": "8" + "0" * 31},
        {"last": ""},
        {"hops": -1},
        {"hops": "many"},
        {"raised_at": "soon"},
        {"raised_at": "2026-01-01T00:00:00"},
        {"body_digest": "../../secret"},
        {"event_id": ""},
        {"more": 1},
    ],
)
def test_a_slice_that_we_did_not_write_is_refused(change: dict[str, object]) -> None:
    """Whoever may send events may also send what says that it is a slice."""
    body = json.dumps(json.loads(slicing.posted(SLICE).body) | change)
    with pytest.raises(InvalidEvent, match="not written by us"):
        slicing.read("price_moves", body)


@pytest.mark.parametrize("body", ["", "[]", "null", "7", "{}", "no json"])
def test_a_body_that_is_no_slice_is_refused(body: str) -> None:
    """It goes to dead letters as it is."""
    with pytest.raises(InvalidEvent):
        slicing.read("price_moves", body)
    assert slicing.renewed(body) == (body if body != "{}" else '{"hops": 0, "expires_at": null}')


def test_a_slice_on_dead_letters_begins_anew_when_it_is_replayed() -> None:
    """Otherwise a replay would be given up on at once: its four days are over."""
    replayed = slicing.read("price_moves", slicing.renewed(slicing.posted(SLICE).body))

    assert (replayed.hops, replayed.expires_at) == (0, None)
    assert replayed.ids == SLICE.ids


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    """Ten seconds, twice that, and so on; never more than SQS can delay a message."""
    assert all(timedelta(seconds=8) <= slicing.pause(0) <= timedelta(seconds=12) for _ in range(50))
    assert all(timedelta(seconds=32) <= slicing.pause(2) <= timedelta(seconds=48) for _ in range(50))
    assert all(timedelta(minutes=12) <= slicing.pause(hops) <= timedelta(minutes=15) for hops in range(8, 600))


@pytest.mark.parametrize("wait", [slicing.pause, slicing.turn])
def test_a_slice_in_vain_is_over_by_time_and_not_by_hops(wait: Callable[[int], timedelta]) -> None:
    """The hop count only stops what goes round without a pause, be it for the provider or for the budget."""
    assert sum(map(wait, range(slicing.HOPS_MAX)), timedelta(0)) > slicing.SLICE_LIFE
