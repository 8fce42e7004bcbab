"""The capture benchmark measures what it says: one page for all, and a picture that is wrong is no figure."""

import random
from pathlib import Path

import pytest
from benchmarks.capture.figures import TARGETS, merged
from benchmarks.capture.page import BYTES, PAPER, dashboard
from benchmarks.capture.pages import against_targets
from benchmarks.capture.pictures import SIZE, check
from benchmarks.capture.programs import multi_yaml
from benchmarks.delivery.errors import RunWrong
from PIL import Image


def _busy(seed: int) -> Image.Image:
    """A picture of the right size and ground, with as many colours as a dashboard has."""
    picture = Image.new("RGB", SIZE, PAPER)
    noise = Image.frombytes("RGB", (400, 300), random.Random(seed).randbytes(400 * 300 * 3))
    picture.paste(noise, (100, 100))
    return picture


def _kept(picture: Image.Image, place: Path) -> Path:
    picture.save(place)
    return place


def test_the_page_is_of_75_kb_and_always_the_same() -> None:
    page = dashboard()
    assert len(page) == BYTES == 76_800
    assert page == dashboard()
    assert page.count(b"-") < BYTES / 8  # what fills it up is little


def test_a_picture_like_the_first_is_right(tmp_path: Path) -> None:
    first = _kept(_busy(1), tmp_path / "first.png")
    check(first, None, "the first")
    check(_kept(_busy(1), tmp_path / "second.png"), first, "the second")


@pytest.mark.parametrize(
    "wrong",
    [
        Image.new("RGB", SIZE, PAPER),
        Image.new("RGB", SIZE, "white"),
        _busy(1).resize((1280, 799)),
        _busy(2),
    ],
    ids=["blank", "white", "another size", "another picture"],
)
def test_a_wrong_picture_is_no_figure(wrong: Image.Image, tmp_path: Path) -> None:
    first = _kept(_busy(1), tmp_path / "first.png")
    with pytest.raises(RunWrong, match="someone"):
        check(_kept(wrong, tmp_path / "wrong.png"), first, "someone")
    with pytest.raises(RunWrong, match="left no picture"):
        check(tmp_path / "none.png", first, "someone")


def test_multi_is_told_the_page_once_for_each_file() -> None:
    told = multi_yaml("http://127.0.0.1:1/dashboard", [Path("a.png"), Path("b.png")])
    assert told.splitlines() == [
        "- {url: 'http://127.0.0.1:1/dashboard', output: 'a.png', width: 1280, height: 800}",
        "- {url: 'http://127.0.0.1:1/dashboard', output: 'b.png', width: 1280, height: 800}",
    ]


def test_a_run_replaces_what_it_measured_and_leaves_the_rest() -> None:
    known = {"delivery.first_mail_s": 1.0, "capture.cold_ms": 2.0, "capture.stage_ms.gone": 2.0, "capture.ours_ms": 3.0}
    left = {"delivery.first_mail_s": 1.0, "capture.cold_ms": 2.0}
    assert merged(known, {"capture.ours_ms": 4.0}) == {**left, "capture.ours_ms": 4.0}


def test_a_figure_is_met_or_it_says_that_it_is_not() -> None:
    rows = list(against_targets({"capture.warm_vs_floor": 1.81, "capture.vs_shot_scraper": 4.0}))
    assert rows[2:] == [
        "| `capture.warm_vs_floor` | 1.81 | ≤ 1.8 | **not met** |",
        "| `capture.vs_shot_scraper` | 4 | ≥ 4 | met |",
    ]
    assert len(TARGETS) == 5
