"""Letters as mails: both parts say the same, in any language, and nothing in them was typed by a stranger."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest

import given
import received_mail
from eventpost.compose import Addressed, LetterComposer, Templates
from eventpost.consent import letters
from eventpost.errors import InvalidEvent, TemplateFault
from eventpost.languages import Languages
from eventpost.model import Letter, LetterKind
from eventpost.registry import ListEntry, Registry
from sentinels import address

type Compose = Callable[..., received_mail.EmailMessage]

TEMPLATES = Templates(given.REPOSITORY / "templates")
LINK = "https://mail.example.com/c/a-link"
REGISTRY = Registry(
    lists=(
        ListEntry(name="news", title="News & <b>more</b>", description="x."),
        ListEntry(name="stock_alerts", title="Stock alerts", description="x.", topics=("AMZN", "IBM")),
    )
)
composer = cache(lambda templates: LetterComposer(templates, REGISTRY, given.SENDER))
EVERY_KIND = pytest.mark.parametrize("kind", LetterKind)


def compose(
    kind: LetterKind, *audiences: str, language: str = "en", days: int = 7, templates: Templates = TEMPLATES
) -> received_mail.EmailMessage:
    """The letter as its reader gets it."""
    letter = Letter(kind, "0" * 32, audiences, "1" * 12, language)
    addressed = Addressed(letter, address("ann"), LINK, timedelta(days=days), "https://mail.example.com/u/x", "ab12")
    message = composer(templates).mail(addressed, given.NOW)
    assert (message.subscriber, message.address) == ("0" * 32, address("ann"))
    assert message.tidy
    assert not any(line.startswith(b".") for line in message.content.split(b"\r\n"))
    return received_mail.read(message.content)


def words(text: str) -> str:
    """The text's words, apart by single spaces."""
    return " ".join(text.split())


@EVERY_KIND
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_letter_is_a_correct_mail(kind: LetterKind, language: str) -> None:
    """Two parts, no defect, and nothing that is fetched."""
    mail = compose(kind, "stock_alerts/AMZN", language=language)
    html = received_mail.text(mail, "html")

    assert received_mail.shape(mail) == "alternative[plain, html]"
    assert received_mail.defects(mail) == []
    assert received_mail.references(html) == []
    assert f'<html lang="{language}"' in html


@EVERY_KIND
@pytest.mark.parametrize("language", ["en", "de"])
def test_both_parts_say_the_same(kind: LetterKind, language: str) -> None:
    """Each paragraph of the text is in the HTML too."""
    mail = compose(kind, "stock_alerts/AMZN", language=language)
    shown = words(received_mail.Tags(received_mail.text(mail, "html")).words)
    *paragraphs, last = received_mail.text(mail, "plain").replace("\r\n", "\n").split("\n\n")
    said = [words(paragraph).strip("=- ") for paragraph in (*paragraphs, last)]
    of_words = [text for text in said if "https://" not in text and "Stock alerts:" not in text]

    assert len(of_words) >= 4
    assert [text for text in of_words if text not in shown] == []


@EVERY_KIND
def test_a_letter_has_one_link(kind: LetterKind) -> None:
    """A button in the HTML; on a line of its own in the text, so that no program cuts it."""
    mail = compose(kind, "news")

    assert [link["href"] for link in received_mail.Tags(received_mail.text(mail, "html")).named("a")] == [LINK]
    assert received_mail.text(mail, "plain").splitlines().count(LINK) == 1


@EVERY_KIND
def test_a_letter_names_nobody(kind: LetterKind) -> None:
    """No address in its parts, not even the reader's: whoever typed it chose its letters."""
    mail = compose(kind, "stock_alerts/AMZN")

    for subtype in ("plain", "html"):
        assert "@" not in received_mail.text(mail, subtype).partition("<body")[2 if subtype == "html" else 0]


@EVERY_KIND
def test_what_the_button_does_and_for_how_long_is_said(kind: LetterKind) -> None:
    """In days; one day is one day."""
    assert "The link works for 30 days." in words(received_mail.text(compose(kind, days=30), "plain"))
    assert "The link works for one day." in words(received_mail.text(compose(kind, days=1), "plain"))
    assert "Der Link gilt 7 Tage." in words(received_mail.text(compose(kind, language="de"), "plain"))


@pytest.mark.parametrize("kind", [LetterKind.CONFIRM, LetterKind.ALREADY_ON, LetterKind.PREFERENCES, LetterKind.MOVE])
def test_who_did_not_ask_need_do_nothing(kind: LetterKind) -> None:
    """Kindly, and where it can be read."""
    assert "do nothing" in words(received_mail.text(compose(kind, "news"), "plain"))


