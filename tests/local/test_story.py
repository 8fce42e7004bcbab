"""An event becomes everyone's own mail, from the queue to the inbox."""

import io
import json
from pathlib import Path

from PIL import Image

import received_mail
import sentinels
from deployed import Deployed
from eventpost.links import LinkTarget, Purpose, audience_tag
from pages import COLOUR, SIZE, Page

LIST = "dcf_engine_results"


def valuation(page: Page, **fields: object) -> dict[str, object]:
    """An event of the list about this page."""
    event = {
        "ticker": "AMZN",
        "company": sentinels.BODY,
        "fair_value": "151.20",
        "price": "118.40",
        "upside_percent": "27.7",
        "as_of": "2010-03-01",
        "report_url": page.url,
    }
    return event | fields


def test_an_event_becomes_everyones_own_mail(deployed: Deployed, page: Page, tmp_path: Path) -> None:
    """Who joined from a CSV file gets one mail with the page's picture, and their own working links."""
    people = {local: sentinels.address(local) for local in ("ada", "bob", "cyd")}
    rows = "\n".join(f"{address},{local.capitalize()} {sentinels.NAME}" for local, address in people.items())
    (tmp_path / "people.csv").write_text(f"address,name\n{rows}\n")
    (tmp_path / "event.json").write_text(json.dumps(valuation(page)))

    before = deployed.pictures(LIST)
    joined = deployed.eventpost("subscribers", "import", str(tmp_path / "people.csv"), "--list", LIST)
    sent = deployed.eventpost("send", LIST, str(tmp_path / "event.json"), "--event-id", "the-story")
    deployed.settle(LIST)

    assert joined.exit_code == sent.exit_code == 0, joined.output + sent.output
    assert joined.output == f"{LIST}: 3 added, 0 were there\n"
    assert deployed.mailed() == sorted(people.values())
    assert page.reads == 1, "an event is captured once, however many it is mailed to"
    assert {row["state"] for row in deployed.ledger(LIST, "the-story").values()} == {"sent"}
    assert deployed.ledger(LIST, "the-story").keys() == {deployed.id_of(address) for address in people.values()}
    (picture,) = [picture for key, picture in deployed.pictures(LIST).items() if key not in before]
    assert picture["ContentType"] == "image/png"
    assert (picture["Metadata"]["width"], picture["Metadata"]["height"]) == tuple(map(str, SIZE))
    assert picture["Metadata"]["captured-at"]
    for mail in deployed.mails():
        assert_good(deployed, mail, picture["Body"])


def assert_good(deployed: Deployed, mail: received_mail.EmailMessage, picture: bytes) -> None:
    """Each part of the mail is as it should be, and its links are the subscriber's own."""
    assert received_mail.defects(mail) == []
    assert received_mail.shape(mail) == "alternative[plain, related[html, png]]"
    assert mail["Subject"] == "AMZN: fair value 151.20 USD"
    assert mail["From"] == "Eventpost <news@example.com>"
    assert mail["List-Id"] == f"DCF results <{LIST}.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    shown = received_mail.part(mail, "image/png")
    assert shown.get_content() == picture
    assert Image.open(io.BytesIO(picture)).convert("RGB").getpixel((SIZE[0] // 2, SIZE[1] // 2)) == COLOUR
    html = received_mail.text(mail, "html")
    assert f"cid:{shown['Content-ID'].strip('<>')}" in received_mail.references(html)
    assert sentinels.BODY in html
    assert sentinels.BODY in received_mail.text(mail, "plain")
    assert_own_links(deployed, mail)


def assert_own_links(deployed: Deployed, mail: received_mail.EmailMessage) -> None:
    """The links verify under the deployed keys, name this subscriber, and stand in both parts."""
    links, target = deployed.links(), LinkTarget(deployed.id_of(str(mail["To"])), audience_tag(LIST))
    unsubscribe, preferences = (mail[name].strip("<>") for name in ("List-Unsubscribe", "List-Help"))
    assert links.read(Purpose.UNSUBSCRIBE, unsubscribe.rpartition("/")[2]) == target
    assert links.read(Purpose.PREFERENCES, preferences.rpartition("/")[2]) == target
    for part in ("html", "plain"):
        assert unsubscribe in received_mail.text(mail, part)
        assert preferences in received_mail.text(mail, part)


def test_the_same_event_again_mails_nobody_again(deployed: Deployed, page: Page) -> None:
    """SQS delivers at least once, and services retry: the id tells. Another body under the same id is refused."""
    people = deployed.join(LIST, "ada", "bob")
    event_id = deployed.raise_event(LIST, valuation(page))
    deployed.settle(LIST)

    deployed.raise_event(LIST, valuation(page), event_id=event_id)
    deployed.settle(LIST)
    assert deployed.mailed() == people
    assert deployed.letters(LIST) == {}
    assert page.reads == 1

    deployed.raise_event(LIST, valuation(page, fair_value="1.00"), event_id=event_id)
    deployed.settle(LIST)
    assert deployed.mailed() == people
    assert deployed.letters(LIST)[event_id].attributes["error"] == "EventIdReused"


def test_who_joined_later_is_left_out(deployed: Deployed, page: Page) -> None:
    """A replay of an old event, which says when it was raised, reaches those who were on the list then."""
    deployed.join(LIST, "ada")

    deployed.raise_event(LIST, valuation(page), raised_at="2020-01-01T00:00:00+00:00")
    deployed.settle(LIST)

    assert deployed.mailed() == []
    assert page.reads == 0


def test_a_topic_is_an_audience_of_its_own(deployed: Deployed) -> None:
    """A stock's event reaches those who follow that stock."""
    (ann,) = deployed.join("stock_alerts/AMZN", "ann")
    deployed.join("stock_alerts/IBM", "bob")
    sample = deployed.stack.root / "functions" / "stock_alerts" / "samples" / "typical.json"

    sent = deployed.eventpost("send", "stock_alerts", "typical")
    deployed.settle("stock_alerts")

    assert sent.exit_code == 0, sent.output
    assert json.loads(sample.read_text())["ticker"] == "AMZN"
    assert deployed.mailed() == [ann]
    (mail,) = deployed.mails()
    assert mail["List-Id"] == "Stock alerts <AMZN.stock_alerts.example.com>"
