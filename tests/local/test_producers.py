"""Services in other languages: an event goes in by the example as it stands, and its mail comes out of the inbox."""

import json
import uuid
from collections.abc import Iterator
from typing import Final

import pytest
import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

import received_mail
import sentinels
from deployed import Deployed
from producers import COMMANDS, PRODUCERS, Service

LIST: Final = "stock_alerts"
COMPANY: Final = f"{sentinels.BODY} Größe"
PRICE: Final = {
    "ticker": "AMZN",
    "company": COMPANY,
    "price": "128.82",
    "previous_price": "118.40",
    "change_percent": "8.8",
    "occurred_at": "2010-03-01T14:30:00Z",
}
EVENT: Final = json.dumps(PRICE, ensure_ascii=False)
"""With letters that take two bytes, so that a program which guesses at an encoding is found out."""


@pytest.fixture
def service(deployed: Deployed) -> Service:
    """A service that may raise this list's events, and nothing else."""
    return Service.of(deployed.stack, deployed.deployment.queue_url(LIST).rpartition("/")[2])


@pytest.mark.parametrize("producer", COMMANDS)
def test_an_event_from_another_program_is_mailed(deployed: Deployed, service: Service, producer: str) -> None:
    """Event in, mail out; raised again under the same id, as after an error that was none, it mails nobody again."""
    people = deployed.join(f"{LIST}/AMZN", "ann", "bob")
    event_id = f"{producer}-{uuid.uuid4().hex}"

    for _ in range(2):
        done = service.runs(producer, EVENT, event_id)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    deployed.settle(LIST)

    assert deployed.mailed() == people
    assert {row["state"] for row in deployed.ledger(LIST, event_id).values()} == {"sent"}
    for mail in deployed.mails():
        assert received_mail.defects(mail) == []
        assert mail["Subject"] == "AMZN +8.8%: 128.82 USD"
        assert COMPANY in received_mail.text(mail, "plain")


@pytest.mark.parametrize("producer", COMMANDS)
def test_a_refused_event_ends_the_program_with_an_error(deployed: Deployed, service: Service, producer: str) -> None:
    """A service must hear of it; and its role has no say in other lists."""
    other = service.queue.replace(LIST, "dcf_engine_results")

    done = service.runs(producer, EVENT, uuid.uuid4().hex, queue=other)

    assert done.returncode != 0
    assert "AccessDenied" in done.stderr
    assert deployed.mails() == []


def test_the_packages_of_node_are_pinned_and_from_any_registry() -> None:
    """The lock says what the manifest says, each package by its hash, none by the address of a registry."""
    files = (PRODUCERS / "node" / name for name in ("package.json", "package-lock.json"))

    manifest, lock = (json.loads(file.read_text()) for file in files)
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert packages["node_modules/@aws-sdk/client-sqs"]["version"] == manifest["dependencies"]["@aws-sdk/client-sqs"]
    assert all(package["integrity"] for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_the_program_in_csharp_is_csharp() -> None:
    """As far as this can be seen without .NET: its grammar's parser finds no error, and the calls that matter."""
    tree = Parser(Language(tree_sitter_c_sharp.language())).parse((PRODUCERS / "csharp" / "Program.cs").read_bytes())

    nodes = list(_nodes(tree.root_node))
    texts = {(node.type, (node.text or b"").decode()) for node in nodes}

    assert not [node.start_point for node in nodes if node.is_error or node.is_missing]
    assert {("identifier", f"{name}Async") for name in ("GetQueueUrl", "SendMessage", "ReadToEnd")} <= texts
    assert ("string_literal", '"event_id"') in texts
    assert [node.type for node in nodes].count("await_expression") == 3, "who does not wait ends before it has sent"


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)
