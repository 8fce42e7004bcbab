"""Letters go to who asked and may be asked, and to nobody else; what no longer applies is dropped."""

from datetime import timedelta

import pytest

import given
import received_mail
from consent_world import AMZN, GOOG, NEWS, PRICES, SOURCE, id_of
from eventpost.errors import BudgetSpent, LetterNotSent, Misconfigured
from eventpost.links import LinkTarget, Purpose
from eventpost.model import Letter, LetterKind, OutcomeKind, SuppressionReason
from letter_world import Answering, LetterWorld
from sentinels import NAME, address


@pytest.fixture
def world() -> LetterWorld:
    """Nobody is on anything."""
    return LetterWorld()


def mail(world: LetterWorld) -> received_mail.EmailMessage:
    """The last mail."""
    return received_mail.read(world.transport.sent[-1].content)


def target(world: LetterWorld, purpose: Purpose) -> LinkTarget:
    """What the link in the last mail is about."""
    (url,) = {
        link["href"]
        for link in received_mail.Tags(received_mail.text(mail(world), "html")).named("a")
        if f"/{purpose}/" in str(link["href"])
    }
    assert url in received_mail.text(mail(world), "plain").split()
    return given.LINKS.read(purpose, str(url).rpartition("/")[2])


def preferences_of(world: LetterWorld, local: str) -> Letter:
    """The letter that this mailbox's preferences link is asked for by."""
    return world.asked(lambda: world.preferring.ask_for_link(address(local), SOURCE))


# ---- joining ----------------------------------------------------------------------------------------------------


def test_the_letter_that_asks_is_answered_by_its_link(world: LetterWorld) -> None:
    """Double opt-in, from the form to being on the list."""
    letter = world.asked(lambda: world.ask("ann", NEWS, AMZN))

    assert world.send(letter) is OutcomeKind.SENT
    assert world.mailed == [("ann", "Please confirm what you want to get")]
    assert world.joining.confirm(target(world, Purpose.CONFIRM)) == (NEWS, AMZN)
    assert world.on("ann") == {NEWS, AMZN}


def test_the_letter_names_what_was_asked_for(world: LetterWorld) -> None:
    """By title and topic, in both parts; nothing else of the registry."""
    world.send(world.asked(lambda: world.ask("ann", NEWS, AMZN, GOOG)))
    text = received_mail.text(mail(world), "plain")

    assert "  News\r\n  Stock alerts: AMZN, GOOG\r\n" in text
    assert "Price moves" not in text
    assert "AMZN, GOOG" in received_mail.Tags(received_mail.text(mail(world), "html")).words


def test_nothing_that_a_stranger_typed_is_in_the_letter(world: LetterWorld) -> None:
    """Else the form would send anybody's words to anybody."""
    world.send(world.asked(lambda: world.ask("ann", NEWS, attributes={"name": "Buy-my-pills"})))
    content = world.transport.sent[-1].content.decode()

    assert world.there("ann").attributes["name"] == "Buy-my-pills"
    assert "pills" not in content + received_mail.text(mail(world), "plain") + received_mail.text(mail(world), "html")
    assert content.count(address("ann")) == 1, "the address is in To alone"


def test_a_question_that_was_answered_is_not_mailed_again(world: LetterWorld) -> None:
    """The letter was on its way twice, and the first one was confirmed."""
    letter = world.asked(lambda: world.ask("ann"))
    world.joining.confirm(LinkTarget(letter.subscriber, letter.asked))

    assert world.send(letter) is None
    assert world.transport.sent == []


def test_a_question_that_was_declined_is_not_mailed(world: LetterWorld) -> None:
    """Who says no by the unsubscribe link of the first letter gets no second one."""
    letter = world.asked(lambda: world.ask("ann"))
    world.leave("ann")

    assert world.send(letter) is None


