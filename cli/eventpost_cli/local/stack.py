"""The local stack as one thing that can be started, updated, looked at and stopped."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eventpost_cli.local import aws
from eventpost_cli.local.addresses import Addresses
from eventpost_cli.local.inbox import server as inbox_server
from eventpost_cli.local.outputs import read_outputs
from eventpost_cli.local.parameters import configured, of_this_run
from eventpost_cli.local.ports import claim
from eventpost_cli.local.preparing import prepare
from eventpost_cli.local.processes import Child
from eventpost_cli.local.sam_cli.sam import STACK_NAME, Sam
from eventpost_cli.local.state import State
from eventpost_cli.local.steps import Silent, Steps
from eventpost_cli.local.surroundings import toward

START_SECONDS = 60


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
    """

    def __init__(self, root: Path, state: State, ports: Ports, steps: Steps) -> None:
        self.root = root
        self.state = state
        self._steps = steps
        self._ports = ports
        self._browser = Path()
        self._running = ExitStack()
        self.endpoint = aws.endpoint(ports.aws)
        self.outputs: dict[str, str] = {}

    @classmethod
    def start(cls, root: Path, *, run: str = "", ports: Ports | None = None, steps: Steps | None = None) -> Self:
        """Return the stack, deployed and warm.

        Args:
            root: the project's folder.
            run: a name that keeps this stack's files apart from those of others of the same project.
            ports: where to listen; any free ports if not given.
            steps: where to announce what is being done.

        Raises:
            LocalStackError: it cannot be started; the message says what to do.
        """
        state = State.of(root, run)
        stack = cls(root, state, (ports or Ports()).claimed(), steps or Silent())
        stack._running.enter_context(state.held())
        try:
            stack._bring_up()
        except BaseException:
            stack.stop()
            raise
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
        return Addresses(self.endpoint, self.inbox.url, self._ports.smtp, self.outputs)

    def sam_update(self) -> None:
        """Build what has changed and deploy it; what runs afterwards is what the files say now.

        Raises:
            StepFailed: the build or the deploy failed; what was deployed before still runs.
        """
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

    def _bring_up(self) -> None:
        """Start everything at once, for building, starting and importing wait for different things."""
        self._browser = prepare(self.state, self._steps)
        self._sam = Sam(self.root, self.state, self.endpoint)
        self._running.callback(self._sam.child.stop, grace_seconds=0)
        with ThreadPoolExecutor() as pool:
            begun = [pool.submit(self._announced, title, work) for title, work in self._beginnings()]
            try:
                for done in wait(begun, return_when=FIRST_EXCEPTION).done:
                    done.result()
            except BaseException:
                # The pool waits for its threads, and these for processes: end those first.
                self.stop()
                raise
        self._announced("Deploy (sam deploy)", self._deploy)
        self.addresses.write(self.state)
        self._running.callback(self.state.addresses.unlink, missing_ok=True)

    def _beginnings(self) -> list[tuple[str, Callable[[], None]]]:
        cloud = aws.start(self.state, self._ports.aws)
        self._keep(cloud)
        inbox, self.inbox = inbox_server.start(self.state, smtp_port=self._ports.smtp, web_port=self._ports.inbox)
        self._keep(inbox)
        self._cloud = cloud
        return [
            ("Embedded AWS", lambda: cloud.wait_until(lambda: aws.answering(self._ports.aws), seconds=START_SECONDS)),
            ("Inbox", lambda: inbox.wait_until(self.inbox.answers, seconds=START_SECONDS)),
            ("Build (sam build)", self._sam.build),
        ]

    def _deploy(self) -> None:
        ours = of_this_run(smtp_port=self._ports.smtp, browser=self._browser, link_base_url=f"{self.endpoint}/links")
        self._sam.deploy(configured(self.root) | ours)
        self._cloud.say("warm")
        self.outputs = read_outputs(self.client("cloudformation"), STACK_NAME)

    def _announced(self, title: str, work: Callable[[], None]) -> None:
        with self._steps.step(title):
            work()

    def _keep(self, child: Child) -> None:
        self._running.callback(child.stop)
