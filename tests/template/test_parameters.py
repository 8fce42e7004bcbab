"""Parameters explain themselves and refuse what would not work."""

import json
import re
from email.utils import parseaddr
from typing import Any

import pytest

from intrinsics import Deploy

POOL = "projects/123456789012/locations/global/workloadIdentityPools/aws-pool"
IDENTITY = {"FirestoreIdentityProvider": f"{POOL}/providers/x", "FirestoreServiceAccount": "a@b.gserviceaccount.com"}


def test_parameters_are_described(stack: Any) -> None:
    """Each says what it is for."""
    assert [name for name, parameter in stack.source["Parameters"].items() if not parameter.get("Description")] == []


def test_parameters_are_bounded(stack: Any) -> None:
    """Numbers have a range or a choice; texts a pattern, a choice or a length. The platform is made by the root."""
    loose = [
        name
        for name, parameter in stack.source["Parameters"].items()
        if not parameter.keys() & {"AllowedValues", "AllowedPattern", "MinLength"}
        and not {"MinValue", "MaxValue"} <= parameter.keys()
    ]

    assert set(loose) <= {"Platform"}


def test_parameters_are_grouped(stack: Any) -> None:
    """Each is shown in exactly one group of the console."""
    groups = stack.source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(stack.source["Parameters"])


