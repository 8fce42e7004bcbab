"""A list is a folder and a block of template.yaml, and the platform hands both the same things."""

import json
import re
from email.utils import parseaddr
from itertools import takewhile
from typing import Any

import pytest

from eventpost.runtime.feedback import FIGURES
from eventpost.runtime.figures import COUNTED, TIMED
from eventpost.settings import Settings
from intrinsics import Deploy, filled, spelt_out

SERVERLESS = "AWS::Serverless::Application"
SENDER_ADDRESS = {
    "Fn::Select": [
        0,
        {"Fn::Split": [">", {"Fn::Select": [1, {"Fn::Split": ["<", {"Fn::Sub": "${Sender}<${Sender}"}]}]}]},
    ]
}
SET_IN_FORCE = {"Fn::If": ["MakesConfigurationSet", {"Ref": "FeedbackSet"}, {"Ref": "SesConfigurationSet"}]}
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
    13: {"Fn::If": ["UsesSes", SET_IN_FORCE, "none"]},
    14: {"Fn::GetAtt": ["SchedulesTable", "Arn"]},
    15: {"Fn::GetAtt": ["SubscriberIdKey", "Id"]},
    16: {"Fn::If": ["UsesFirestore", {"Ref": "FirestoreLayer"}, "none"]},
    17: {"Fn::If": ["MayUseFirestoreKey", {"Ref": "FirestoreKeySecret"}, "none"]},
    18: {"Fn::If": ["MayUseDynamo", "dynamodb", "none"]},
}
SENDERS = ("Eventpost <news@example.com>", "news@example.com", "Bücher & Co. <news@example.com>")
# What the library takes where it is told nothing: the stack's own defaults say the same.
LIBRARY = {
    name: field.default
    for name, field in Settings.model_fields.items()
    if not field.is_required() and name != "smtp_host"
}
# What the template makes of itself where these parameters are empty.
MADE = {
    "PreferencesApi": "abc123",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "FeedbackSet": "ours",
    "AWS::StackName": "eventpost-dev",
}
# The library knows no default, but can do without.
MADE_HERE = {"subscriber_id_key_secret", "letters_queue_url", "stack_name", "schedules_table", "relay_queue_url"}
OVERRIDABLE = {"Addressed", "Timeout", "MemorySize", "MaximumConcurrency", "LateAfterSeconds"}


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


def test_addressed_lists_are_deployed_as_such(root_stack: Any, addressed: set[str]) -> None:
    """What app.py declares with `addressed=True`, and no other, may look people up and read what is attached."""
    deployed = {
        block["Parameters"]["List"]
        for block in blocks(root_stack).values()
        if block["Parameters"].get("Addressed") == "yes"
    }

    assert deployed == addressed


def test_blocks_are_short(root_stack: Any) -> None:
    """At most 12 lines."""
    lines = root_stack.text.splitlines()
    for name in blocks(root_stack):
        rest = lines[lines.index(f"  {name}:") + 1 :]
        block = list(takewhile(lambda line: not line or line.startswith("    "), rest))

        assert 1 + len([line for line in block if line]) <= 12, f"the block of {name} in template.yaml is too long"


def test_every_list_is_on_the_dashboard(root_stack: Any) -> None:
    """Each block's row is joined into the dashboard's body."""
    _, variables = dashboard(root_stack)["DashboardBody"]["Fn::Sub"]
    _, rows = variables["Lists"]["Fn::Join"]
    shown = {row["Fn::GetAtt"][0] for row in rows}

    assert blocks(root_stack).keys() - shown == set(), (
        "add !GetAtt <Block>.Outputs.Widgets to Dashboard in template.yaml"
    )
    assert [row for row in rows if row["Fn::GetAtt"][1] != "Outputs.Widgets"] == []


@pytest.mark.parametrize("ses", [True, False])
def test_the_dashboard_is_json(root_stack: Any, list_stack: Any, ses: bool) -> None:  # noqa: FBT001
    """A row per list, and some for the rest; widgets without a place are put in order by CloudWatch."""
    body, variables = dashboard(root_stack)["DashboardBody"]["Fn::Sub"]
    row, _ = list_stack.source["Outputs"]["Widgets"]["Value"]["Fn::Sub"]
    condition, of_ses, otherwise = variables["OfSes"]["Fn::If"]
    filling = {"${Lists}": f"{row},{row}", "${OfSes}": of_ses["Fn::Sub"] if ses else otherwise}
    for variable, text in filling.items():
        body = body.replace(variable, text)
    widgets = json.loads(filled(body))["widgets"]

    assert condition == "TakesFeedback"
    assert len(widgets) == 2 * 9 + 3 + 3 + 4 + (4 if ses else 0)
    assert sum(widget["width"] for widget in widgets) % 24 == 0
    assert {widget["type"] for widget in widgets} == {"text", "metric"}


