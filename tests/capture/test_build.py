"""The function's Makefile, with stand-ins for pip, npm and Node.js: what it keeps, and for how long."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

_FUNCTION = Path(__file__).parents[2] / "functions" / "capture"
_DAY_S = 86_400
# Each does what the Makefile looks at afterwards, and says when two of them work in the same folder at once.
_STAND_IN = """#!{python}
import sys, time
from pathlib import Path

def made(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("made")

words = sys.argv[1:]
with (Path(__file__).parent / "calls").open("a") as calls:
    calls.write(" ".join([Path(__file__).name, *words]) + chr(10))
if "--target" in words:
    target = Path(words[words.index("--target") + 1])
    made(target / "playwright/driver/package/api.json", target / "playwright/driver/node")
    made(target / "noto_cjk_sans_otc/a.ttc", target / "noto_cjk_sans_otc-1.dist-info/licenses/LICENSE")
elif words[0] == "ci":
    modules = Path("node_modules")
    made(modules / "@sparticuz/chromium/bin/chromium.br", modules / "dejavu-fonts-ttf/ttf/DejaVuSans.ttf")
    made(*(modules / "dejavu-fonts-ttf/ttf" / f"DejaVu{{kind}}.ttf" for kind in
           ("Sans-Bold", "SansMono", "SansMono-Bold", "Serif", "Serif-Bold")))
    made(*(modules / name / "LICENSE" for name in ("@sparticuz/chromium", "dejavu-fonts-ttf", "twemoji-colr-font")))
else:
    made(words[-1])
time.sleep(0.2)
"""


@dataclass
class Build:
    """The function's sources, and a folder where builds keep what they have fetched."""

    root: Path

    @property
    def kept(self) -> Path:
        """What stays for the next build."""
        return self.root / "kept"

    @property
    def calls(self) -> list[str]:
        """The stand-ins that were called so far, by name."""
        told = self.root / "bin" / "calls"
        return [line.split()[0] for line in told.read_text().splitlines()] if told.exists() else []

    def run(self, *options: str, **environment: str) -> Path:
        """Build the package; what it consists of is in the folder that is returned."""
        artifacts = self.root / "artifacts"
        shutil.rmtree(artifacts, ignore_errors=True)
        artifacts.mkdir()
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        told = {"PATH": path, "ARTIFACTS_DIR": str(artifacts), "EVENTPOST_CACHE": str(self.kept), **environment}
        subprocess.run(("make", "build-Capture", *options), cwd=self.root / "capture", env=told, check=True)
        return artifacts

    def leave(self, name: str, days: float) -> Path:
        """Something that was last used so many days ago."""
        folder = self.kept / name
        (folder / "browser").mkdir(parents=True)
        at = time.time() - days * _DAY_S
        os.utime(folder, (at, at))
        return folder


@pytest.fixture
def build(tmp_path: Path) -> Build:
    shutil.copytree(_FUNCTION, tmp_path / "capture", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bin").mkdir()
    for name in ("python3.13", "npm", "node"):
        stand_in = tmp_path / "bin" / name
        stand_in.write_text(_STAND_IN.format(python=sys.executable))
        stand_in.chmod(0o755)
    return Build(tmp_path)


def test_what_was_fetched_once_is_kept(build: Build) -> None:
    """The second build calls neither npm nor pip, and makes the same package."""
    first = sorted(path.relative_to(build.root) for path in build.run().rglob("*"))
    calls = build.calls
    second = sorted(path.relative_to(build.root) for path in build.run().rglob("*"))

    assert sorted(calls) == ["node", "npm", "python3.13", "python3.13"]
    assert build.calls == calls
    assert first == second
    assert (build.root / "artifacts" / "browser" / "chromium.br").is_file()
    assert not (build.root / "artifacts" / "playwright" / "driver" / "package" / "api.json").exists()


@pytest.mark.parametrize("told", [("-j4",), ()])
def test_its_two_parts_are_not_made_at_once(build: Build, told: tuple[str, ...]) -> None:
    """They share a folder: `make -j` of the project, or MAKEFLAGS of somebody's shell, reaches this Makefile too."""
    artifacts = build.run(*told, **({} if told else {"MAKEFLAGS": "-j4"}))

    assert (artifacts / "playwright" / "driver" / "node").is_file()
    assert (artifacts / "browser" / "fonts" / "a.ttc").is_file()
    assert len(list(build.kept.iterdir())) == 2


def test_what_no_build_wants_any_more_is_removed(build: Build) -> None:
    """After thirty days: another branch may still want it. What this one wants stays, used or not."""
    build.run()
    wanted = list(build.kept.iterdir())
    for folder in wanted:
        os.utime(folder, (0, 0))
    old = [build.leave(f"{name}-1-2", 32) for name in ("capture-packages", "capture-browser", "part")]
    others = [build.leave("capture-browser-3-4", 28), build.leave("somebody-elses", 99), build.leave("part-9", 0)]
    build.run("CAPTURE_PACK_BROWSER=no")

    assert {*build.kept.iterdir()} == {*wanted, *others}
    assert not any(folder.exists() for folder in old)
    assert len(build.calls) == 4