def test_a_question_that_has_expired_is_not_mailed(world: LetterWorld) -> None:
    """A replayed dead letter of two weeks ago asks nothing any more."""
    letter = world.asked(lambda: world.ask("ann"))
    world.wait(days=8)

    assert world.send(letter) is None


def test_a_letter_twice_is_the_same_letter(world: LetterWorld) -> None:
    """SQS may hand out a message twice: mailboxes can tell by the Message-ID, and both links work."""
    letter = world.asked(lambda: world.ask("ann"))
    for _ in range(2):
        assert world.send(letter, "0123abcd" * 4) is OutcomeKind.SENT
    first, second = (received_mail.read(message.content)["Message-ID"] for message in world.transport.sent)

    assert first == second == f"<{'0123abcd' * 4}.{id_of('ann')}@example.com>"


def test_two_letters_are_two(world: LetterWorld) -> None:
    """Without a number of its own, each has another Message-ID: mailboxes hide what they take for the same."""
    letter = world.asked(lambda: world.ask("ann"))
    for _ in range(2):
        world.send(letter)

    assert len({received_mail.read(message.content)["Message-ID"] for message in world.transport.sent}) == 2


def test_the_question_about_one_audience_can_be_declined_by_one_click(world: LetterWorld) -> None:
    """It is a mail of that list, so it carries that list's headers, and the button works."""
    world.send(world.asked(lambda: world.ask("ann", AMZN)))
    token = mail(world)["List-Unsubscribe"].strip("<>").rpartition("/")[2]

    assert mail(world)["List-Id"] == "Stock alerts <AMZN.stock_alerts.example.com>"
    declined = world.leaving.seen(given.LINKS.read(Purpose.UNSUBSCRIBE, token))
    assert declined.audience == AMZN


def test_who_was_erased_can_ask_to_come_back(world: LetterWorld) -> None:
    """Their address is on the pending membership alone."""
    world.join("ann")
    world.erase("ann")
    letter = world.asked(lambda: world.ask("ann"))

    assert world.send(letter) is OutcomeKind.SENT
    assert world.mailed[-1][0] == "ann"


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_who_bounced_or_complained_meanwhile_is_asked_nothing(world: LetterWorld, reason: SuppressionReason) -> None:
    """Between the form and the letter."""
    letter = world.asked(lambda: world.ask("ann"))
    world.suppress("ann", reason)

    assert world.send(letter) is None


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_who_bounced_or_complained_before_is_asked_nothing(world: LetterWorld, reason: SuppressionReason) -> None:
    """The form queues the same letter for everybody, so that it tells nothing of them."""
    world.join("ann")
    world.join("bob")
    world.suppress("ann", reason)
    letters = [world.asked(lambda: world.ask("ann", PRICES)), world.asked(lambda: world.ask_to_move("bob", "ann"))]

    assert [letter.kind for letter in letters] == [LetterKind.CONFIRM, LetterKind.MOVE]
    assert [world.send(letter) for letter in letters] == [None, None]


def test_who_is_on_it_already_is_told_so(world: LetterWorld) -> None:
    """The same answer on the page, and a letter that needs no answer."""
    world.join("ann", NEWS)
    letter = world.asked(lambda: world.ask("ann", NEWS))

    assert letter.kind is LetterKind.ALREADY_ON
    assert world.send(letter) is OutcomeKind.SENT
    assert world.mailed == [("ann", "You already get this: News")]
    assert world.preferring.view(target(world, Purpose.PREFERENCES)).joined_count == 1


def test_who_has_left_meanwhile_is_not_told_that_they_are_on_it(world: LetterWorld) -> None:
    """That would be wrong by now."""
    world.join("ann", NEWS, PRICES)
    letter = world.asked(lambda: world.ask("ann", NEWS, PRICES))
    world.leave("ann", NEWS)
    world.send(letter)
    world.leave("ann", PRICES)

    assert world.mailed == [("ann", "You already get this: Price moves")]
    assert world.send(letter) is None


