"""The headers of every mail that the system sends, held against the standards: each list's samples, and each letter.

RFC 5322 (messages), 2369 (List-*), 2919 (List-Id), 8058 (one click), 3834 (Auto-Submitted).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import pytest

import given
import received_mail
from declared_lists import FOLDERS, declared, samples
from eventpost.adapters import own_headers
from eventpost.compose import Addressed, Composer, LetterComposer, Templates
from eventpost.compose.email import EmailComposer, File
from eventpost.compose.email_head import DELIVERY_FIELD
from eventpost.deliver import read_event
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.lists import MailList, Topics
from eventpost.model import Letter, LetterKind, Message
from eventpost.model.email import EmailRequested
from eventpost.registry import ListEntry, Registry

TEMPLATES = Templates(given.REPOSITORY / "templates")
ANN = given.subscriber("ann")
AWKWARD = 'Kurse, "heiß" & (täglich) — ' + "Aktien und Anleihen " * 5
LONGEST_TOPIC = "A.^GSPC=X!$%&'*+?`{|}~-" + "Z" * 41
REGISTRY = Registry(
    lists=(
        ListEntry(name="news", title="News", description="x."),
        ListEntry(name="price_moves", title=AWKWARD, description="x.", topics=("AMZN", LONGEST_TOPIC)),
    )
)

# RFC 5322, 3.2.3; RFC 3986, 2; RFC 2919, 2 and 3.
DOT_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*"
HTTPS_URI: Final = r"<https://[A-Za-z0-9._~:/?#@!$&'()*+;=%\[\]-]+>"
PHRASE: Final = r"(\"([^\"\\]|\\.)*\"|=\?utf-8\?[bq]\?\S+\?=(\s+=\?utf-8\?[bq]\?\S+\?=)*|[\w ]+)"
LIST_FIELDS: Final = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help"}
ALWAYS: Final = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A mail, and the audience that it is of; none where it is of no one list. Direct mail has its event as well."""

    name: str
    make: Callable[[], Message]
    audience: str
    help: bool
    email: EmailRequested | None = None

    @property
    def head(self) -> str:
        """The header as it is sent."""
        return self.make().content.partition(b"\r\n\r\n")[0].decode("ascii")

    @property
    def fields(self) -> Mapping[str, str]:
        """Each field's value as it is sent, its folding included."""
        found = [line.partition(": ") for line in re.split(r"\r\n(?![ \t])", self.head)]
        assert len({name.casefold() for name, _, _ in found}) == len(found), "a field stands there twice"
        return {name: value for name, _, value in found}


def of_lists() -> Iterator[Case]:
    """The mail of each sample of each list."""
    composer = Composer(TEMPLATES, lambda: given.LINKS, given.SENDER)
    for sample in [sample for folder in FOLDERS for sample in samples(folder)]:
        mail_list = declared(sample.parents[1])
        if mail_list.addressed:
            yield of_a_service(mail_list, sample)
            continue

        @cache
        def make(mail_list: MailList = mail_list, sample: Path = sample) -> Message:
            raised = read_event(mail_list, sample.read_text(encoding="utf-8"), f"sample-{sample.stem}", given.NOW)
            return composer.event_mail(mail_list, raised, None, given.NOW).to(ANN)

        topic = mail_list.topic_of(mail_list.event.model_validate_json(sample.read_text(encoding="utf-8")))
        audience = f"{mail_list.name}/{topic}" if topic else mail_list.name
        yield Case(f"{mail_list.name}-{sample.stem}", make, audience, help=True)


def of_a_service(mail_list: MailList, sample: Path) -> Case:
    """The mail that a sample asks for, with files of any kind."""
    composer = EmailComposer(TEMPLATES, lambda: given.LINKS, given.SENDER)
    raised = read_event(mail_list, sample.read_text(encoding="utf-8"), f"sample-{sample.stem}", given.NOW)
    email = raised.event
    assert isinstance(email, EmailRequested)
    files = [File(attachment.filename, "text/plain", b".\r\n") for attachment in email.attachments]

    @cache
    def make() -> Message:
        return composer.direct_mail(mail_list, raised, files, given.NOW).to(ANN)

    audience = "" if email.transactional else mail_list.name
    return Case(f"{mail_list.name}-{sample.stem}", make, audience, help=True, email=email)


