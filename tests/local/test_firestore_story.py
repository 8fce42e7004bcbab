"""The demo on Firestore, and a deployment that moves there and back: nobody is lost, and who has left stays away.

That all else is as it is on DynamoDB is shown by the other tests here: `pytest -m local --store firestore`.
"""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import sentinels
from deployed import Deployed
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.settings import StoreName
from eventpost_cli.local.stack import LocalStack
from project_copy import held_copy

ROOT = Path(__file__).parents[2]
EVENTPOST = str(Path(sys.executable).with_name("eventpost"))
LIST = "stock_alerts"
AUDIENCE = f"{LIST}/AMZN"
DEMO_S, MOVE_S = 600, 600  # where nothing has been built yet, a minute and more of it is for the stack

pytestmark = [pytest.mark.local, pytest.mark.heavy]


@pytest.fixture(scope="module")
def working_copy() -> Iterator[Path]:
    """A project in which no stack is up."""
    with held_copy(ROOT, "tests-firestore") as copy:
        yield copy


@pytest.fixture(scope="module")
def local_stack(working_copy: Path) -> Iterator[LocalStack]:
    """A stack that can have its subscribers in either store."""
    with LocalStack.start(working_copy, store="firestore") as stack:
        yield stack


@pytest.mark.timeout(DEMO_S)
def test_the_demo_ends_well_on_firestore(working_copy: Path) -> None:
    """With the figures that it has on DynamoDB, and without a terminal, where it tells each step and does not stay."""
    command = (EVENTPOST, "demo", "--store", "firestore")
    done = subprocess.run(
        command, cwd=working_copy, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Firestore emulator: " in done.stdout
    assert "900 = 180 of 200 subscribers x 5 events" in done.stdout
    assert "0 missing, 0 doubled, 0 wrong" in done.stdout


@pytest.mark.timeout(MOVE_S)
def test_a_deployment_moves_to_firestore_and_back(deployed: Deployed) -> None:
    """As docs/subscribers.md has it: copied while it runs, copied again, deployed, copied once more."""
    old = moved(deployed.stack, "dynamodb")
    old.join(AUDIENCE, "ann", "bob", "cyd", "dan", "eve")
    leaves(old, "bob")
    copied(old, "dynamodb", "firestore")
    old.join(AUDIENCE, "fay")
    leaves(old, "cyd")
    copied(old, "dynamodb", "firestore")
    leaves(old, "dan")  # after the last copy: as said to a function that the deploy has not replaced yet

    new = moved(deployed.stack, "firestore")
    copied(new, "dynamodb", "firestore")

    assert mailed_by_an_event(new) == addresses("ann", "eve", "fay")

    leaves(new, "ann")
    new.join(AUDIENCE, "gus")
    copied(new, "firestore", "dynamodb")

    back = moved(deployed.stack, "dynamodb")
    copied(back, "firestore", "dynamodb")

    assert mailed_by_an_event(back) == addresses("eve", "fay", "gus")
    states = {local: back.state(sentinels.address(local), AUDIENCE) for local in ("ann", "bob", "cyd", "dan")}
    assert set(states.values()) == {"left"}, states


def moved(stack: LocalStack, store: StoreName) -> Deployed:
    """What is deployed, after a deploy with the subscribers in this store."""
    stack.store = store
    stack.sam_update(build=False)
    here = Deployed(stack)
    assert here.deployment.wiring.settings.subscriber_store == store
    return here


def copied(here: Deployed, source: StoreName, target: StoreName) -> None:
    """Run the command that brings everybody from one store to the other."""
    done = here.eventpost("subscribers", "copy", "--from", source, "--to", target)
    assert done.exit_code == 0, done.output
    assert f"All that {source} has is in {target}." in done.output


def leaves(here: Deployed, local: str) -> None:
    """Somebody leaves by the link that each mail to them has."""
    target = LinkTarget(here.id_of(sentinels.address(local)), audience_tag(AUDIENCE))
    link = here.links().url(Purpose.UNSUBSCRIBE, target)
    with urllib.request.urlopen(link, b"List-Unsubscribe=One-Click") as answer:
        assert answer.status == 200
    assert here.state(sentinels.address(local), AUDIENCE) == "left"


def mailed_by_an_event(here: Deployed) -> list[str]:
    """Whom an event that is raised now is mailed to."""
    here.stack.inbox.delete_all()
    sent = here.eventpost("send", LIST, "typical")
    assert sent.exit_code == 0, sent.output
    here.settle(LIST)
    return here.mailed()


def addresses(*locals_: str) -> list[str]:
    """The sentinel addresses of these, as `Deployed.mailed` has them."""
    return sorted(map(sentinels.address, locals_))
