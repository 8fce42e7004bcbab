"""`eventpost preview` writes the mail of each sample as a mail program, a browser and an editor can open it."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

from click.testing import CliRunner, Result

import received_mail
from eventpost_cli.main import main

LIST = "dcf_engine_results"


def preview(*arguments: str) -> Result:
    """Run the command in the current folder."""
    return CliRunner().invoke(main, ["preview", *arguments])


def test_every_sample_becomes_three_files(small_project: Path, tmp_path: Path) -> None:
    """And their paths are told, to be clicked on."""
    samples = sorted(path.stem for path in (small_project / "functions" / LIST / "samples").iterdir())

    done = preview(LIST, "--out", str(tmp_path / "out"))

    assert done.exit_code == 0, done.output
    written = [tmp_path / "out" / LIST / f"{name}{suffix}" for name in samples for suffix in (".eml", ".html", ".txt")]
    assert [Path(line) for line in done.output.splitlines()] == written
    assert all(path.stat().st_size > 100 for path in written)


def test_the_files_are_the_mail(small_project: Path, tmp_path: Path) -> None:
    """The .eml is whole, and the .html shows its picture without it."""
    preview(LIST, "--sample", "typical", "--out", str(tmp_path))

    mail = message_from_bytes((tmp_path / LIST / "typical.eml").read_bytes(), policy=default)
    html = (tmp_path / LIST / "typical.html").read_text()
    assert received_mail.defects(mail) == []
    assert "cid:" in received_mail.text(mail, "html")
    assert "cid:" not in html
    assert 'src="data:image/png;base64,' in html
    text = (tmp_path / LIST / "typical.txt").read_text()
    assert text.splitlines() == received_mail.text(mail, "plain").splitlines()
    assert not list(small_project.rglob("preview"))


def test_without_a_place_it_writes_where_git_does_not_look(small_project: Path) -> None:
    """Below .eventpost/, in a list without pictures as well."""
    assert preview("stock_alerts", "--sample", "typical").exit_code == 0

    assert (small_project / ".eventpost" / "preview" / "stock_alerts" / "typical.eml").is_file()


def test_an_unknown_sample_is_told_with_those_there_are(small_project: Path) -> None:
    """As an error."""
    done = preview(LIST, "--sample", "no-such")

    assert done.exit_code == 1
    assert "typical" in done.output


def test_a_template_that_fails_is_told_by_sample_and_place(small_project: Path) -> None:
    """So that it can be mended while looking at the preview."""
    (small_project / "templates" / LIST / "body.txt").write_text("{{ event.no_such_field }}")

    done = preview(LIST, "--sample", "typical")

    assert done.exit_code == 1
    assert "typical:" in done.output
    assert f"{LIST}/body.txt" in done.output
    assert "Traceback" not in done.output


def test_a_sample_that_does_not_fit_is_told_by_its_field(small_project: Path) -> None:
    """A changed model shows at once which samples to change."""
    (small_project / "functions" / LIST / "samples" / "typical.json").write_text("{}")

    done = preview(LIST, "--sample", "typical")

    assert done.exit_code == 1
    assert "ticker" in done.output
