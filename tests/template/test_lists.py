"""A list is a folder and a block of template.yaml, and the platform hands both the same things."""

import json
import re
from email.utils import parseaddr
from itertools import takewhile
from typing import Any

import pytest

from eventpost.runtime.figures import COUNTED, TIMED
from eventpost.settings import Settings

SERVERLESS = "AWS::Serverless::Application"
SENDER_ADDRESS = {
    "Fn::Select": [
        0,
        {"Fn::Split": [">", {"Fn::Select": [1, {"Fn::Split": ["<", {"Fn::Sub": "${Sender}<${Sender}"}]}]}]},
    ]
}
PLATFORM = {
    0: {"Ref": "SharedLayer"},
    1: {"Ref": "TemplatesLayer"},
    2: {"Ref": "AlarmTopic"},
    3: {"Fn::GetAtt": ["Subscribers", "Arn"]},
    4: {"Fn::GetAtt": ["Ledger", "Arn"]},
    5: {"Fn::GetAtt": ["Screenshots", "Arn"]},
    6: {"Fn::GetAtt": ["Capture", "Arn"]},
    7: {"Fn::GetAtt": ["LinkKeys", "Id"]},
    8: {"Fn::If": ["HasSmtpCredentials", {"Ref": "SmtpCredentialsSecret"}, {"Fn::GetAtt": ["LinkKeys", "Id"]}]},
    9: {"Ref": "LogRetentionDays"},
    10: {"Ref": "LogLevel"},
    11: {"Ref": "AWS::StackName"},
    12: {"Fn::If": ["UsesSes", SENDER_ADDRESS, "none"]},
    13: {"Fn::If": ["HasConfigurationSet", {"Ref": "SesConfigurationSet"}, "*"]},
}
SENDERS = ("Eventpost <news@example.com>", "news@example.com", "Bücher & Co. <news@example.com>")
# What the library takes where it is told nothing: the stack's own defaults say the same.
LIBRARY = {
    name: field.default
    for name, field in Settings.model_fields.items()
    if not field.is_required() and name != "smtp_host"
}
OVERRIDABLE = {"Timeout", "MemorySize", "MaximumConcurrency", "LateAfterSeconds"}


def blocks(root_stack: Any) -> dict[str, dict[str, Any]]:
    """The properties of the lists' blocks, by their logical ids."""
    resources = root_stack.source["Resources"].items()
    return {name: found["Properties"] for name, found in resources if found["Type"] == SERVERLESS}


def test_every_list_has_a_block(root_stack: Any, lists: set[str]) -> None:
    """Each folder in functions/ that declares a list is deployed, and nothing else is deployed as one."""
    deployed = {block["Parameters"]["List"] for block in blocks(root_stack).values()}

    assert lists - deployed == set(), "add a block for these to template.yaml (docs/add-a-list.md)"
    assert deployed - lists == set(), (
        "these blocks in template.yaml have no functions/<list>/app.py that declares a list"
    )


def test_blocks_are_named_after_their_list(root_stack: Any) -> None:
    """dcf_engine_results is deployed as DcfEngineResults."""
    for name, block in blocks(root_stack).items():
        assert name == "".join(word.capitalize() for word in block["Parameters"]["List"].split("_"))


def test_blocks_hand_down_the_platform(root_stack: Any) -> None:
    """They repeat no plumbing: two values carry all of it, and the rest is what a list may have its own way."""
    for name, block in blocks(root_stack).items():
        given = dict(block["Parameters"])

        assert block["Location"] == "functions/list.yaml", name
        assert given.pop("List"), name
        assert given.pop("Settings") == {"Fn::GetAtt": ["Settings", "Value"]}, name
        assert given.pop("Platform") == {"Fn::GetAtt": ["Platform", "Value"]}, name
        assert given.keys() <= OVERRIDABLE, name


def test_blocks_are_short(root_stack: Any) -> None:
    """At most 12 lines."""
    lines = root_stack.text.splitlines()
    for name in blocks(root_stack):
        rest = lines[lines.index(f"  {name}:") + 1 :]
        block = list(takewhile(lambda line: not line or line.startswith("    "), rest))

        assert 1 + len([line for line in block if line]) <= 12, f"the block of {name} in template.yaml is too long"


def test_every_list_is_on_the_dashboard(root_stack: Any) -> None:
    """Each block's row is joined into the dashboard's body."""
    _, variables = root_stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    _, rows = variables["Lists"]["Fn::Join"]
    shown = {row["Fn::GetAtt"][0] for row in rows}

    assert blocks(root_stack).keys() - shown == set(), (
        "add !GetAtt <Block>.Outputs.Widgets to Dashboard in template.yaml"
    )
    assert [row for row in rows if row["Fn::GetAtt"][1] != "Outputs.Widgets"] == []