def test_lists_and_topics_are_named_together() -> None:
    """A list once, with its topics; a list that is gone by its name."""
    mail = compose(LetterKind.CONFIRM, "stock_alerts/IBM", "gone", "stock_alerts/AMZN", "news")

    asked = received_mail.text(mail, "plain").replace("\r\n", "\n").partition("What was asked for:\n")[2]
    assert asked.startswith("  gone\n  News & <b>more</b>\n  Stock alerts: AMZN, IBM\n\n")
    tags = received_mail.Tags(received_mail.text(mail, "html"))
    assert "b" not in {tag for tag, _ in tags.all}, "a title is text"
    assert "News & <b>more</b>" in tags.words


def test_fifty_topics_fit() -> None:
    """As many as one question may be about."""
    audiences = [f"stock_alerts/T{number:02}" for number in range(50)]
    text = received_mail.text(compose(LetterKind.CONFIRM, *audiences), "plain")

    assert max(len(line) for line in text.splitlines()) <= 72
    assert all(f"T{number:02}" in text for number in range(50))


@pytest.mark.parametrize(
    ("kind", "audiences", "language", "subject"),
    [
        (LetterKind.CONFIRM, ["stock_alerts/AMZN"], "en", "Please confirm: Stock alerts"),
        (LetterKind.CONFIRM, ["stock_alerts/AMZN", "stock_alerts/IBM"], "en", "Please confirm: Stock alerts"),
        (LetterKind.CONFIRM, ["stock_alerts/AMZN", "news"], "en", "Please confirm what you want to get"),
        (LetterKind.CONFIRM, ["news"], "de-AT", "Bitte bestätigen: News & <b>more</b>"),
        (LetterKind.ALREADY_ON, ["news"], "en", "You already get this: News & <b>more</b>"),
        (LetterKind.MOVE, [], "fr", "Is this your new address?"),
        (LetterKind.MOVED, [], "de", "Ihre Mails gehen jetzt an eine andere Adresse"),
    ],
)
def test_the_subject_says_what_it_is_about(kind: LetterKind, audiences: list[str], language: str, subject: str) -> None:
    """In the reader's language, or in English."""
    assert compose(kind, *audiences, language=language)["Subject"] == subject


def test_two_languages_do_not_mix() -> None:
    """Templates that were rendered in one language are rendered in another afterwards."""
    subjects = [compose(LetterKind.MOVE, language=language)["Subject"] for language in ("de", "en", "de")]

    assert subjects == ["Ist das Ihre neue Adresse?", "Is this your new address?", "Ist das Ihre neue Adresse?"]


def test_the_mail_is_from_a_name_or_a_domain() -> None:
    """The name of the sender stands above and below; without one, the domain does."""
    assert received_mail.text(compose(LetterKind.MOVE), "plain").startswith("Eventpost\r\n")
    nameless = given.Sender("news@example.com", "news@example.com")
    addressed = Addressed(Letter(LetterKind.MOVE, "0" * 32), address("ann"), LINK, timedelta(days=1), "", "1")
    mail = received_mail.read(LetterComposer(TEMPLATES, REGISTRY, nameless).mail(addressed, given.NOW).content)

    assert received_mail.text(mail, "plain").startswith("example.com\r\n")


def test_an_address_cannot_break_the_header() -> None:
    """What would add a field is a fault of the letter alone, and its words do not repeat it."""
    letter = Letter(LetterKind.MOVE, "0" * 32)
    broken = Addressed(letter, f"{address('ann')}\r\nBcc: all@example.com", LINK, timedelta(days=1), "", "1")

    with pytest.raises(TemplateFault, match="the header field To would hold a line break") as caught:
        LetterComposer(TEMPLATES, REGISTRY, given.SENDER).mail(broken, given.NOW)
    assert "@" not in str(caught.value)


def test_a_missing_template_is_told(tmp_path: pytest.TempPathFactory) -> None:
    """A layer of old has no letters."""
    with pytest.raises(TemplateFault, match=r"no template letters/subject\.txt"):
        compose(LetterKind.MOVE, templates=Templates(tmp_path))  # type: ignore[arg-type]


def test_what_stands_on_the_queue_holds_no_address() -> None:
    """It names people by id, and comes out as it went in."""
    letter = Letter(LetterKind.CONFIRM, "0" * 32, ("news", "stock_alerts/AMZN"), "1" * 12, "de")

    assert letters.read(letters.posted(letter)) == letter
    assert "@" not in letters.posted(letter)


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{}", '{"kind": "x"}', letters.posted(Letter(LetterKind.MOVE, ""))[:-9]]
)
def test_what_is_no_letter_is_told(body: str) -> None:
    """And not repeated."""
    with pytest.raises(InvalidEvent, match="not a letter"):
        letters.read(body)


def test_english_needs_no_catalogue() -> None:
    """It is what the templates say."""
    assert (
        Languages(given.REPOSITORY / "templates").catalogue("letters", "en").gettext("What you get") == "What you get"
    )
