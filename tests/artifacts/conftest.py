"""The build that runs on the local stack, and queues for functions that run beside it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import sam_makefiles
from artifacts import Artifacts
from deployed import Deployed
from eventpost_cli.local import tools
from eventpost_cli.local.stack import LocalStack
from lambda_alone import Function, Start, started
from privacy import WATCH


@pytest.fixture(scope="session")
def artifacts(local_stack: LocalStack) -> Artifacts:
    """What runs on the local stack, as files."""
    build = local_stack.state.build
    firestore = build / "FirestoreLayer" / "python" if local_stack.store == "firestore" else None
    python = tools.python_of("lambda", local_stack.state)
    return Artifacts(build, local_stack.root / "templates", python, firestore)


@pytest.fixture(scope="session")
def firestore_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Python finds of the layer for Firestore, which the local stack does not build where it has no use for it."""
    return sam_makefiles.build("FirestoreLayer", "layers/firestore", tmp_path_factory.mktemp("firestore")) / "python"


@pytest.fixture(scope="session")
def on_firestore(artifacts: Artifacts, firestore_layer: Path) -> Artifacts:
    """The same functions, with the layer of a deployment that has its subscribers in Firestore."""
    return replace(artifacts, firestore=firestore_layer)


@pytest.fixture
def queues(deployed: Deployed) -> Iterator[dict[str, str]]:
    """A queue and dead letters that no deployed function listens on, as a list's function is told of them."""
    names = ("EVENTPOST_QUEUE_URL", "EVENTPOST_DEAD_LETTERS_URL")
    urls = {name: deployed.sqs.create_queue(QueueName=name.lower())["QueueUrl"] for name in names}
    yield urls
    for url in urls.values():
        deployed.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def start_of(deployed: Deployed, queues: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Start]]:
    """Starts functions of a build, with some settings changed; afterwards no log tells of anybody, or of a body."""

    def starting(artifacts: Artifacts, **changed: str) -> Start:
        name = deployed.stack.outputs["SettingsParameter"]
        settings = json.loads(deployed.stack.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

        @contextmanager
        def alone(block: str) -> Iterator[Function]:
            environment = {
                **deployed.stack.environment,
                **queues,
                "EVENTPOST_SETTINGS": json.dumps(settings | changed),
                "EVENTPOST_MAX_RECEIVES": "5",
                "POWERTOOLS_METRICS_NAMESPACE": "eventpost-local",
                "EVENTPOST_LIST": re.sub(r"(?<!^)(?=[A-Z])", "_", block).lower(),  # where it is a list's
                "POWERTOOLS_SERVICE_NAME": block.lower(),
            }
            with started(artifacts.python, artifacts.function(block), environment, tmp_path, block) as function:
                yield function

        return alone

    yield starting
    for log in tmp_path.glob("*.log"):
        WATCH.tell(log.name, log.read_text())


@pytest.fixture
def start(start_of: Callable[..., Start], artifacts: Artifacts) -> Start:
    """Starts one of the functions that run on the local stack."""
    return start_of(artifacts)
