"""The account of what the mail API accepted tells of each mail that is lost, doubled, or should not have been sent."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from benchmarks.soak_api.account import Evidence, Mails, account, mails_in, wrong
from benchmarks.soak_api.answers import Hiccups
from benchmarks.soak_api.asks import READERS, ask
from benchmarks.soak_api.callers import Asked, Load
from benchmarks.soak_api.door import Door
from benchmarks.soak_api.plan import FULL, OWNERS
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import EndpointConnectionError

from serving import serving

ASKS = 40
ELSEWHERE = {"mailed_while_failing": 0, "state_wrong": 0, "dead_letters": 0, "left_on_queues": 0, "leaks": 0}
"""What a run counts outside the account."""


def accepted(number: int) -> Asked:
    """An ask that was accepted at once."""
    return Asked(ask(number), [202], {f"{number:032x}"}, 0.02)


def well() -> Evidence:
    """A run in which all went well: what SQS refused was neither accepted nor mailed."""
    asked = [accepted(number) for number in range(ASKS)]
    mails: Mails = Counter((id_, address) for one in asked for id_ in one.ids for address in one.ask.recipients)
    return Evidence(asked, [Asked(ask(ASKS), [503])], mails)


def found(evidence: Evidence) -> list[str]:
    """What is wrong with it."""
    return wrong(account(evidence) | ELSEWHERE)


def test_where_all_is_well_nothing_is_wrong() -> None:
    figures = account(well())

    assert found(well()) == []
    assert (figures["asked"], figures["accepted"], figures["delivered"]) == (ASKS, ASKS, ASKS)
    assert figures["answered_503_while_refusing"] == figures["asked_while_refusing"] == 1


def test_a_mail_that_did_not_come_is_lost_and_its_ask_is_not_delivered() -> None:
    evidence = well()
    del evidence.mails[next(iter(evidence.mails))]

    assert found(evidence) == ["lost: 1", "accepted is not delivered"]


def test_a_mail_that_came_again_is_doubled() -> None:
    evidence = well()
    evidence.mails[next(iter(evidence.mails))] += 1

    assert found(evidence) == ["doubled: 1"]


def test_a_mail_to_somebody_else_is_misdelivered() -> None:
    evidence = well()
    evidence.mails[f"{3:032x}", "eve@example.com"] += 1

    assert found(evidence) == ["misdelivered: 1"]


def test_what_nobody_was_told_is_accepted_must_not_be_mailed() -> None:
    evidence = well()
    evidence.mails[f"{ASKS:032x}", ask(ASKS).recipients[0]] += 1

    assert found(evidence) == ["mailed_unaccepted: 1"]


def test_an_ask_that_was_never_accepted_is_told() -> None:
    evidence = well()
    some = [*evidence.asked, Asked(ask(ASKS + 1), [503, 503])]

    assert found(replace(evidence, asked=some)) == ["not_accepted: 1"]


def test_an_ask_with_two_ids_is_told() -> None:
    """The same key again must be the same mail: here both of it were sent."""
    evidence = well()
    twice = Asked(ask(0), [0, 202], {f"{0:032x}", "f" * 32})
    evidence.mails.update({("f" * 32, address): 1 for address in twice.ask.recipients})

    assert found(replace(evidence, asked=[twice, *evidence.asked[1:]])) == ["with_two_ids: 1"]


def test_what_was_accepted_although_sqs_refused_is_told() -> None:
    assert found(replace(well(), refused=[accepted(ASKS)])) == ["accepted_while_refusing: 1"]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_a_run_counts_must_be_none(name: str) -> None:
    assert wrong(account(well()) | ELSEWHERE | {name: 2}) == [f"{name}: 2"]


def test_a_mail_is_known_by_its_message_id() -> None:
    """A list's names event and subscriber; direct mail's the event."""
    journal = ["ann@example.com\t<aa.bb@example.com>\t0\tHello\n", "bob@example.com\t<cc@example.com>\t0\tHello\n"]

    assert mails_in(journal) == {("aa", "ann@example.com"): 1, ("cc", "bob@example.com"): 1}


def test_each_ask_is_another() -> None:
    """Of both kinds, by two services, each within what one may ask for in a minute."""
    asks = [ask(number) for number in range(100)]

    assert len({(one.body, one.headers.get("idempotency-key")) for one in asks}) == 100
    assert Counter(one.owner for one in asks) == dict.fromkeys(OWNERS, 50)
    assert Counter(one.path for one in asks) == {"/emails": 60, "/lists/stock_alerts/events": 40}
    assert FULL.per_s * 60 / len(OWNERS) < 3000
    for one in asks:
        body = json.loads(one.body)
        named = [*body.get("to", []), *body.get("cc", []), *body.get("bcc", [])]
        assert one.recipients == (tuple(named) or READERS)


@contextmanager
def served(answer: Callable[[Mapping[str, Any]], dict[str, Any]], hangs_up: Callable[[], bool]) -> Iterator[int]:
    """The port of a door before a function that answers so."""
    with Door(lambda event, _: answer(event), hangs_up) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield door.server_port
        door.shutdown()
        thread.join()


def test_a_caller_insists_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a 503, and by a door that hangs up, it is not put off; each time it asks for the same."""
    monkeypatch.setattr("benchmarks.soak_api.callers._PAUSE_S", 0.01)
    seen: list[Mapping[str, Any]] = []

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        seen.append(event)
        return {"statusCode": 503 if len(seen) == 1 else 202, "headers": {}, "body": '{"id": "aa"}'}

    with served(answer, lambda: len(seen) == 2) as port:
        (asked,) = Load([port], per_s=100).made([ask(0)])

    assert asked.statuses == [503, 0, 202]
    assert asked.ids == {"aa"}
    assert {event["body"] for event in seen} == {ask(0).body.decode()}
    assert {event["requestContext"]["authorizer"]["iam"]["userArn"] for event in seen} == {OWNERS[0]}


