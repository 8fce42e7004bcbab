"""A built function on its own, as Lambda runs it: a fresh Python, the runtime's own packages, and nothing of ours.

The embedded AWS could hide a package that a function forgot to bring; this cannot.
"""

import json
import os
import queue
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from threading import Thread
from typing import Any, Final

from deployed import Deployed, wait_until
from eventpost_cli.local.family import family
from eventpost_cli.local.processes import Child

PATIENCE_S: Final = 60
# Lambda's client of the Runtime API, and what it imports.
RUNTIME: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")


class RuntimeApi(ThreadingHTTPServer):
    """The side of Lambda that a runtime talks to: hands out invocations and takes their answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting: queue.Queue[tuple[bytes, float]] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The runtime asks for the next invocation."""
        event, deadline = self.server.waiting.get()
        self.send_response(HTTPStatus.OK)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:alone",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            "Content-Type": "application/json",
            "Content-Length": str(len(event)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        """The runtime has an answer (`response`), or the function failed (`error`)."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self.server.answers.put((self.path.rpartition("/")[2], told))
        self.send_response(HTTPStatus.ACCEPTED)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function's process, waiting for its next invocation."""

    api: RuntimeApi
    process: Child

    def begin(self, event: Mapping[str, Any], seconds: float = PATIENCE_S) -> None:
        """Invoke the function with this event and so many seconds to go, and wait for nothing."""
        self.api.waiting.put((json.dumps(event).encode(), time.time() + seconds))

    def invoke(self, event: Mapping[str, Any], seconds: float = PATIENCE_S) -> Any:
        """What the function answers; fails the test when it raises, cannot start, or says nothing."""
        self.begin(event, seconds)
        wait_until(lambda: not self.api.answers.empty() or not self.process.alive())
        assert self.process.alive(), f"the function's process has ended:\n{self.process.log.read_text()}"
        kind, answer = self.api.answers.get()
        assert kind == "response", f"{answer}\n{self.process.log.read_text()}"
        return answer


type Start = Callable[[str], AbstractContextManager[Function]]
"""Starts the function of this logical id."""


@contextmanager
def started(
    python: Path, places: Sequence[Path], environment: Mapping[str, str], folder: Path, name: str = "function"
) -> Iterator[Function]:
    """A process of this interpreter that runs `app.lambda_handler`, found in these places before all others.

    Args:
        python: An interpreter whose environment holds what Lambda's runtime brings.
        places: The unpacked artifact, then its layers.
        environment: The function's variables; nothing else is inherited.
        folder: Where it may write, with its log.
        name: What the log is called.
    """
    api = RuntimeApi()
    Thread(target=api.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    process = Child(
        name,
        (str(python), "-P", "-m", "awslambdaric", "app.lambda_handler"),
        log=folder / f"{name}.log",
        cwd=places[0],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "LAMBDA_TASK_ROOT": str(places[0]),
            "PYTHONPATH": ":".join(map(str, [*places, runtime(folder)])),
            "PYTHONDONTWRITEBYTECODE": "1",  # in Lambda nothing can be written there either
            **environment,
        },
    )
    try:
        yield Function(api, process)
    finally:
        _end(process)
        api.shutdown()
        api.server_close()


def _end(process: Child) -> None:
    """Kill the process, which would wait for its next invocation for good, and what it has started: a browser, say."""
    relatives = family(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.stop()
    for relative in relatives:
        if relative.alive():
            os.kill(relative.pid, signal.SIGKILL)


def runtime(folder: Path) -> Path:
    """A folder that holds Lambda's runtime client and no other package of this environment."""
    place = folder / "runtime"
    place.mkdir(exist_ok=True)
    for name in RUNTIME:
        for file in distribution(name).files or []:
            link = place / file.parts[0]
            if not link.exists():
                link.symlink_to(Path(str(distribution(name).locate_file(file.parts[0]))))
    return place


def received(deployed: Deployed, queue_url: str) -> dict[str, Any]:
    """The message that waits on the queue, as Lambda hands it to a function."""
    answer = deployed.sqs.receive_message(
        QueueUrl=queue_url,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
        WaitTimeSeconds=0,
        VisibilityTimeout=600,
    )
    (message,) = answer["Messages"]
    attributes = message.get("MessageAttributes", {}).items()
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": "String"} for name, value in attributes
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:alone",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def a_message(deployed: Deployed, queues: Mapping[str, str], body: str) -> dict[str, Any]:
    """A batch of one message that was sent just now."""
    deployed.sqs.send_message(QueueUrl=queues["EVENTPOST_QUEUE_URL"], MessageBody=body)
    return received(deployed, queues["EVENTPOST_QUEUE_URL"])
