"""Settings: what is wrong is named, what it was is not."""

import json
from typing import Any

import pytest

from eventpost.errors import Misconfigured
from eventpost.settings import ListSettings, Settings
from sentinels import BODY

GOOD: dict[str, Any] = {
    "subscribers_table": "subscribers",
    "subscriber_store": "dynamodb",
    "firestore_project": "",
    "firestore_database": "(default)",
    "firestore_identity_provider": "",
    "firestore_service_account": "",
    "firestore_key_secret": "",
    "firestore_emulator": "",
    "ledger_table": "ledger",
    "screenshots_bucket": "screenshots",
    "capture_function": "capture",
    "link_keys_secret": "arn:aws:secretsmanager:eu-west-1:1:secret:keys",
    "subscriber_id_key_secret": "",
    "letters_queue_url": "",
    "link_base_url": "https://mail.example.com",
    "sender": "Eventpost <news@example.com>",
    "transport": "smtp",
    "sending_rate": 0,
    "daily_limit": 0,
    "critical_share": 0.1,
    "ses_configuration_set": "",
    "smtp_host": "smtp.example.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
    "smtp_credentials_secret": "",
    "smtp_connections": 4,
    "smtp_largest_mail": 25_000_000,
    "stack_name": "",
    "schedules_table": "",
    "relay_queue_url": "",
    "schedule_targets": "",
    "schedules_per_owner": 1_000,
    "schedules_per_hour": 1_000_000,
    "posts_per_minute": 3_000,
}
REQUIRED = [name for name, field in Settings.model_fields.items() if field.is_required()]
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


def test_there_is_no_setting_that_these_tests_forget() -> None:
    """`GOOD` names all of them, and says what the library takes where it is told nothing."""
    assert GOOD.keys() == Settings.model_fields.keys()
    assert load() == Settings.load(
        {"EVENTPOST_SETTINGS": json.dumps({name: GOOD[name] for name in (*REQUIRED, "smtp_host")})}
    )


@pytest.mark.parametrize("name", REQUIRED)
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
        ("subscriber_store", BODY),
        ("subscriber_store", ""),
        ("firestore_database", ""),
        ("smtp_host", ""),
        ("transport", BODY),
        ("transport", "ses,ses"),
        ("transport", "smtp, ses"),
        ("transport", ""),
        ("sending_rate", BODY),
        ("sending_rate", "-1"),
        ("sending_rate", "nan"),
        ("sending_rate", "inf"),
        ("daily_limit", "-1"),
        ("daily_limit", "0.5"),
        ("critical_share", "1"),
        ("critical_share", "-0.1"),
        ("critical_share", "nan"),
        ("smtp_connections", "0"),
        ("smtp_largest_mail", "25"),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(name: str, value: object) -> None:
    """The field and the rule are told, not what stood there."""
    words = fault(json.dumps(GOOD | {name: value}))

    assert words.startswith(f"EVENTPOST_SETTINGS: {name}: ")
    assert BODY not in words


@pytest.mark.parametrize(
    ("transport", "order"),
    [("smtp", ("smtp",)), ("ses", ("ses",)), ("ses,smtp", ("ses", "smtp")), ("smtp,ses", ("smtp", "ses"))],
)
def test_transports_have_an_order(transport: str, order: tuple[str, ...]) -> None:
    """The first one carries the mail, and the second what the first cannot take for the moment."""
    assert load(transport=transport).transports == order


@pytest.mark.parametrize("transport", ["smtp", "ses,smtp", "smtp,ses"])
def test_a_server_is_needed_where_smtp_carries_mail(transport: str) -> None:
    """Set to nothing or not set at all: the words say what is missing and why."""
    without = {name: value for name, value in GOOD.items() if name != "smtp_host"} | {"transport": transport}

    for settings in (without, without | {"smtp_host": ""}):
        assert "smtp_host: Value error, it must be set, because transport names smtp" in fault(json.dumps(settings))


def test_ses_alone_needs_no_server() -> None:
    """What the stack writes where only SES sends."""
    settings = load(transport="ses", smtp_host="")

    assert (settings.transports, settings.smtp_host) == (("ses",), "")


def test_a_project_is_needed_where_subscribers_are_in_firestore() -> None:
    """Set to nothing or not set at all: the words say what is missing and why."""
    without = {name: value for name, value in GOOD.items() if name != "firestore_project"}
    without["subscriber_store"] = "firestore"

    for settings in (without, without | {"firestore_project": ""}):
        words = fault(json.dumps(settings))
        assert "firestore_project: Value error, it must be set, because subscriber_store is firestore" in words


def test_firestore_may_be_named_before_it_is_used() -> None:
    """Who moves there copies first, and deploys the choice when that is done."""
    settings = load(firestore_project="mail-prod", firestore_database="subscribers")

    assert (settings.subscriber_store, settings.firestore_project) == ("dynamodb", "mail-prod")


def test_numbers_may_be_written_as_text() -> None:
    """CloudFormation writes them so, for a parameter is text wherever it is put in."""
    settings = load(
        sending_rate="0.5", daily_limit="2000", critical_share="0", smtp_connections="2", smtp_largest_mail="10485760"
    )

    assert (settings.sending_rate, settings.daily_limit, settings.critical_share) == (0.5, 2000, 0)
    assert (settings.smtp_connections, settings.smtp_largest_mail) == (2, 10 * 1024 * 1024)


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


def test_a_lists_queue_is_beside_the_relays() -> None:
    """All of a stack's queues are of one account and region, and their names begin with the stack's."""
    settings = load(stack_name="mail-prod", relay_queue_url="http://127.0.0.1:4566/000000000000/mail-prod-Relay")

    assert settings.list_queue_url("direct_mail") == "http://127.0.0.1:4566/000000000000/mail-prod-direct_mail"
