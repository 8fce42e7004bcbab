"""The browser that goes to Lambda: unpacked once, and at work under Lambda's flags in both process models."""

import errno
import io
import os
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from capture_site import Take
from PIL import Image
from process_tree import environment, family

from eventpost_capture import handler, launch, unpack
from eventpost_capture.errors import Misconfigured
from eventpost_capture.settings import LAMBDA_FLAGS, Settings
from eventpost_capture.unpack import Unpacked

_SINGLE = " ".join(LAMBDA_FLAGS)
_SEVERAL = "--no-sandbox --no-zygote"
_PROGRAM = os.urandom(100_000) * 100

type Picture = Callable[[], Image.Image]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A packed browser in the shape of the real one, and unpacked in no time."""
    packed = tmp_path / "browser"
    packed.mkdir()
    (packed / "name").write_text("a-browser\n")
    (packed / "chromium.br").write_bytes(brotli.compress(_PROGRAM, quality=1))
    for name, file in (("al2023", "lib/libnss3.so"), ("fonts", "fonts/a.ttf"), ("swiftshader", "libEGL.so")):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            entry = tarfile.TarInfo(file)
            entry.size = len(file)
            archive.addfile(entry, io.BytesIO(file.encode()))
        (packed / f"{name}.tar.br").write_bytes(brotli.compress(content.getvalue()))
    return packed


def test_a_browser_is_unpacked_once(small: Path, tmp_path: Path) -> None:
    """The second call finds what the first has made: a program, its libraries and its fonts."""
    first = unpack.unpack(small, tmp_path)
    made = first.executable.stat().st_ctime_ns

    second = unpack.unpack(small, tmp_path)

    assert first == second
    assert second.executable.stat().st_ctime_ns == made
    assert second.executable.read_bytes() == _PROGRAM
    assert os.access(second.executable, os.X_OK)
    assert second.environment["LD_LIBRARY_PATH"].split(":")[0] == str(second.folder / "lib")
    assert (second.folder / "lib" / "libnss3.so").is_file()
    assert str(small / "fonts") in (second.folder / "fonts.conf").read_text()


def test_several_share_one_unpacking(small: Path, tmp_path: Path) -> None:
    """Each gets the whole browser, however they come: the lock is the kernel's, for threads as for processes."""
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: unpack.unpack(small, tmp_path).executable.stat(), range(8)))

    assert len({file.st_ino for file in found}) == 1
    assert {file.st_size for file in found} == {len(_PROGRAM)}


