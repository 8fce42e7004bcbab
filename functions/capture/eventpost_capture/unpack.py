"""The browser in the package, which holds it packed: as it runs, it is too large for Lambda's 250 MB.

Once per execution environment it is unpacked into the temporary folder: 220 MB, in some three seconds. It appears there
whole or not at all, under the name that the build gave it, so what a killed process leaves is never taken for a
browser. Of several processes one unpacks, and the others wait for it; who unpacks removes what is left of an earlier
try.

The browser is linked for Lambda, whose system lacks libraries and fonts. They are unpacked beside it, and
`Unpacked.environment` says so to the dynamic linker and to fontconfig.
"""

import errno
import fcntl
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import brotli

from eventpost_capture.errors import Misconfigured

PACKED = Path(__file__).parents[1] / "browser"  # the Makefile puts it there
_ARCHIVES = ("al2023", "fonts", "swiftshader")  # libraries of Lambda's Amazon Linux; Open Sans; WebGL without a GPU
_CHUNK = 65_536  # with larger ones it takes longer: what comes out of each is joined to one piece of memory
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{unpacked}/fonts</dir>
  <dir>{packed}/fonts</dir>
  <cachedir>{unpacked}/font-cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>Times New Roman</family><accept><family>DejaVu Serif</family></accept></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>Courier New</family><accept><family>DejaVu Sans Mono</family></accept></alias>
  <alias><family>emoji</family><prefer><family>Twemoji Mozilla</family></prefer></alias>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The browser, ready to start."""

    folder: Path

    @property
    def executable(self) -> Path:
        """The program."""
        return self.folder / "chromium"

    @property
    def environment(self) -> dict[str, str]:
        """What the program is told beside the rest: where its libraries and fonts are."""
        libraries = (str(self.folder / "lib"), os.environ.get("LD_LIBRARY_PATH"))
        return {"LD_LIBRARY_PATH": ":".join(filter(None, libraries)), "FONTCONFIG_PATH": str(self.folder)}


def is_packed(packed: Path = PACKED) -> bool:
    """Whether this package brings a browser."""
    return (packed / "name").is_file()


def unpack(packed: Path = PACKED, into: Path | None = None) -> Unpacked:
    """Return the browser of the package, unpacked now if it is not yet. It takes seconds, and a core.

    Raises:
        Misconfigured: the temporary folder has not enough room or holds somebody else's, or the package is damaged.
    """
    # The fonts stay in the package, so what is unpacked is good for the package at this path.
    name = f"eventpost-{(packed / 'name').read_text().strip()}-{zlib.crc32(os.fsencode(packed)):08x}"
    place = (into or Path(tempfile.gettempdir())) / name
    with _alone(place.with_name(f"{name}.lock")):
        if not place.exists():
            _unpack_whole(packed, place)
    if place.stat().st_uid != os.geteuid():
        raise Misconfigured("the unpacked browser belongs to another user: set TMPDIR to a folder of your own")
    return Unpacked(place)


def _unpack_whole(packed: Path, place: Path) -> None:
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        _unpack_into(part, packed, place)
        part.rename(place)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Misconfigured("no room to unpack the browser: give the function 1024 MB of ephemeral storage") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # gone by its name when all went well


def _unpack_into(part: Path, packed: Path, place: Path) -> None:
    for name in _ARCHIVES:
        content = BytesIO(b"".join(_decompressed(packed / f"{name}.tar.br")))
        with tarfile.open(fileobj=content) as archive:
            archive.extractall(part, filter="data")
    (part / "fonts.conf").write_text(_FONTS.format(unpacked=escape(str(place)), packed=escape(str(packed))))
    with (part / "chromium").open("wb") as program:
        for piece in _decompressed(packed / "chromium.br"):
            program.write(piece)
    (part / "chromium").chmod(0o700)


def _decompressed(file: Path) -> Iterator[bytes]:
    """Yield what a file holds."""
    decompressor = brotli.Decompressor()
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield decompressor.process(chunk)
    if not decompressor.is_finished():
        raise Misconfigured(f"{file.name} in the package is cut short: build and deploy the function anew")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep every other process waiting; the kernel lets them go on when this one is killed."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