def test_what_is_refused_for_good_is_not_asked_again() -> None:
    with served(lambda _: {"statusCode": 422, "headers": {}, "body": "{}"}, lambda: False) as port:
        (asked,) = Load([port], per_s=100).made([ask(0)])

    assert asked.statuses == [422]


def test_the_pace_is_kept_by_all_callers_together() -> None:
    def answer(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"statusCode": 202, "headers": {}, "body": '{"id": "aa"}'}

    with served(answer, lambda: False) as one, served(answer, lambda: False) as other:
        asked = Load([one, other], per_s=50).made(map(ask, range(20)))

    assert sorted(each.ask.number for each in asked) == list(range(20))
    assert max(each.seconds for each in asked) < 3, "they do not wait for one another"


class _Queue(BaseHTTPRequestHandler):
    """Takes all that is sent to it."""

    taken: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def hiccups(folder: Path, part: float) -> tuple[Hiccups, list[str]]:
    """SQS with these hiccups, and what it notes of them."""
    noted: list[str] = []
    return Hiccups(folder / "refuses", part, random.Random(3), noted.append), noted


def said(sqs: Hiccups, url: str) -> int | None:
    """The status that a message is answered by in place of SQS's; 0 where SQS cannot be reached."""
    try:
        answer = sqs.before_send(AWSPreparedRequest("POST", url, {"content-length": "2"}, b"{}", stream_output=False))
    except EndpointConnectionError:
        return 0
    return answer.status_code if answer else None


def test_a_lost_answer_is_that_of_a_message_which_was_sent(tmp_path: Path) -> None:
    """And a refused message was not; where nothing is amiss, the call goes on its way."""
    sqs, noted = hiccups(tmp_path, part=0.5)
    _Queue.taken.clear()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Queue)) as server:
        statuses = Counter(said(sqs, f"http://127.0.0.1:{server.server_port}/") for _ in range(100))

    assert statuses[500] == len(_Queue.taken) == noted.count("answer_lost") > 10
    assert statuses[None] == 100 - len(noted)
    assert statuses[503] + statuses[400] + statuses[403] + statuses[0] == len(noted) - statuses[500] > 10


def test_sqs_refuses_everything_while_it_is_to(tmp_path: Path) -> None:
    sqs, _ = hiccups(tmp_path, part=0.0)
    (tmp_path / "refuses").touch()

    assert {said(sqs, "http://127.0.0.1:1/") for _ in range(50)} == {0, 400, 403, 503}

    (tmp_path / "refuses").unlink()
    assert said(sqs, "http://127.0.0.1:1/") is None