def test_settings_stay_json(root_stack: Any) -> None:
    """A text that is written into the settings refuses quotes and backslashes."""
    parameters = root_stack.source["Parameters"]
    text = json.dumps(root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"])
    named = re.findall(r"\$\{(\w+)\}|\"Ref\": \"(\w+)\"", text)
    written = [name for found in named for name in found if "AllowedPattern" in parameters.get(name, {})]
    breaking = (
        'https://a.example/"x',
        "https://a.example/\\x",
        'A "B" <a@b.example>',
        "A\\B <a@b.example>",
        'h"x',
        "h\\x",
    )

    assert {"Sender", "LinkBaseUrl", "LinkDomainName", "SmtpHost", "SmtpCredentialsSecret"} <= set(written)
    assert "SesConfigurationSet" in written
    assert len([name for name in written if name.startswith("Firestore")]) == 6
    for name in written:
        assert [text for text in breaking if accepts(parameters[name], text)] == [], name


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("Sender", "Eventpost <news@example.com>", True),
        ("Sender", "news@example.com", True),
        ("Sender", "Eventpost", False),
        ("Sender", "Eventpost\r\nBcc: x <news@example.com>", False),
        ("Sender", "a <b@c> <d@e>", False),
        ("Sender", "Bücher & Co. <news@example.com>", True),
        ("Sender", "Eventpost, Inc. <news@example.com>", False),
        ("Sender", "Eventpost (news) <news@example.com>", False),
        ("Sender", "a,b@example.com", False),
        ("Sender", "a <a,b@example.com>", False),
        ("Transport", "ses,smtp", True),
        ("Transport", "ses,ses", False),
        ("SendingRate", "0.5", True),
        ("SendingRate", "-1", False),
        ("DailyLimit", "2000", True),
        ("CriticalShare", "0.1", True),
        ("CriticalShare", "1", False),
        ("SesConfigurationSet", "", True),
        ("SesConfigurationSet", "eventpost-prod", True),
        ("SesConfigurationSet", "*", False),
        ("SesConfigurationSet", "a,b", False),
        ("LinkBaseUrl", "https://mail.example.com", True),
        ("LinkBaseUrl", "https://mail.example.com/eventpost", True),
        ("LinkBaseUrl", "https://mail.example.com/", False),
        ("LinkBaseUrl", "https://mail.example.com?x=1", False),
        ("LinkBaseUrl", "http://mail.example.com", False),
        ("LinkBaseUrl", "http://localhost.example.com", False),
        ("LinkBaseUrl", "http://localhost@example.com", False),
        ("LinkBaseUrl", "http://localhost", True),
        ("LinkBaseUrl", "http://127.0.0.1:4566/links", True),
        ("LinkBaseUrl", "ftp://mail.example.com", False),
        ("LinkBaseUrl", "", True),
        ("LinkBaseUrl", "/links", False),
        ("LinkDomainName", "", True),
        ("LinkDomainName", "mail.example.com", True),
        ("LinkDomainName", "mail.example.com/links", False),
        ("LinkDomainName", "https://mail.example.com", False),
        ("LinkDomainName", "mail", False),
        ("LinkDomainName", "-mail.example.com", False),
        ("LinkCertificateArn", "", True),
        ("LinkCertificateArn", "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-aaaa-bbbb-cccc-0", True),
        ("LinkCertificateArn", "arn:aws:iam::111122223333:server-certificate/mail", False),
        ("SmtpHost", "email-smtp.eu-west-1.amazonaws.com", True),
        ("SmtpHost", "127.0.0.1", True),
        ("SmtpHost", "", True),
        ("SmtpHost", "smtp.example.com:587", False),
        ("SmtpCredentialsSecret", "", True),
        ("SmtpCredentialsSecret", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:smtp-AbCdEf", True),
        ("SmtpCredentialsSecret", "hunter2", False),
        ("SubscriberStore", "firestore", True),
        ("SubscriberStore", "mongodb", False),
        ("FirestoreProject", "", True),
        ("FirestoreProject", "news-123456", True),
        ("FirestoreProject", "example.com:news-123456", True),
        ("FirestoreProject", "News", False),
        ("FirestoreProject", "123456789012", False),
        ("FirestoreDatabase", "(default)", True),
        ("FirestoreDatabase", "eventpost", True),
        ("FirestoreDatabase", "default)", False),
        ("FirestoreDatabase", "", False),
        ("FirestoreIdentityProvider", "", True),
        ("FirestoreIdentityProvider", f"{POOL}/providers/eventpost", True),
        ("FirestoreIdentityProvider", f"//iam.googleapis.com/{POOL}/providers/eventpost", False),
        ("FirestoreIdentityProvider", POOL, False),
        ("FirestoreServiceAccount", "", True),
        ("FirestoreServiceAccount", "eventpost@news-123456.iam.gserviceaccount.com", True),
        ("FirestoreServiceAccount", "eventpost@news-123456.example.com.iam.gserviceaccount.com", True),
        ("FirestoreServiceAccount", "123456789012-compute@developer.gserviceaccount.com", True),
        ("FirestoreServiceAccount", "somebody@example.com", False),
        ("FirestoreServiceAccount", "a@x.gserviceaccount.com/../b", False),
        ("FirestoreKeySecret", "", True),
        ("FirestoreKeySecret", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firestore-AbCdEf", True),
        ("FirestoreKeySecret", "firestore", False),
        ("FirestoreEmulator", "", True),
        ("FirestoreEmulator", "127.0.0.1:8790", True),
        ("FirestoreEmulator", "127.0.0.1", False),
        ("FirestoreEmulator", "http://127.0.0.1:8790", False),
        ("SlackChannelId", "C0123456789", True),
        ("SlackChannelId", "#alarms", False),
        ("CaptureAllowHosts", "", True),
        ("CaptureAllowHosts", "127.0.0.1,localhost", True),
        ("CaptureAllowHosts", "127.0.0.1,,localhost", False),
        ("CaptureAllowPorts", "80,443,8443", True),
        ("CaptureAllowPorts", "http", False),
        ("ChromiumPath", "/usr/bin/chromium-headless-shell", True),
        ("ChromiumPath", "chromium", False),
        ("CaptureBrowserFlags", "", True),
        ("CaptureBrowserFlags", "--no-sandbox --no-zygote --lang=de", True),
        ("CaptureBrowserFlags", "no-sandbox", False),
    ],
)
def test_patterns(root_stack: Any, name: str, value: str, accepted: bool) -> None:  # noqa: FBT001
    """What works is accepted; what would fail in every mail is refused before anything is deployed."""
    assert accepts(root_stack.source["Parameters"][name], value) is accepted


@pytest.mark.parametrize("character", [chr(code) for code in range(32, 127)])
def test_a_sender_that_the_stack_accepts_is_one_for_the_library(root_stack: Any, character: str) -> None:
    """Whatever stands in the name: the library finds the same address in it, or the stack refuses it."""
    sender = f"Event{character}post <news@example.com>"

    assert not accepts(root_stack.source["Parameters"]["Sender"], sender) or parseaddr(sender)[1] == "news@example.com"


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("dcf_engine_results", True),
        ("a", True),
        ("a" * 33, False),
        ("DcfResults", False),
        ("a/b", False),
        ("a#b", False),
    ],
)
def test_names_of_lists(list_stack: Any, value: str, accepted: bool) -> None:  # noqa: FBT001
    """A list's name is a folder, a part of a queue's name and the start of its keys."""
    assert accepts(list_stack.source["Parameters"]["List"], value) is accepted


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({}, set()),
        ({"SmtpHost": ""}, {"SmtpHasAServer"}),
        ({"SmtpHost": "", "Transport": "ses,smtp"}, {"SmtpHasAServer"}),
        ({"SmtpHost": "", "Transport": "ses"}, set()),
        ({"SmtpSecurity": "none"}, {"MailIsEncrypted"}),
        ({"SmtpSecurity": "none", "Environment": "local"}, set()),
        ({"CaptureAllowHosts": "10.0.0.1"}, set()),
        ({"CaptureAllowHosts": "10.0.0.1", "Environment": "prod"}, {"ProdCapturesPublicPages"}),
        ({"SlackChannelId": "C1"}, {"SlackIsWhole"}),
        ({"SlackWorkspaceId": "T1"}, {"SlackIsWhole"}),
        ({"SlackWorkspaceId": "T1", "SlackChannelId": "C1"}, set()),
        ({"LinkDomainName": "mail.example.com"}, {"LinkDomainIsWhole"}),
        ({"LinkCertificateArn": "arn:x"}, {"LinkDomainIsWhole"}),
        ({"LinkDomainName": "mail.example.com", "LinkCertificateArn": "arn:x"}, set()),
        (
            {"LinkDomainName": "a.example", "LinkCertificateArn": "arn:x", "LinkBaseUrl": "https://b.example"},
            {"LinkDomainIsWhole"},
        ),
        ({"SubscriberStore": "firestore"}, {"FirestoreHasAProject"}),
        ({"FirestoreKeySecret": "arn:x"}, {"FirestoreHasAProject"}),
        ({"FirestoreProject": "news"}, {"FirestoreIsReached"}),
        ({"SubscriberStore": "firestore", "FirestoreProject": "news"}, {"FirestoreIsReached"}),
        ({"SubscriberStore": "firestore", "FirestoreProject": "news", "FirestoreKeySecret": "arn:x"}, set()),
        ({"FirestoreProject": "news", "FirestoreKeySecret": "arn:x"}, set()),
        ({"FirestoreProject": "news", **IDENTITY}, set()),
        ({"FirestoreProject": "news", **IDENTITY, "FirestoreKeySecret": "arn:x"}, {"FirestoreIsReached"}),
        ({"FirestoreProject": "news", **IDENTITY, "FirestoreServiceAccount": ""}, {"FirestoreIdentityIsWhole"}),
        ({"FirestoreServiceAccount": "a@b.gserviceaccount.com"}, {"FirestoreIdentityIsWhole"}),
        ({"FirestoreProject": "news", "FirestoreEmulator": "h:1"}, {"FirestoreIsGoogles"}),
        ({"FirestoreProject": "news", "FirestoreEmulator": "h:1", "Environment": "local"}, set()),
        (
            {"FirestoreProject": "news", "FirestoreEmulator": "h:1", "Environment": "local", **IDENTITY},
            {"FirestoreIsReached"},
        ),
    ],
)
def test_rules(root_stack: Any, given: dict[str, str], broken: set[str]) -> None:
    """Combinations that would not do are refused before anything is deployed."""
    defaults = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}

    assert broken_rules(root_stack.source["Rules"], defaults | {"SmtpHost": "smtp.example.com"} | given) == broken


def accepts(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation takes the value for the parameter: patterns must match all of it."""
    if "AllowedValues" in parameter:
        return value in map(str, parameter["AllowedValues"])
    if "MinValue" in parameter:
        return bool(parameter["MinValue"] <= float(value) <= parameter["MaxValue"])
    return re.fullmatch(parameter["AllowedPattern"], value) is not None


def broken_rules(rules: dict[str, Any], values: dict[str, str]) -> set[str]:
    """The rules that do not hold for these parameters."""
    deploy = Deploy(values, {})
    return {
        name
        for name, rule in rules.items()
        if deploy.holds(rule.get("RuleCondition", {"Fn::And": []}))
        if not all(deploy.holds(assertion["Assert"]) for assertion in rule["Assertions"])
    }
