"""Each built function alone under Lambda's own runtime client: an event in; a mail, a dead letter or a picture out."""

import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image

import received_mail
import sentinels
from artifacts import Artifacts
from deployed import Deployed, wait_until
from eventpost.deliver.recording import IN_DOUBT_MAX
from eventpost.deliver.serving import GROUP
from eventpost_cli.browser import find_browser
from lambda_alone import Function, a_message, received, started
from pages import COLOUR, SIZE, Page
from smtp_sink import Sink, running

STOCKS, BLOCK = "stock_alerts", "StockAlerts"
AMZN = f"{STOCKS}/AMZN"

type Start = Callable[..., AbstractContextManager[Function]]


@pytest.fixture
def start(artifacts: Artifacts, deployed: Deployed, queues: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts the function of stock_alerts on queues of its own; afterwards no log of it tells of anybody."""

    @contextmanager
    def alone(name: str = "function", **changed: Any) -> Iterator[Function]:
        environment = deployed.stack.environment | list_environment(deployed, queues, changed)
        with started(artifacts.python, artifacts.function(BLOCK), environment, tmp_path, name) as function:
            yield function

    yield alone
    assert sentinels.found_in(log.read_text() for log in tmp_path.glob("*.log")) == []


def list_environment(deployed: Deployed, queues: Mapping[str, str], changed: Mapping[str, Any]) -> dict[str, str]:
    """What functions/list.yaml sets, with some of the settings changed."""
    name = deployed.stack.outputs["SettingsParameter"]
    settings = json.loads(deployed.stack.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    return {
        **queues,
        "EVENTPOST_SETTINGS": json.dumps(settings | changed),
        "EVENTPOST_LIST": STOCKS,
        "EVENTPOST_MAX_RECEIVES": "5",
        "POWERTOOLS_METRICS_NAMESPACE": "eventpost-local",
        "POWERTOOLS_SERVICE_NAME": STOCKS,
    }


def price_moved(**fields: Any) -> str:
    """An event of the list."""
    event = {"ticker": "AMZN", "company": sentinels.BODY, "price": "128.82", "previous_price": "118.40"}
    return json.dumps(event | {"change_percent": "8.8", "occurred_at": "2010-03-01T14:30:00Z"} | fields)


def test_a_list_function_mails_an_event(deployed: Deployed, queues: dict[str, str], start: Start) -> None:
    """With nothing but its package, its layers and Lambda's runtime."""
    people = deployed.join(AMZN, "ann", "bob")

    with start() as function:
        answer = function.invoke(a_message(deployed, queues, price_moved()))

    assert answer == {"batchItemFailures": []}
    assert deployed.mailed() == people
    assert all(sentinels.BODY in received_mail.text(mail, "html") for mail in deployed.mails())


def test_a_list_function_gives_up_on_a_malformed_event(
    deployed: Deployed, queues: dict[str, str], start: Start
) -> None:
    """It goes to dead letters with the reason; a good event afterwards finds the same process well."""
    deployed.join(AMZN, "ann")

    with start() as function:
        refused = function.invoke(a_message(deployed, queues, price_moved(price="a lot")))
        letter = received(deployed, queues["EVENTPOST_DEAD_LETTERS_URL"])["Records"][0]
        accepted = function.invoke(a_message(deployed, queues, price_moved()))

    assert refused == accepted == {"batchItemFailures": []}
    assert letter["messageAttributes"]["error"]["stringValue"] == "InvalidEvent"
    assert "price" in letter["messageAttributes"]["reason"]["stringValue"]
    assert len(deployed.mails()) == 1


class CrashSink(Sink):
    """A mail server that takes one mail too many: on it, what sends them dies before it hears of it."""

    def __init__(self, fatal: int) -> None:
        super().__init__()
        self._fatal = fatal
        self.crashed = threading.Event()
        self.worker = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The final dot."""
        reply = await super().handle_DATA(server, session, envelope)
        if len(self.arrived) == self._fatal:
            os.kill(self.worker, signal.SIGKILL)
            self.crashed.set()
        return reply


def test_a_killed_worker_loses_nothing(deployed: Deployed, queues: dict[str, str], start: Start) -> None:
    """Killed among its mails, what was claimed and not recorded waits for the lease, and is then mailed by another.

    Only of those can some get the mail twice: whether a mail had left cannot be known.
    """
    people = deployed.join(AMZN, *(f"subscriber-{number}" for number in range(GROUP + 20)))
    batch = a_message(deployed, queues, price_moved())
    event_id = batch["Records"][0]["messageId"]

    with running(CrashSink(fatal=GROUP - 30)) as sink:
        with start("killed", smtp_port=sink.port) as function:
            sink.worker = function.process.pid
            function.begin(batch)
            assert sink.crashed.wait(60)
            wait_until(lambda: not function.process.alive())
        killed_after = [mail.address for mail in sink.arrived]
        states = [row["state"] for row in deployed.ledger(STOCKS, event_id).values()]
        with start("next", smtp_port=sink.port) as function:
            while_leased = function.invoke(batch)
            leased = [mail.address for mail in sink.arrived[len(killed_after) :]]
            end_leases(deployed, event_id)
            afterwards = function.invoke(batch)
            again = function.invoke(batch)

    recorded = states.count("sent")
    assert recorded + states.count("claimed") == GROUP
    assert 0 < recorded < len(killed_after) <= recorded + IN_DOUBT_MAX
    assert while_leased == {"batchItemFailures": []}, "it mailed the last group, and goes on in a new message"
    assert waiting(deployed, queues["EVENTPOST_QUEUE_URL"]) == 1
    assert len(leased) == len(people) - GROUP, "those that nobody had claimed are not held up"
    assert afterwards == again == {"batchItemFailures": []}
    mailed = [mail.address for mail in sink.arrived]
    assert set(mailed) == set(people)
    doubled = [address for address in people if mailed.count(address) > 1]
    assert set(doubled) <= set(killed_after)
    assert len(doubled) == len(killed_after) - recorded
    assert {row["state"] for row in deployed.ledger(STOCKS, event_id).values()} == {"sent"}


def end_leases(deployed: Deployed, event_id: str) -> None:
    """Let the time of every lease on the event's deliveries be over, as it would be a minute later."""
    for row in deployed.ledger(STOCKS, event_id).values():
        if row["state"] == "claimed":
            deployed.stack.client("dynamodb").update_item(
                TableName=deployed.stack.outputs["LedgerTable"],
                Key={name: {"S": row[name]} for name in ("partition", "subscriber")},
                UpdateExpression="SET claimed_until = :past",
                ExpressionAttributeValues={":past": {"N": "1"}},
            )


@pytest.mark.parametrize(
    "flags",
    [None, pytest.param("--no-sandbox --no-zygote", marks=pytest.mark.heavy)],
    ids=["as in Lambda", "several processes"],
)
def test_the_capture_function_keeps_a_picture(
    artifacts: Artifacts, packed_capture: Path, deployed: Deployed, page: Page, tmp_path: Path, flags: str | None
) -> None:
    """Of a page on this machine, taken by the browser in its package, which a first shot unpacks."""
    environment = {} if flags is None else {"CAPTURE_BROWSER_FLAGS": flags}

    picture, answer = captured(artifacts.python, [packed_capture], deployed, page, tmp_path, environment)

    assert (answer["width"], answer["height"]) == picture.size == SIZE
    assert picture.getpixel((5, 5)) == COLOUR
    assert len(list(tmp_path.glob("eventpost-capture-browser-*/chromium"))) == 1


def test_the_capture_function_takes_the_machines_browser(
    artifacts: Artifacts, deployed: Deployed, page: Page, tmp_path: Path
) -> None:
    """As on the local stack, whose build has none."""
    environment = {"CHROMIUM_PATH": str(find_browser())}

    picture, _ = captured(artifacts.python, artifacts.function("Capture"), deployed, page, tmp_path, environment)

    assert picture.getpixel((5, 5)) == COLOUR


def captured(
    python: Path, places: list[Path], deployed: Deployed, page: Page, folder: Path, environment: Mapping[str, str]
) -> tuple[Image.Image, dict[str, Any]]:
    """The picture that the function kept of the page's report, and what it said of it."""
    bucket, key = deployed.stack.outputs["ScreenshotsBucket"], "captures/alone/picture.png"
    environment = deployed.stack.environment | environment
    environment |= {"SCREENSHOTS_BUCKET": bucket, "CAPTURE_ALLOW_HOSTS": "127.0.0.1"}
    asked = {"url": page.url, "key": key, "selector": "#report", "viewport": {"width": 800, "height": 600}}
    asked |= {"full_page": False, "scale": 1, "image_format": "png", "quality": None, "deadline_s": 45}

    with started(python, places, environment, folder) as function:
        answer = function.invoke(asked)

    kept = deployed.stack.client("s3").get_object(Bucket=bucket, Key=answer["picture"]["key"])["Body"].read()
    return Image.open(io.BytesIO(kept)).convert("RGB"), answer["picture"]


def waiting(deployed: Deployed, queue_url: str) -> int:
    """How many messages are on the queue, to be seen later."""
    name = "ApproximateNumberOfMessagesDelayed"
    answer = deployed.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])
