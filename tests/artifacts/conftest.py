"""The build that runs on the local stack, and queues for functions that run beside it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from artifacts import Artifacts
from deployed import Deployed
from eventpost_cli.local import tools
from eventpost_cli.local.stack import LocalStack
from lambda_alone import Function, Start, started
from privacy import WATCH


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


@pytest.fixture
def start(artifacts: Artifacts, deployed: Deployed, queues: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts one of the functions; afterwards no log of it tells of anybody, or of a body."""
    name = deployed.stack.outputs["SettingsParameter"]
    settings = deployed.stack.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]

    @contextmanager
    def alone(block: str) -> Iterator[Function]:
        environment = {
            **deployed.stack.environment,
            **queues,
            "EVENTPOST_SETTINGS": settings,
            "EVENTPOST_MAX_RECEIVES": "5",
            "POWERTOOLS_METRICS_NAMESPACE": "eventpost-local",
            "EVENTPOST_LIST": re.sub(r"(?<!^)(?=[A-Z])", "_", block).lower(),  # where it is a list's
            "POWERTOOLS_SERVICE_NAME": block.lower(),
        }
        with started(artifacts.python, artifacts.function(block), environment, tmp_path, block) as function:
            yield function

    yield alone
    for log in tmp_path.glob("*.log"):
        WATCH.tell(log.name, log.read_text())
