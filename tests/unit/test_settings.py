"""Settings: what is wrong is named, what it was is not."""

import json
from typing import Any

import pytest

from eventpost.errors import Misconfigured
from eventpost.settings import ListSettings, Settings
from sentinels import BODY

GOOD: dict[str, Any] = {
    "subscribers_table": "subscribers",
    "ledger_table": "ledger",
    "screenshots_bucket": "screenshots",
    "capture_function": "capture",
    "link_keys_secret": "arn:aws:secretsmanager:eu-west-1:1:secret:keys",
    "link_base_url": "https://mail.example.com",
    "sender": "Eventpost <news@example.com>",
    "smtp_host": "smtp.example.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
    "smtp_credentials_secret": "",
}
LIST = {
    "EVENTPOST_LIST": "price_moves",
    "EVENTPOST_QUEUE_URL": "https://sqs/q",
    "EVENTPOST_DEAD_LETTERS_URL": "https://sqs/d",
    "EVENTPOST_MAX_RECEIVES": "5",
    "POWERTOOLS_METRICS_NAMESPACE": "eventpost-dev",
}


def load(**changes: Any) -> Settings:
    """The settings with these changes."""
    return Settings.load({"EVENTPOST_SETTINGS": json.dumps(GOOD | changes)})


def fault(value: str) -> str:
    """The words with which this variable is refused."""
    with pytest.raises(Misconfigured) as caught:
        Settings.load({"EVENTPOST_SETTINGS": value})
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_settings_are_read_from_one_variable() -> None:
    """What the template wrote is what the functions see."""
    settings = load(smtp_port="465", brand_new="ignored")

    assert settings.smtp_port == 465
    assert settings.sender_address == "news@example.com"


@pytest.mark.parametrize("environment", [{}, {"EVENTPOST_SETTINGS": ""}])
def test_a_missing_variable_is_named(environment: dict[str, str]) -> None:
    """Whoever deployed learns which variable to set."""
    with pytest.raises(Misconfigured, match="EVENTPOST_SETTINGS is not set"):
        Settings.load(environment)


@pytest.mark.parametrize("value", ["{", BODY, "[]", "null"])
def test_settings_that_are_no_object_are_refused(value: str) -> None:
    """A setting may be a secret: even a malformed variable is not repeated."""
    words = fault(value)

    assert words.startswith("EVENTPOST_SETTINGS: JSON: ")
    assert BODY not in words


@pytest.mark.parametrize("name", [name for name in GOOD if name != "smtp_credentials_secret"])
def test_each_missing_setting_is_named(name: str) -> None:
    """There is no default for what only the deployment can know."""
    assert f"{name}: Field required" in fault(json.dumps({key: GOOD[key] for key in GOOD if key != name}))


def test_every_fault_is_named_at_once_and_no_value_repeated() -> None:
    """One look at the message mends the whole stack."""
    words = fault(json.dumps({name: [BODY] for name in GOOD}))

    assert [name for name in GOOD if f"{name}: " not in words] == []
    assert BODY not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_security", BODY),
        ("smtp_port", BODY),
        ("smtp_port", "0"),
        ("smtp_port", 65536),
        ("link_base_url", f"ftp://{BODY}"),
        ("link_base_url", f"https://{BODY}/"),
        ("link_base_url", f"https://{BODY} x"),
        ("link_base_url", f"https://{BODY}\nx"),
        ("sender", BODY),
        ("sender", f"{BODY}\r\nBcc: <eve@example.com>"),
        ("sender", ""),
        ("subscribers_table", ""),
        ("smtp_host", ""),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(name: str, value: object) -> None:
    """The field and the rule are told, not what stood there."""
    words = fault(json.dumps(GOOD | {name: value}))

    assert words.startswith(f"EVENTPOST_SETTINGS: {name}: ")
    assert BODY not in words


@pytest.mark.parametrize(
    "sender",
    ["news@example.com", "Eventpost <news@example.com>", "Bücher <news@example.com>", '"A, B" <n@example.com>'],
)
def test_a_sender_is_an_address_with_or_without_a_name(sender: str) -> None:
    """What people write into `From` is a sender."""
    assert load(sender=sender).sender == sender


def test_a_lists_own_settings_are_read() -> None:
    """What functions/list.yaml sets is what the list's function sees."""
    settings = ListSettings.load(LIST)

    assert (settings.list_name, settings.max_receives) == ("price_moves", 5)


@pytest.mark.parametrize("name", LIST)
def test_each_missing_variable_of_a_list_is_named(name: str) -> None:
    """Whoever wrote the stack learns which variable is missing."""
    with pytest.raises(Misconfigured, match=f"{name} is not set"):
        ListSettings.load({key: value for key, value in LIST.items() if key != name})


@pytest.mark.parametrize("value", ["five", "0", "-1", "1.5", " "])
def test_receives_are_a_whole_number_from_one(value: str) -> None:
    """A queue hands out a message at least once."""
    with pytest.raises(Misconfigured, match="EVENTPOST_MAX_RECEIVES must be a whole number from 1"):
        ListSettings.load(LIST | {"EVENTPOST_MAX_RECEIVES": value})
