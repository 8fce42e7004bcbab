"""A task as a TOML file: where it is none, the file and the line are told."""

from pathlib import Path

import pytest

import given
from eventpost.tasks import read_task
from eventpost_cli.tasks.task_file import BadTaskFile, read_file

WHOLE = """\
# The prices, on weekdays.
page = "https://example.com/prices"
every = "15 minutes"
mail_to = [
  "ada@example.com",  # "the first"
  "bob@example.com",
]

[capture]
device = "phone"
dark = true
"""


def told(tmp_path: Path, text: str | bytes) -> str:
    """What is told of a file with this text."""
    file = tmp_path / "prices.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadTaskFile) as bad:
        read_file(file)
    return bad.value.message


def test_a_file_is_a_task(tmp_path: Path) -> None:
    """With a byte order mark or without, whatever its line ends are."""
    file = tmp_path / "prices.toml"
    expected = read_task(
        {
            "page": "https://example.com/prices",
            "every": "15 minutes",
            "mail_to": ["ada@example.com", "bob@example.com"],
            "capture": {"device": "phone", "dark": True},
        }
    )
    for content in (WHOLE.encode(), b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()):
        file.write_bytes(content)
        assert read_file(file) == expected


@pytest.mark.parametrize(
    ("before", "after", "begins"),
    [
        ("https://", "ftp://", "prices.toml, line 2: page: write"),
        ('"15 minutes"', "15", "prices.toml, line 3: every: write it with its unit"),
        ("bob@example.com", "bob", "prices.toml, line 6: mail_to, number 2: the address"),
        ('"ada@example.com"', "1", "prices.toml, line 5: mail_to, number 1: this must be a text"),
        ("dark = true", 'dark = "yes"', "prices.toml, line 11: capture, dark: this must be true or false"),
        ("dark = true", "drak = true", "prices.toml, line 11: capture, drak: there is no such field"),
        ("dark = true", "delay_s = 11", "prices.toml, line 11: capture: delay_s must be"),
        ('[capture]\ndevice = "phone"\ndark = true', "capture = { dark = 3 }", "prices.toml, line 9: capture, dark"),
        ('[capture]\ndevice = "phone"\n', "capture.", "prices.toml, line 9: capture, dark"),
        ("[capture]", "[capturing]", "prices.toml, line 9: capturing: there is no such field; did you mean capture?"),
        ("every", "evry", "prices.toml, line 3: evry: there is no such field; did you mean every?"),
        ('https://example.com/prices"', "https://example.com/prices", "prices.toml, line 2: no TOML: "),
        ("]\n\n", "\n\n", "prices.toml, line 9: no TOML: "),
        ('every = "15 minutes"\n', "", "prices.toml: write one of the two: every"),
    ],
)
def test_the_line_is_told_with_what_to_write(tmp_path: Path, before: str, after: str, begins: str) -> None:
    """Also in tables and lists."""
    text = WHOLE.replace("dark = true", "dark = 3") if "capture." in after else WHOLE

    assert told(tmp_path, text.replace(before, after, 1)).startswith(begins)


def test_every_fault_is_told_on_a_line_of_its_own(tmp_path: Path) -> None:
    """In the order of the fields."""
    lines = told(tmp_path, 'page = 1\nmail_to = ["x"]\nevery = "x"\n').splitlines()

    assert [line.partition(":")[0] for line in lines] == [f"prices.toml, line {number}" for number in (1, 2, 3)]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Too large, of another encoding, or not there."""
    assert told(tmp_path, b"#" * 100_000) == "prices.toml: larger than 64 KB; a task is a few lines of TOML"
    assert told(tmp_path, 'title = "Köln"'.encode("latin-1")) == "prices.toml: not UTF-8; save it as UTF-8"
    assert "no TOML" in told(tmp_path, "page = [")
    with pytest.raises(BadTaskFile, match=r"^gone\.toml cannot be read: No such file"):
        read_file(tmp_path / "gone.toml")


def test_no_address_is_told(tmp_path: Path) -> None:
    """What is told of a file goes to logs."""
    assert "nobody" not in told(tmp_path, 'page = "https://example.com"\nevery = "1 day"\nmail_to = "nobody at home"')


@pytest.mark.parametrize(
    "file", sorted((given.REPOSITORY / "examples/tasks").glob("*.toml")), ids=lambda file: file.name
)
def test_the_examples_are_tasks(file: Path) -> None:
    """As they are."""
    read_file(file)
