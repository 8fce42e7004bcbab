"""The documents say what is so: generated parts have not drifted, links lead somewhere, nothing is left out."""

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eventpost import errors
from eventpost.lists import Screenshot
from eventpost.settings import Settings
from eventpost_cli import contract, registry
from eventpost_cli.main import COMMANDS
from eventpost_cli.project import Project

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def tracked_files() -> list[Path]:
    """Every text file that git knows, or would know after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.splitlines()]
    return [file for file in files if file.is_file() and file.suffix not in {".png", ".lock", ".mo"}]


def test_the_reference_has_not_drifted_from_the_code() -> None:
    """`make docs` would change nothing."""
    checked = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "docs/reference.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, f"docs/reference.md has drifted: run `make docs`\n{checked.stdout}{checked.stderr}"


def test_the_registry_has_not_drifted_from_the_lists() -> None:
    """What subscribers are told of the lists is what their app.py declares."""
    shipped = (ROOT / registry.PLACE).read_text(encoding="utf-8")

    assert shipped == registry.written(registry.generated(Project(ROOT))), "run `make docs`"


def test_the_contract_has_not_drifted_from_the_lists() -> None:
    """Schemas, AsyncAPI document and page are what the lists' models say; no list that is gone has left a schema."""
    made = contract.generated(Project(ROOT))

    assert [str(place) for place, text in made.items() if (ROOT / place).read_text(encoding="utf-8") != text] == [], (
        "run `make docs`"
    )
    assert contract.left_over(Project(ROOT), made) == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    """The reference names each setting and says what it is for."""
    assert re.search(rf"^\| `{name}` \|[^|]*\| [\w`]", REFERENCE, re.MULTILINE)


@pytest.mark.parametrize(
    "name", [name for name, error in vars(errors).items() if inspect.isclass(error) and issubclass(error, Exception)]
)
def test_every_error_is_documented(name: str) -> None:
    """The reference says of each error when it occurs; of the root, the architecture's table speaks."""
    assert name == "EventpostError" or f"| `{name}` |" in REFERENCE


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Screenshot)])
def test_every_option_of_a_screenshot_is_documented(name: str) -> None:
    """The table says of each option what it is without it and what it does."""
    table = (ROOT / "docs" / "screenshots.md").read_text(encoding="utf-8")

    assert re.search(rf"^\| `{name}` \|[^|]*\| [\w`\[]", table, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """The reference shows each command's help."""
    assert f"### eventpost {name}" in REFERENCE


@pytest.mark.parametrize("name", Project(ROOT).list_names())
def test_every_list_is_documented(name: str) -> None:
    """The reference shows each list's event."""
    assert f"### {name}\n" in REFERENCE


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_documents_lead_somewhere(document: Path) -> None:
    """A relative link or picture names a file that is there."""
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"|srcset=\"([^\"]+)\"", text)
    local = [target for found in targets for target in found if target and not re.match(r"[a-z]+:|#", target)]

    assert [target for target in local if not (document.parent / target.partition("#")[0]).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    """docs/decisions/README.md lists each decision that is there."""
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert [path.name for path in folder.glob("0*.md") if path.name not in index] == []


def test_no_file_names_this_machine() -> None:
    """No tracked file holds an absolute path of a developer's machine or a registry's host."""
    telling = re.compile(r"(?<![\w.*])/(root|work|home|Users)/\w|files\.pythonhosted|registry\.npmjs")
    here = Path(__file__).resolve()
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in tracked_files()
        if file.resolve() != here
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if telling.search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("requirements", "selection"),
    [
        ("shared/requirements.txt", ["--no-default-groups"]),
        ("functions/capture/requirements.txt", ["--only-group", "capture"]),
    ],
)
def test_what_is_deployed_is_what_is_locked(requirements: str, selection: list[str]) -> None:
    """The requirements that `sam build` installs are those of uv.lock; `make requirements` writes them."""
    options = ["--quiet", "--frozen", "--no-emit-project", "--no-hashes", "--no-annotate", "--no-header"]
    exported = subprocess.run(
        [os.environ.get("UV", "uv"), "export", *options, *selection],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (ROOT / requirements).read_text(encoding="utf-8") == exported.stdout
