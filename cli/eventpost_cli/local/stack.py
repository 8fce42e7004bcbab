"""The local stack as one thing that can be started, updated, looked at and stopped."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eventpost.settings import StoreName
from eventpost_cli.local import aws, firestore
from eventpost_cli.local.addresses import Addresses
from eventpost_cli.local.inbox import server as inbox_server
from eventpost_cli.local.outputs import read_outputs
from eventpost_cli.local.parameters import configured, of_this_run
from eventpost_cli.local.ports import claim, free_port
from eventpost_cli.local.preparing import prepare
from eventpost_cli.local.sam_cli.sam import STACK_NAME, Sam
from eventpost_cli.local.state import State
from eventpost_cli.local.steps import Silent, Steps
from eventpost_cli.local.surroundings import toward
from eventpost_cli.local.warming import take_first_picture

START_SECONDS = 60
FIRESTORE_LAYERS = ("FirestoreLayer",)


@dataclass(frozen=True)
class Ports:
    """The ports to listen on; 0 takes any free one."""

    aws: int = 0
    smtp: int = 0
    inbox: int = 0

    def claimed(self) -> "Ports":
        """Return the ports as numbers that can be listened on.

        Raises:
            PortTaken: one of them is in use.
        """
        return Ports(
            aws=claim(self.aws, "--port"),
            smtp=claim(self.smtp, "--smtp-port"),
            inbox=claim(self.inbox, "--inbox-port"),
        )


class LocalStack:
    """The embedded AWS with the project deployed on it, and the inbox that its mails arrive in.

    Use it as a context manager; leaving the block stops all processes that it started.

    Attributes:
        store: Where the subscribers are from the next deploy on. Firestore is there if the stack was started with it.
    """

    def __init__(
        self, root: Path, state: State, ports: Ports, browser: Path, store: StoreName, running: ExitStack
    ) -> None:
        self.root = root
        self.state = state
        self.store = store
        self.endpoint = aws.endpoint(ports.aws)
        self.outputs: dict[str, str] = {}
        self._ports = ports
        self._browser = browser
        self._running = running
        self._emulator: firestore.Emulator | None = None
        if store == "firestore":
            self._emulator = firestore.start(state, free_port())
            running.callback(self._emulator.child.stop)
        self._sam = Sam(root, state, self.endpoint, unused=() if self._emulator else FIRESTORE_LAYERS)
        running.callback(self._sam.child.stop)
        self._cloud = aws.start(state, ports.aws)
        running.callback(self._cloud.stop)
        self._mail_server, self.inbox = inbox_server.start(state, smtp_port=ports.smtp, web_port=ports.inbox)
        running.callback(self._mail_server.stop)

    @classmethod
    def start(
        cls,
        root: Path,
        *,
        run: str = "",
        ports: Ports | None = None,
        steps: Steps | None = None,
        store: StoreName = "dynamodb",
    ) -> Self:
        """Return the stack, deployed and warm.

        Args:
            root: the project's folder.
            run: a name that keeps this stack's files apart from those of others of the same project.
            ports: where to listen; any free ports if not given.
            steps: where to announce what is being done.
            store: where the subscribers are; for Firestore its emulator is started.

        Raises:
            LocalStackError: it cannot be started; the message says what to do.
        """
        if store == "firestore":
            firestore.require()
        state, steps = State.of(root, run), steps or Silent()
        with ExitStack() as running:
            running.enter_context(state.held())
            listening = (ports or Ports()).claimed()
            stack = cls(root, state, listening, prepare(state, steps), store, running)
            stack._come_up(steps)
            stack._running = running.pop_all()
        return stack

    def client(self, service: str) -> Any:
        """Return a boto3 client of an AWS service here, with the rights of the account's owner."""
        return aws.client(service, self.endpoint)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead another process's AWS clients here."""
        return toward(self.endpoint)

    @property
    def addresses(self) -> Addresses:
        """How to reach all this."""
        emulator = self._emulator.host if self._emulator else ""
        return Addresses(self.endpoint, self.inbox.url, self._ports.smtp, self.outputs, emulator)

    def sam_update(self, *, build: bool = True) -> None:
        """Build what has changed and deploy it; what runs afterwards is what the files say now.

        Args:
            build: false where only templates have changed, which need no build.

        Raises:
            StepFailed: the build or the deploy failed; what was deployed before still runs.
        """
        if build:
            self._sam.build()
        self._deploy()

    def sam_delete(self) -> None:
        """Delete the deployed stack; the AWS and the inbox stay up."""
        self._sam.delete()
        self.outputs = {}

    def stop(self) -> None:
        """Stop every process that this stack has started."""
        self._running.close()

    def __enter__(self) -> Self:
        """Return the stack, which runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _come_up(self, steps: Steps) -> None:
        """Wait for all at once, since building, starting and importing wait for different things; then deploy."""
        with ThreadPoolExecutor() as pool:
            begun = [pool.submit(_announced, steps, title, work) for title, work in self._beginnings().items()]
            try:
                for done in wait(begun, return_when=FIRST_EXCEPTION).done:
                    done.result()
            except BaseException:
                # The pool waits for its threads, and these for processes: end those first.
                self.stop()
                raise
        _announced(steps, "Deploy (sam deploy)", self._deploy)
        _announced(steps, "First picture", self._warm)
        self.addresses.write(self.state)
        self._running.callback(self.state.addresses.unlink, missing_ok=True)

    def _beginnings(self) -> dict[str, Callable[[], None]]:
        cloud_up = partial(aws.answering, self._ports.aws)
        emulator = {"Firestore emulator": self._emulator.wait_until_up} if self._emulator else {}
        return {
            **emulator,
            "Embedded AWS": lambda: self._cloud.wait_until(cloud_up, seconds=START_SECONDS),
            "Inbox": lambda: self._mail_server.wait_until(self.inbox.answers, seconds=START_SECONDS),
            "Build (sam build)": self._sam.build,
        }

    def _deploy(self) -> None:
        ours = of_this_run(smtp_port=self._ports.smtp, browser=self._browser, link_base_url=f"{self.endpoint}/links")
        stores = self._emulator.parameters(self.store) if self._emulator else {}
        self._sam.deploy(configured(self.root) | ours | stores)
        self._cloud.say("warm")
        self.outputs = read_outputs(self.client("cloudformation"), STACK_NAME)

    def _warm(self) -> None:
        take_first_picture(self.client("lambda"), self.outputs["CaptureFunction"], aws.health(self._ports.aws))


def _announced(steps: Steps, title: str, work: Callable[[], None]) -> None:
    with steps.step(title):
        work()