def test_who_is_suppressed_is_not_told_that_they_are_on_it(world: LetterWorld) -> None:
    """Nothing is mailed there."""
    world.join("ann", NEWS)
    letter = world.asked(lambda: world.ask("ann", NEWS))
    world.suppress("ann")

    assert world.send(letter) is None


# ---- preferences ------------------------------------------------------------------------------------------------


def test_who_is_known_gets_their_link(world: LetterWorld) -> None:
    """Without an old mail."""
    world.join("ann")

    assert world.send(preferences_of(world, "ann")) is OutcomeKind.SENT
    assert world.mailed == [("ann", "Your link to your preferences")]
    assert world.preferring.view(target(world, Purpose.PREFERENCES)).joined_count == 1
    assert not [name for name in mail(world) if name.startswith("List-")]


def test_who_has_left_everything_still_gets_it(world: LetterWorld) -> None:
    """They may want to come back."""
    world.join("ann")
    world.leave("ann")

    assert world.send(preferences_of(world, "ann")) is OutcomeKind.SENT


def test_who_is_unknown_gets_nothing(world: LetterWorld) -> None:
    """And whoever asked sees no difference."""
    letter = preferences_of(world, "nobody")

    assert world.send(letter) is None


def test_who_is_known_no_more_gets_nothing(world: LetterWorld) -> None:
    """Erased, suppressed, or asked once and never answered."""
    world.join("ann")
    world.join("bob")
    world.ask("cyd")
    world.erase("ann")
    world.suppress("bob")
    letters = [preferences_of(world, local) for local in ("ann", "bob", "cyd")]
    world.wait(days=8)

    assert [world.send(letter) for letter in letters] == [None, None, None]


def test_who_has_moved_gets_it_at_the_new_address(world: LetterWorld) -> None:
    """They forgot that they moved; the old mailbox may be somebody else's by now."""
    world.join("ann")
    world.move("ann", "anne")

    assert world.send(preferences_of(world, "ann")) is OutcomeKind.SENT
    assert world.mailed[-1][0] == "anne"
    assert target(world, Purpose.PREFERENCES).subscriber == id_of("anne")


# ---- moving -----------------------------------------------------------------------------------------------------


def test_a_move_is_asked_at_the_new_address_and_told_at_the_old(world: LetterWorld) -> None:
    """And both links do what they say."""
    world.join("ann")
    asking = world.asked(lambda: world.ask_to_move("ann", "anne"))
    assert world.send(asking) is OutcomeKind.SENT
    told = world.asked(lambda: world.moving.confirm(target(world, Purpose.MOVE)))
    assert world.send(told) is OutcomeKind.SENT

    assert world.mailed == [
        ("anne", "Is this your new address?"),
        ("ann", "Your mails go to another address now"),
    ]
    assert world.preferring.view(target(world, Purpose.PREFERENCES)).joined_count == 1
    assert address("anne") not in world.transport.sent[-1].content.decode(), "whoever has the old mailbox is not told"


def test_a_move_that_was_confirmed_is_not_asked_again(world: LetterWorld) -> None:
    """The letter was on its way twice."""
    world.join("ann")
    asking = world.asked(lambda: world.ask_to_move("ann", "anne"))
    world.moving.confirm(LinkTarget(asking.subscriber, asking.asked))

    assert world.send(asking) is None


def test_a_move_is_not_told_where_it_does_not_hold(world: LetterWorld) -> None:
    """Moved back meanwhile: mails do come to that address."""
    world.join("ann")
    asking = world.asked(lambda: world.ask_to_move("ann", "anne"))
    told = world.asked(lambda: world.moving.confirm(LinkTarget(asking.subscriber, asking.asked)))
    world.move("anne", "ann")

    assert world.send(told) is None