def worst(tmp_path: Path) -> Case:
    """The mail with the worst title, topic and subject that a list may have."""
    topics = Topics(field="ticker", names=(LONGEST_TOPIC,))
    mail_list = replace(given.price_moves(subject="{{ event.note }}", topics=topics), title=AWKWARD)
    composer = Composer(given.write_templates(tmp_path), lambda: given.LINKS, given.SENDER)
    raised = given.raised(given.PriceMoved(ticker=LONGEST_TOPIC, note="Größe " * 200), topic=LONGEST_TOPIC)
    return Case(
        "worst",
        lambda: composer.event_mail(mail_list, raised, None, given.NOW).to(ANN),
        f"price_moves/{LONGEST_TOPIC}",
        help=True,
    )


def of_letters() -> Iterator[Case]:
    """Each letter in each language, about no audience, one and several."""
    composer = LetterComposer(TEMPLATES, REGISTRY, given.SENDER)
    about: dict[str, tuple[str, ...]] = {
        "none": (),
        "list": ("news",),
        "topic": (f"price_moves/{LONGEST_TOPIC}",),
        "gone": ("gone/AMZN",),
        "several": ("news", "price_moves/AMZN"),
    }
    of_a_list = (LetterKind.CONFIRM, LetterKind.ALREADY_ON)
    for kind, (name, audiences), language in product(LetterKind, about.items(), ("en", "de")):

        def make(kind: LetterKind = kind, audiences: tuple[str, ...] = audiences, language: str = language) -> Message:
            letter = Letter(kind, ANN.id, audiences, "0" * 12, language)
            tag = audience_tag(next(iter(audiences), ""))
            unsubscribe = given.LINKS.url(Purpose.UNSUBSCRIBE, LinkTarget(ANN.id, tag))
            link = given.LINKS.url(Purpose.CONFIRM, LinkTarget(ANN.id, "0" * 12))
            addressed = Addressed(letter, ANN.address, link, timedelta(days=7), unsubscribe, "0123456789abcdef" * 2)
            return composer.mail(addressed, given.NOW)

        audience = audiences[0] if kind in of_a_list and len(audiences) == 1 else ""
        yield Case(f"{kind}-{name}-{language}", make, audience, help=False)


CASES = [*of_lists(), *of_letters()]


