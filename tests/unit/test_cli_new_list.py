"""`eventpost new-list` writes a whole list, and refuses what would not work or would overwrite."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samtranslator.yaml_helper import yaml_parse

from eventpost.registry import ListEntry, Registry
from eventpost_cli import contract, registry
from eventpost_cli.contract.fields import rows
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.main import main
from eventpost_cli.new_list.stack_block import with_block
from eventpost_cli.preview import sample_message
from eventpost_cli.project import Project

NAME = "price_drops"
PLACES = (
    f"functions/{NAME}/app.py",
    f"functions/{NAME}/requirements.txt",
    f"functions/{NAME}/samples/typical.json",
    f"templates/{NAME}/body.html",
    f"templates/{NAME}/body.txt",
    "template.yaml",
    "shared/eventpost/registry.json",
)


def new_list(*arguments: str) -> Result:
    """Run the command in the current folder."""
    return CliRunner().invoke(main, ["new-list", *arguments])


def test_it_writes_every_piece_and_says_so(small_project: Path) -> None:
    """Folder, templates, sample and block: each is named, and is there."""
    done = new_list(NAME)

    assert done.exit_code == 0, done.output
    assert [line.removeprefix("wrote ") for line in done.output.splitlines()[: len(PLACES)]] == list(PLACES)
    assert all((small_project / place).is_file() for place in PLACES)
    assert f"eventpost preview {NAME}" in done.output


@pytest.mark.parametrize("options", [(), ("--screenshot",), ("--title", "Drops, & more", "--event", "PriceDropped")])
def test_what_it_writes_is_a_list_that_can_be_mailed(small_project: Path, options: tuple[str, ...]) -> None:
    """Its declaration loads, its sample is valid, its templates render."""
    new_list(NAME, *options)
    project = Project(small_project)

    mail_list = project.load(NAME)
    body = project.samples(NAME)["typical"].read_text()
    message = sample_message(project.templates, mail_list, body)

    assert NAME in project.list_names()
    assert mail_list.name == NAME
    assert mail_list.title == ("Drops, & more" if "--title" in options else "Price drops")
    assert mail_list.event.__name__ == ("PriceDropped" if "--event" in options else "PriceDropsEvent")
    assert (mail_list.screenshot is not None) == ("--screenshot" in options)
    assert (b"image/png" in message.content) == ("--screenshot" in options)


def test_its_block_and_its_row_stand_behind_the_others(small_project: Path) -> None:
    """template.yaml stays as it was but for these lines, and means what it should."""
    before = (small_project / "template.yaml").read_text()

    new_list(NAME)

    after = (small_project / "template.yaml").read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert added == ["  PriceDrops:", f"        List: {NAME}", added[-1]]
    assert added[-1].strip() == "- !GetAtt PriceDrops.Outputs.Widgets"
    resources = yaml_parse(after)["Resources"]
    assert resources["PriceDrops"] == {
        **resources["StockAlerts"],
        "Properties": {
            **resources["StockAlerts"]["Properties"],
            "Parameters": {**resources["StockAlerts"]["Properties"]["Parameters"], "List": NAME},
        },
    }
    assert list(resources).index("PriceDrops") == list(resources).index("DirectMail") + 1


def test_two_new_lists_in_a_row_are_both_there(small_project: Path) -> None:
    """The second finds the file as the first has left it."""
    assert new_list(NAME).exit_code == new_list("price_rises").exit_code == 0

    resources = yaml_parse((small_project / "template.yaml").read_text())["Resources"]
    assert {"PriceDrops", "PriceRises"} <= resources.keys()


def test_it_is_in_the_registry_at_once(small_project: Path) -> None:
    """Where a list's title stands among the others' is where subscribers find it."""
    new_list(NAME, "--title", "Price drops")

    shipped = Registry.model_validate_json((small_project / registry.PLACE).read_bytes())
    assert [entry.name for entry in shipped.lists] == [
        "dcf_engine_results",
        "direct_mail",
        NAME,
        "site_watch",
        "stock_alerts",
    ]
    assert shipped.entry(NAME) == ListEntry(
        name=NAME, title="Price drops", description=Project(small_project).load(NAME).description
    )


def test_producers_and_the_mail_api_know_it_at_once(small_project: Path) -> None:
    """Its schema is written, every field explained, and what else tells of the lists."""
    new_list(NAME)

    project = Project(small_project)
    made = contract.generated(project)
    assert contract.SCHEMAS / f"{NAME}.schema.json" in made
    assert {place: (small_project / place).read_text(encoding="utf-8") for place in made} == made
    assert [row.name for row in rows(schema_of(project.load(NAME))) if not row.about] == []


@pytest.mark.parametrize(
    "name",
    ["Price", "price-drops", "1st", "_x", "a__b", "trailing_", "", "ümlaut", "../escape", "a" * 33, "x; rm -rf /"],
)
def test_a_name_that_cannot_work_is_refused(small_project: Path, name: str) -> None:
    """With an example of one that can; nothing is written."""
    before = sorted(small_project.rglob("*"))

    done = new_list("--", name)

    assert done.exit_code == 1
    assert "price_drops" in done.output
    assert sorted(small_project.rglob("*")) == before


@pytest.mark.parametrize(
    "options",
    [("--title", 'a "quote"'), ("--title", "two\nlines"), ("--title", "{{ 7 * 7 }}"), ("--event", "price dropped")],
)
def test_a_title_or_an_event_that_would_break_the_code_is_refused(small_project: Path, options: list[str]) -> None:
    """They stand in generated Python, JSON and Jinja."""
    done = new_list(NAME, *options)

    assert done.exit_code == 1
    assert not (small_project / "functions" / NAME).exists()


def test_nothing_is_overwritten(small_project: Path) -> None:
    """A second time, or where a piece of that name is there already, it stops before it writes anything."""
    new_list(NAME)
    app, stack = small_project / PLACES[0], small_project / "template.yaml"
    app.write_text("mine")
    before = stack.read_text()

    done = new_list(NAME)

    assert done.exit_code == 1
    assert f"{PLACES[0]} exists already" in done.output
    assert (app.read_text(), stack.read_text()) == ("mine", before)


def test_a_resource_of_that_name_is_told(small_project: Path) -> None:
    """A list called `ledger` would take the table's place in the template; nothing is written."""
    done = new_list("ledger")

    assert done.exit_code == 1
    assert "Ledger already" in done.output
    assert not (small_project / "functions" / "ledger").exists()


@pytest.mark.parametrize("template", ["Resources: {}\n", ""])
def test_a_template_without_lists_is_not_guessed_at(template: str) -> None:
    """The error says where to read how to write the lines by hand."""
    with pytest.raises(Exception, match=r"docs/add-a-list\.md"):
        with_block(template, NAME)


def test_outside_a_project_it_says_where_to_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in the wrong folder is the commonest mistake."""
    monkeypatch.chdir(tmp_path)

    done = new_list(NAME)

    assert done.exit_code == 1
    assert "No Eventpost project here" in done.output
