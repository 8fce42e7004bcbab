"""The functions of joining and leaving, each alone under Lambda's own runtime client: requests, letters, bounces."""

from deployed import Deployed
from eventpost.consent import letters
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.model import IdRange, Letter, LetterKind
from http_gateway import http_event
from lambda_alone import Start, a_message
from ses_told import bounced, tagged

AUDIENCE = "stock_alerts/AMZN"


def test_the_preferences_function_takes_somebody_off_a_list(deployed: Deployed, start: Start) -> None:
    """It shows the page, changes nothing by that, and does what the mail program's button asks."""
    (address,) = deployed.join(AUDIENCE, "ann")
    target = LinkTarget(deployed.id_of(address), audience_tag(AUDIENCE))
    path = f"/u/{deployed.links().token(Purpose.UNSUBSCRIBE, target)}"
    form = {"content-type": "application/x-www-form-urlencoded"}

    with start("Preferences") as function:
        shown = function.invoke(http_event("GET", path))
        before = deployed.state(address, AUDIENCE)
        left = function.invoke(http_event("POST", path, b"List-Unsubscribe=One-Click", form))

    assert (shown["statusCode"], before) == (200, "active")
    assert "Do you want to leave this list?" in shown["body"]
    assert (left["statusCode"], deployed.state(address, AUDIENCE)) == (200, "left")


def test_the_preferences_function_speaks_german(start: Start) -> None:
    """Catalogues are in the templates layer, as the templates are."""
    with start("Preferences") as function:
        shown = function.invoke(http_event("GET", "/link", headers={"accept-language": "de-AT"}))

    assert '<html lang="de"' in shown["body"]


def test_the_letters_function_sends_a_letter(deployed: Deployed, queues: dict[str, str], start: Start) -> None:
    """To the address of the id that it names."""
    (address,) = deployed.join(AUDIENCE, "ann")
    asked = Letter(LetterKind.PREFERENCES, deployed.id_of(address), language="de")

    with start("Letters") as function:
        answer = function.invoke(a_message(deployed, queues, letters.posted(asked)))

    assert answer == {"batchItemFailures": []}
    assert deployed.mailed() == [address]


def test_the_feedback_function_suppresses_who_bounced(deployed: Deployed, queues: dict[str, str], start: Start) -> None:
    """By what SES says of a mail, which names the subscriber in its tags."""
    (address,) = deployed.join(AUDIENCE, "ann")
    body = bounced(tagged(deployed.id_of(address)), "Permanent", "General")

    with start("Feedback") as function:
        answer = function.invoke(a_message(deployed, queues, body))

    assert answer == {"batchItemFailures": []}
    (enrolled,) = deployed.subscribers.enrolled(AUDIENCE, IdRange(), 2)
    assert enrolled.suppressed.startswith("suppressed: bounce")