@pytest.fixture(params=[*CASES, None], ids=[*(case.name for case in CASES), "worst"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """One after the other."""
    return request.param or worst(tmp_path)


def test_every_kind_of_mail_is_here() -> None:
    """A new list and a new letter are tested as soon as they are there."""
    names = " ".join(each.name for each in CASES)

    assert {folder.name for folder in FOLDERS} | set(LetterKind) <= set(re.findall(r"\w+", names))


def test_a_mail_is_lines_of_seven_bits(case: Case) -> None:
    """CRLF, ASCII, no line over 998 characters, none empty in the header (RFC 5322, 2.1 and 2.1.1)."""
    content = case.make().content

    assert content.isascii()
    assert b"\0" not in content
    assert content.replace(b"\r\n", b"").translate(None, b"\r\n") == content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert all(line.strip() for line in case.head.split("\r\n"))
    assert received_mail.defects(received_mail.read(content)) == []


def test_each_field_stands_there_once_and_none_is_unknown(case: Case) -> None:
    """Nothing that is not accounted for here; what must be is there."""
    lists = (LIST_FIELDS if case.help else LIST_FIELDS - {"List-Help"}) if case.audience else set()

    wanted = ALWAYS | lists
    if case.email:
        named = {"Cc": case.email.cc, "Reply-To": case.email.reply_to}
        wanted |= {DELIVERY_FIELD, *(name for name, value in named.items() if value)}
    if case.email and not case.make().content.count(b"multipart/"):
        wanted |= {"Content-Transfer-Encoding"}
    assert set(case.fields) == wanted


def test_message_id_and_date_are_what_they_should_be(case: Case) -> None:
    """RFC 5322, 3.6.4 and 3.3: one id at our own domain, and a time with its zone. Feedback reads whom it was for."""
    assert re.fullmatch(rf"<{DOT_ATOM}@example\.com>", case.fields["Message-ID"], re.ASCII)
    whose = case.fields["Message-ID" if case.email is None else DELIVERY_FIELD]
    assert re.fullmatch(rf"<[0-9a-f]{{32}}\.{ANN.id}@example\.com>", whose)
    assert own_headers.subscribers_in(whose) == {ANN.id}
    assert parsedate_to_datetime(case.fields["Date"]) == given.NOW
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", case.fields["Date"])


def test_a_mail_is_to_one_address(case: Case) -> None:
    """Nobody sees who else is on the list; direct mail shows those whom it names openly, each on a line of its own."""
    email = case.email
    assert case.fields["To"] == (",\r\n ".join(email.to) if email else ANN.address)
    assert case.fields.get("Cc", "") == (",\r\n ".join(email.cc) if email else "")
    assert email is None or not any(hidden in case.make().content.decode() for hidden in email.bcc)
    assert case.fields["From"] == "Eventpost <news@example.com>"


def test_no_robot_answers_it(case: Case) -> None:
    """RFC 3834, 5: `auto-generated`, since it answers no other mail."""
    assert case.fields["Auto-Submitted"] == "auto-generated"


def test_the_list_is_named_as_the_standard_wants_it(case: Case) -> None:
    """RFC 2919, 3: a phrase and an id in brackets, of dot-atoms, at most 255 characters, under a domain of ours."""
    if not case.audience:
        return
    list_id = case.fields["List-Id"]
    found = re.fullmatch(rf"({PHRASE}\s+)?<(?P<id>{DOT_ATOM})>", list_id, re.ASCII)

    assert found, list_id
    assert found["id"] == ".".join([*reversed(case.audience.split("/")), "example.com"])
    assert len(found["id"]) <= 255


def test_one_click_unsubscribes(case: Case) -> None:
    """RFC 8058, 3.1: both fields or none; one HTTPS URI in brackets, on its field's own line (RFC 2369, 2)."""
    assert ("List-Unsubscribe" in case.fields) == ("List-Unsubscribe-Post" in case.fields) == bool(case.audience)
    if not case.audience:
        return
    lines = [line for line in case.head.split("\r\n") if line.startswith("List-Unsubscribe:")]

    assert re.fullmatch(rf"List-Unsubscribe: {HTTPS_URI}", lines[0])
    assert lines[0] == f"List-Unsubscribe: {case.fields['List-Unsubscribe']}", "it is folded"
    assert case.fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = case.fields["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert given.LINKS.read(Purpose.UNSUBSCRIBE, token) == LinkTarget(ANN.id, audience_tag(case.audience))


def test_every_address_in_list_fields_is_one_uri(case: Case) -> None:
    """RFC 2369, 2: in brackets, without blanks, not folded."""
    for name in ("List-Help", "List-Unsubscribe"):
        if name in case.fields:
            assert re.fullmatch(HTTPS_URI, case.fields[name])


def test_feedback_says_what_it_is_about(case: Case) -> None:
    """Gmail's Feedback-ID: three words of ours and a name for all our mail, apart by colons."""
    assert re.fullmatch(r"[\w-]+:[\w-]+:(event|letter):eventpost", case.fields["Feedback-ID"])


def test_only_texts_are_folded(case: Case) -> None:
    """Long words in encoded form may go on in the next line; no URI, id or address does."""
    folded = {name for name, value in case.fields.items() if "\r\n" in value}

    assert folded <= {"Subject", "List-Id", "From"} | ({"To", "Cc"} if case.email else set())