def test_the_dashboard_is_json(root_stack: Any, list_stack: Any) -> None:
    """A row per list, and one for what they share; widgets without a place are put in order by CloudWatch."""
    body, _ = root_stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    row, _ = list_stack.source["Outputs"]["Widgets"]["Value"]["Fn::Sub"]
    widgets = json.loads(filled(body.replace("${Lists}", f"{row},{row}")))["widgets"]

    assert len(widgets) == 2 * 8 + 3
    assert sum(widget["width"] for widget in widgets) % 24 == 0
    assert {widget["type"] for widget in widgets} == {"text", "metric"}


def test_every_figure_is_on_the_dashboard(list_stack: Any) -> None:
    """What the library publishes is shown, and what is shown is published."""
    row, _ = list_stack.source["Outputs"]["Widgets"]["Value"]["Fn::Sub"]
    widgets = json.loads(filled(f"[{row}]", {"Root": "ours"}))
    shown = {
        metric
        for widget in widgets
        if widget["type"] == "metric"
        for metric in spelt_out(widget["properties"]["metrics"])
        if metric[0] == "ours"
    }

    assert {name for _, name, *_ in shown} == {*COUNTED, *TIMED, "unfinished"}
    assert {tuple(dimension) for _, _, *dimension in shown} == {("service", "1")}


def test_settings_are_what_the_library_reads(root_stack: Any) -> None:
    """Each field of `Settings` is written, no other is, and the library accepts the stack's defaults."""
    text = root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"]["Fn::Sub"]
    defaults = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}
    given = {"LinkBaseUrl": "https://mail.example.com", "Sender": SENDERS[0], "SmtpHost": "smtp.example.com"}
    settings = filled(text, defaults | given)

    assert json.loads(settings).keys() == Settings.model_fields.keys()
    assert Settings.model_validate_json(settings) == Settings.model_validate({**json.loads(settings), **LIBRARY})


@pytest.mark.parametrize("transport", ["smtp", "ses", "ses,smtp", "smtp,ses"])
def test_stack_and_library_know_the_same_transports(root_stack: Any, transport: str) -> None:
    """One that the stack accepts is one that the library can wire."""
    text = root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"]["Fn::Sub"]
    defaults = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}
    given = {"LinkBaseUrl": "https://mail.example.com", "Sender": SENDERS[0], "SmtpHost": "smtp.example.com"}
    settings = Settings.model_validate_json(filled(text, defaults | given | {"Transport": transport}))

    assert transport in root_stack.source["Parameters"]["Transport"]["AllowedValues"]
    assert ",".join(settings.transports) == transport


@pytest.mark.parametrize("sender", SENDERS)
def test_the_senders_address_is_found(sender: str) -> None:
    """What the template makes of `Sender` is the address that the library sends from: SES's permission hangs on it."""
    assert worked_out(SENDER_ADDRESS, {"Sender": sender}) == parseaddr(sender)[1] == "news@example.com"


def test_platform_positions(root_stack: Any) -> None:
    """The platform is what the table at the head of functions/list.yaml says, in that order."""
    separator, values = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"]
    # SAM appends a hash to the logical ids of layers.
    plain = json.loads(re.sub(r'"((?:Shared|Templates)Layer)[0-9a-f]{10}"', r'"\1"', json.dumps(values)))

    assert separator == ","
    assert dict(enumerate(plain)) == PLATFORM


def test_lists_use_positions_that_exist(list_stack: Any) -> None:
    """Each position is selected somewhere, and none beyond the last."""
    used = {int(position) for position in re.findall(r"!Select \[(\d+), !Ref Platform\]", list_stack.text)}

    assert used == PLATFORM.keys()


@pytest.mark.parametrize("position", PLATFORM)
def test_positions_are_marked(root_stack: Any, list_stack: Any, position: int) -> None:
    """The number stands beside the value in template.yaml, and in the table of functions/list.yaml."""
    head = list_stack.text.split("Metadata:")[0]

    assert re.search(rf"^ +-.* # {position}$", root_stack.text, re.MULTILINE)
    assert re.search(rf"^#.* {position}  [a-zA-Z]", head, re.MULTILINE)


def spelt_out(metrics: list[list[Any]]) -> list[tuple[str, ...]]:
    """A widget's metrics with what they repeat of the one before, which CloudWatch lets stand as a dot."""
    spelt: list[tuple[str, ...]] = []
    for metric in metrics:
        words = [word for word in metric if isinstance(word, str)]
        spelt.append(tuple(spelt[-1][at] if word == "." else word for at, word in enumerate(words)))
    return spelt


def worked_out(value: Any, parameters: dict[str, str]) -> Any:
    """What CloudFormation makes of these functions."""
    match value:
        case {"Fn::Select": [index, items]}:
            return worked_out(items, parameters)[index]
        case {"Fn::Split": [separator, text]}:
            return worked_out(text, parameters).split(separator)
        case {"Fn::Sub": text}:
            return filled(text, parameters)
    raise AssertionError(value)


def filled(text: str, values: dict[str, str] | None = None) -> str:
    """What `Fn::Sub` makes of the text, with 1 for what is not given."""
    return re.sub(r"\$\{([^}]+)\}", lambda found: (values or {}).get(found[1], "1"), text)
