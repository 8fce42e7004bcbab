"""The build that runs on the local stack, and queues for functions that run beside it."""

from collections.abc import Iterator

import pytest

from artifacts import Artifacts
from deployed import Deployed
from eventpost_cli.local import tools
from eventpost_cli.local.stack import LocalStack


@pytest.fixture(scope="session")
def artifacts(local_stack: LocalStack) -> Artifacts:
    """What runs on the local stack, as files."""
    python = tools.python_of("lambda", local_stack.state)
    return Artifacts(local_stack.state.build, local_stack.root / "templates", python)


@pytest.fixture
def queues(deployed: Deployed) -> Iterator[dict[str, str]]:
    """A queue and dead letters that no deployed function listens on, as a list's function is told of them."""
    names = ("EVENTPOST_QUEUE_URL", "EVENTPOST_DEAD_LETTERS_URL")
    urls = {name: deployed.sqs.create_queue(QueueName=name.lower())["QueueUrl"] for name in names}
    yield urls
    for url in urls.values():
        deployed.sqs.delete_queue(QueueUrl=url)