def test_a_full_temporary_folder_is_said_to_be_one(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the setting; no part of a browser stays behind to fill it further."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpack, "_decompressed", full)
    with pytest.raises(Misconfigured, match="1024 MB of ephemeral storage"):
        unpack.unpack(small, tmp_path)

    assert [path.name for path in tmp_path.glob("eventpost-*") if path.is_dir()] == []


def test_what_a_killed_process_left_is_replaced(small: Path, tmp_path: Path) -> None:
    """Lambda keeps the temporary folder when it kills a function; half a browser there is none, and goes."""
    whole = unpack.unpack(small, tmp_path).folder
    half = whole.rename(whole.with_name(f"{whole.name}.part"))
    (half / "chromium").write_bytes(b"half of it")
    (half / "left").touch()

    again = unpack.unpack(small, tmp_path)

    assert again.executable.read_bytes() == _PROGRAM
    assert not half.exists()
    assert not (again.folder / "left").exists()


def test_a_damaged_package_is_said_to_be_one(small: Path, tmp_path: Path) -> None:
    """No part of a browser stays behind."""
    packed = (small / "chromium.br").read_bytes()
    (small / "chromium.br").write_bytes(packed[: len(packed) // 2])

    with pytest.raises(Misconfigured, match=r"chromium\.br in the package is cut short"):
        unpack.unpack(small, tmp_path)

    assert [path.name for path in tmp_path.glob("eventpost-*") if path.is_dir()] == []


def test_lambda_gets_a_single_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the deployment names a browser of its own, or flags."""
    there = {"SCREENSHOTS_BUCKET": "b", "AWS_LAMBDA_FUNCTION_NAME": "capture", "CHROMIUM_PATH": ""}

    assert Settings.read(there).browser_flags == LAMBDA_FLAGS
    assert Settings.read(there).shots_per_browser == 1
    assert Settings.read(there | {"CHROMIUM_PATH": "/opt/chrome"}).browser_flags == ("--no-sandbox",)
    assert Settings.read(there | {"CAPTURE_BROWSER_FLAGS": _SEVERAL}).browser_flags == tuple(_SEVERAL.split())


@pytest.fixture(params=[_SINGLE, _SEVERAL], ids=["a single process", "several processes"])
def in_lambda(request: pytest.FixtureRequest, unpacked: Unpacked, monkeypatch: pytest.MonkeyPatch) -> str:
    """The function with its packed browser, under these flags."""
    monkeypatch.setenv("CAPTURE_BROWSER_FLAGS", request.param)
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-told")
    monkeypatch.setattr(launch, "is_packed", lambda: True)
    monkeypatch.setattr(launch, "unpack", lambda: unpacked)
    return str(request.param)


def test_the_packed_browser_takes_pictures(in_lambda: str, take: Take, image: Picture, unpacked: Unpacked) -> None:
    """One after another; each is of its page, and the browser is told of no secret."""
    for _ in range(3):
        assert "picture" in take("/card", selector="#card")
        assert image().size == (300, 200)
        assert image().convert("RGB").getpixel((150, 100)) == (200, 0, 0)
    studio = handler.studio(Settings.read(os.environ))
    if studio.browser.pid is not None:  # a single process ends with its shot
        assert Path(f"/proc/{studio.browser.pid}/exe").readlink() == unpacked.executable
        assert all(b"never-told" not in environment(member) for member in family(studio.browser.pid))


@pytest.mark.heavy
def test_the_packed_browser_outlives_bad_pages(in_lambda: str, take: Take) -> None:
    """One that computes for ever costs its deadline; one that is missing an error; the next shot works."""
    assert "picture" in take("/card")
    started = time.monotonic()
    answer = take("/busy", selector="#never", deadline_s=2)

    assert answer["error"]["type"] in {"DeadlinePassed", "SelectorNotFound"}
    assert time.monotonic() - started < 5
    assert take("/missing")["error"]["type"] == "PageUnavailable"
    assert "picture" in take("/card")


@pytest.mark.heavy
@pytest.mark.parametrize("in_lambda", [_SEVERAL], indirect=True)
@pytest.mark.parametrize("pair", ["Áé", "Ωλ", "Жя", "中文", "臺灣", "あん", "한글", "عس"])
def test_the_packed_fonts_draw_the_worlds_writing(in_lambda: str, write: Callable[[str], bytes], pair: str) -> None:
    """A character that no font has is a box, and one box is as the other."""
    first, second = map(write, pair)

    assert first != second


@pytest.mark.parametrize("in_lambda", [_SEVERAL], indirect=True)
def test_the_packed_fonts_have_emoji_in_colour(in_lambda: str, write: Callable[[str], bytes], image: Picture) -> None:
    """A grinning face is yellow."""
    write("😀")

    colours = image().convert("RGB").getcolors(100_000) or []
    assert sum(count for count, (red, green, blue) in colours if red > 200 and green > 150 and blue < 120) > 100


@pytest.fixture
def write(take: Take, image: Picture) -> Callable[[str], bytes]:
    """Photographs a text, black on white."""

    def pixels(text: str) -> bytes:
        assert "picture" in take("/card", css=f'#card {{background: #fff}} #card::before {{content: "{text}"}}')
        return image().tobytes()

    return pixels