def test_every_figure_is_on_the_dashboard(list_stack: Any) -> None:
    """What the library publishes is shown, and what is shown is published.

    Of what comes back, what an operator must act on: a dashboard of over fifty metrics costs three dollars a month.
    """
    row, _ = list_stack.source["Outputs"]["Widgets"]["Value"]["Fn::Sub"]
    widgets = json.loads(filled(f"[{row}]", {"Root": "ours"}))
    shown = {
        metric
        for widget in widgets
        if widget["type"] == "metric"
        for metric in spelt_out(widget["properties"]["metrics"])
        if metric[0] == "ours"
    }

    assert {name for _, name, *_ in shown} == {*COUNTED, *TIMED, "unfinished", "bounces", "complaints", "suppressed"}
    assert {"bounces", "complaints"} <= set(FIGURES.values())
    assert {tuple(dimension) for _, _, *dimension in shown} == {("service", "1")}


def test_settings_are_what_the_library_reads(root_stack: Any) -> None:
    """Each field of `Settings` is written, no other is, and the library accepts the stack's defaults."""
    settings = written(root_stack, {})
    made = {name: value for name, value in json.loads(settings).items() if name in MADE_HERE}

    assert json.loads(settings).keys() == Settings.model_fields.keys()
    assert all(made.values())
    assert Settings.model_validate_json(settings) == Settings.model_validate(
        {**json.loads(settings), **LIBRARY, **made}
    )


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({}, "https://abc123.execute-api.eu-west-1.amazonaws.com"),
        ({"LinkDomainName": "mail.example.com", "LinkCertificateArn": "arn:x"}, "https://mail.example.com"),
        ({"LinkBaseUrl": "https://cdn.example.com/mail"}, "https://cdn.example.com/mail"),
    ],
    ids=["the API's own address", "a domain of one's own", "whatever is said"],
)
def test_links_lead_where_the_pages_are(root_stack: Any, given: dict[str, str], base: str) -> None:
    """The library and the outputs are told the same, without a slash at the end."""
    told = Settings.model_validate_json(written(root_stack, given)).link_base_url
    output = root_stack.source["Outputs"]["PreferencesUrl"]["Value"]

    assert told == base == deploy(root_stack, given).worked_out(output)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, ""),
        ({"Transport": "ses"}, "ours"),
        ({"Transport": "smtp,ses", "SesConfigurationSet": "theirs"}, "theirs"),
    ],
)
def test_ses_sends_under_the_set_that_feedback_comes_from(root_stack: Any, given: dict[str, str], name: str) -> None:
    """The one given, or one that the stack makes; and without SES there is none."""
    told = Settings.model_validate_json(written(root_stack, given)).ses_configuration_set

    assert told == name


@pytest.mark.parametrize("transport", ["smtp", "ses", "ses,smtp", "smtp,ses"])
def test_stack_and_library_know_the_same_transports(root_stack: Any, transport: str) -> None:
    """One that the stack accepts is one that the library can wire."""
    settings = Settings.model_validate_json(written(root_stack, {"Transport": transport}))

    assert transport in root_stack.source["Parameters"]["Transport"]["AllowedValues"]
    assert ",".join(settings.transports) == transport


@pytest.mark.parametrize("sender", SENDERS)
def test_the_senders_address_is_found(sender: str) -> None:
    """What the template makes of `Sender` is the address that the library sends from: SES's permission hangs on it."""
    assert Deploy({"Sender": sender}, {}).worked_out(SENDER_ADDRESS) == parseaddr(sender)[1] == "news@example.com"


def test_platform_positions(root_stack: Any) -> None:
    """The platform is what the table at the head of functions/list.yaml says, in that order."""
    separator, values = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"]
    # SAM appends a hash to the logical ids of layers.
    plain = json.loads(re.sub(r'"((?:Shared|Templates|Firestore)Layer)[0-9a-f]{10}"', r'"\1"', json.dumps(values)))

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


def dashboard(root_stack: Any) -> dict[str, Any]:
    """The dashboard of the lists."""
    found: dict[str, Any] = root_stack.of("AWS::CloudWatch::Dashboard")["Dashboard"]
    return found


def deploy(root_stack: Any, given: dict[str, str]) -> Deploy:
    """A deploy with these parameters."""
    defaults = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}
    needed = {"Sender": SENDERS[0], "SmtpHost": "smtp.example.com"}
    return Deploy(defaults | MADE | needed | given, root_stack.source["Conditions"])


def written(root_stack: Any, given: dict[str, str]) -> str:
    """The settings as the stack writes them with these parameters."""
    return str(deploy(root_stack, given).worked_out(root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"]))