def test_an_address_that_bounced_is_not_told_of_its_move(world: LetterWorld) -> None:
    """Bouncing is why people move."""
    world.join("ann")
    asking = world.asked(lambda: world.ask_to_move("ann", "anne"))
    told = world.asked(lambda: world.moving.confirm(LinkTarget(asking.subscriber, asking.asked)))
    world.suppress("ann")

    assert world.send(told) is None


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OutcomeKind.THROTTLED, OutcomeKind.DEFERRED, OutcomeKind.UNKNOWN])
def test_what_was_not_sent_for_certain_is_sent_again(world: LetterWorld, kind: OutcomeKind) -> None:
    """Twice is harmless, never is not. The reason is codes alone."""
    letter = world.asked(lambda: world.ask("ann"))
    world.transport = Answering(kind)

    with pytest.raises(LetterNotSent, match=rf"^{kind} 451 4\.7\.1$"):
        world.send(letter)
    assert world.send(letter) is OutcomeKind.SENT


def test_what_is_refused_is_not_sent_again(world: LetterWorld) -> None:
    """The mailbox does not exist; feedback takes care of it."""
    letter = world.asked(lambda: world.ask("ann"))
    world.transport = Answering(OutcomeKind.REFUSED)

    assert world.send(letter) is OutcomeKind.REFUSED


def test_the_account_must_be_allowed_to_send(world: LetterWorld) -> None:
    """Letters may use what is reserved for critical lists; where that is spent too, they wait, and nothing is sent."""
    asked_for: list[tuple[int, bool]] = []

    class Spent:
        def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
            asked_for.append((wanted, critical))
            msg = "the daily limit is used up"
            raise BudgetSpent(msg, timedelta(minutes=5))

    world.budget = Spent()
    with pytest.raises(BudgetSpent):
        world.send(world.asked(lambda: world.ask("ann")))
    assert asked_for == [(1, True)]
    assert world.transport.sent == []


def test_a_letter_that_is_dropped_costs_nothing(world: LetterWorld) -> None:
    """Of the sending rate: a flood of requests for unknown addresses slows nobody's mail."""

    class Untouched:
        def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
            raise AssertionError

    world.budget = Untouched()

    assert world.send(preferences_of(world, "nobody")) is None


def test_a_provider_that_refuses_us_is_told(world: LetterWorld) -> None:
    """It is not the letter's fault."""

    class Refusing(Answering):
        def send(self, messages):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            msg = "SMTP: 535 5.7.8"
            raise Misconfigured(msg)

    world.transport = Refusing()
    with pytest.raises(Misconfigured):
        world.send(world.asked(lambda: world.ask("ann")))


def test_an_address_that_cannot_be_mailed_is_refused(world: LetterWorld) -> None:
    """Rows of old may hold anything."""
    world.imported("ann", NEWS)
    person = world.person("ann")
    world._save(person, (), address="ann@exam ple\r\nBcc: all@example.com")

    assert world.send(Letter(LetterKind.PREFERENCES, person.id)) is OutcomeKind.REFUSED
    assert world.transport.sent == []


@pytest.mark.parametrize("kind", LetterKind)
def test_a_letter_to_nobody_is_dropped(world: LetterWorld, kind: LetterKind) -> None:
    """Whatever stands on the queue."""
    assert world.send(Letter(kind, "0" * 32, (NEWS,), "0" * 12)) is None
    assert world.send(Letter(kind, "0" * 32)) is None


def test_a_letter_without_a_question_confirms_nothing(world: LetterWorld) -> None:
    """A membership that was imported has no tag; a letter without one is not about it."""
    world.imported("ann", NEWS)

    assert world.send(Letter(LetterKind.CONFIRM, id_of("ann"), (NEWS,), "")) is None
    assert world.send(Letter(LetterKind.MOVE, id_of("ann"), (), "")) is None


def test_letters_speak_the_language_that_was_read(world: LetterWorld) -> None:
    """Where there is a catalogue of it."""
    letter = world.asked(lambda: world.ask("ann", NEWS, language="de-CH"))
    world.send(letter)

    assert mail(world)["Subject"] == "Bitte bestätigen: News"
    assert NAME not in received_mail.text(mail(world), "plain")
