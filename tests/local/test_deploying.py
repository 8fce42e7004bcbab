"""The project on its way to a running stack: a new list, a changed template, an update, a deletion."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import received_mail
import sentinels
from deployed import Deployed
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.surroundings import cleaned

NEW = "price_drops"


def run(root: Path, *command: str) -> None:
    """Run a command in the project, as its owner would at a prompt."""
    done = subprocess.run(command, cwd=root, env=cleaned(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def new_list(working_copy: Path) -> str:
    """A list that `make new-list` has written, not deployed yet."""
    run(working_copy, "make", "new-list", f"NAME={NEW}")
    return NEW


@pytest.fixture
def with_new_list(new_list: str, deployed: Deployed) -> Deployed:
    """The stack with that list deployed."""
    if not any(url.endswith(f"-{new_list}") for url in deployed.stack.outputs.values()):
        deployed.stack.sam_update()
    return deployed


@pytest.fixture
def body_template(new_list: str, working_copy: Path) -> Iterator[Path]:
    """The new list's HTML template; as it was again after the test."""
    path = working_copy / "templates" / new_list / "body.html"
    text = path.read_text()
    yield path
    path.write_text(text)


def test_a_new_list_passes_the_tests_at_once(new_list: str, working_copy: Path) -> None:
    """What holds for every list holds for one that was just written."""
    tests = ("tests/lists", "tests/template", "tests/unit/test_imports.py")

    run(working_copy, ".venv/bin/python", "-m", "pytest", "-q", "-k", f"{new_list} or test_lists", *tests)


def test_a_new_list_is_mailed(with_new_list: Deployed) -> None:
    """Deployed by an update of the stack, it mails its sample."""
    (ann,) = with_new_list.join(NEW, "ann")

    sent = with_new_list.eventpost("send", NEW, "typical")
    with_new_list.settle(NEW)

    assert sent.exit_code == 0, sent.output
    assert with_new_list.mailed() == [ann]
    (mail,) = with_new_list.mails()
    assert received_mail.shape(mail) == "alternative[plain, html]"
    assert mail["List-Id"] == "Price drops <price_drops.example.com>"
    assert "https://www.example.com/what-happened" in received_mail.text(mail, "plain")


def test_a_changed_template_is_live_after_an_update(with_new_list: Deployed, body_template: Path) -> None:
    """The next mail shows the change, and only that list's."""
    with_new_list.join(NEW, "ann")
    body_template.write_text(body_template.read_text().replace("What happened", "What has changed"))

    with_new_list.stack.sam_update(build=False)
    with_new_list.eventpost("send", NEW, "typical")
    with_new_list.settle(NEW)

    (mail,) = with_new_list.mails()
    assert "What has changed" in received_mail.text(mail, "html")


def test_a_template_fault_is_mended_and_replayed(with_new_list: Deployed, body_template: Path) -> None:
    """It strikes one in mid-audience: the dead letter, sent again, mails exactly those still to be mailed."""
    stack, text = with_new_list.stack, body_template.read_text()
    people = with_new_list.join(NEW, "ann", "bob", "cyd", "dan", "eve")
    unlucky = sorted(people, key=with_new_list.id_of)[2]
    condition = f"{{% if subscriber.address == '{unlucky}' %}}{{{{ event.no_such_field }}}}{{% endif %}}"
    body_template.write_text(text.replace("<h2>", f"{condition}<h2>"))
    stack.sam_update(build=False)

    event_id = with_new_list.raise_event(NEW, (stack.root / f"functions/{NEW}/samples/typical.json").read_text())
    with_new_list.settle(NEW)
    letter = with_new_list.letters(NEW)[event_id]
    served = with_new_list.mailed()
    body_template.write_text(text)
    stack.sam_update(build=False)
    replayed = {name: letter.attributes[name] for name in ("event_id", "raised_at")}
    with_new_list.raise_event(NEW, letter.body, **replayed)
    with_new_list.settle(NEW)

    assert letter.attributes["error"] == "TemplateFault"
    assert f"{NEW}/body.html" in letter.attributes["reason"]
    assert sentinels.found_in(letter.attributes.values()) == []
    assert len(served) == len(people) - 1, "nobody else is kept waiting for the unlucky one"
    assert with_new_list.mailed() == people


def test_the_packages_of_firestore_are_built_for_those_who_have_it_alone(local_stack: LocalStack) -> None:
    """SAM would build every layer of the template, some ten seconds at each first start."""
    assert (local_stack.state.build / "SharedLayer").is_dir()
    assert (local_stack.state.build / "FirestoreLayer").is_dir() == (local_stack.store == "firestore")


@pytest.mark.heavy
def test_the_stack_can_be_deleted_and_deployed_again(deployed: Deployed) -> None:
    """Queues, functions and their like are gone; people's data is kept for whoever deploys next to find."""
    stack, before = deployed.stack, dict(deployed.stack.outputs)

    stack.sam_delete()

    with pytest.raises(ClientError):
        stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)
    with pytest.raises(ClientError):
        deployed.sqs.get_queue_attributes(QueueUrl=before["StockAlerts.QueueUrl"])
    assert STACK_NAME not in str(stack.client("lambda").list_functions()["Functions"])
    kept = stack.client("dynamodb").list_tables()["TableNames"]
    stack.sam_update(build=False)
    assert before["SubscribersTable"] in kept, "consent cannot be had again"
    assert before["LedgerTable"] not in kept
    (ann,) = deployed.join("stock_alerts/AMZN", "ann")
    deployed.eventpost("send", "stock_alerts")
    deployed.settle("stock_alerts")
    assert deployed.mailed() == [ann]
