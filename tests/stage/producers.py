"""The example producers, run as a service in that language would run them: another program, with a role of its own."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.surroundings import cleaned
from npm_packages import installed

ROOT: Final = Path(__file__).parents[2]
PRODUCERS: Final = ROOT / "examples" / "producers"
_PATIENCE_S: Final = 60


def python_command() -> tuple[str, ...]:
    """The producer in Python; its package, boto3, is this interpreter's."""
    return sys.executable, str(PRODUCERS / "python" / "send_event.py")


def node_command() -> tuple[str, ...]:
    """The producer in JavaScript; its packages are installed from the lock, once per lock."""
    place = installed("node-producer", PRODUCERS / "node", "send-event.mjs")
    return "node", str(place / "send-event.mjs")


COMMANDS: Final[Mapping[str, Callable[[], tuple[str, ...]]]] = {"python": python_command, "node": node_command}


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody's service, on the stack's account; what it may do is raise events of one list.

    Attributes:
        queue: The name of that list's queue.
        environment: What leads its AWS clients to the stack, in the service's own role.
    """

    queue: str
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, stack: LocalStack, queue: str) -> "Service":
        """A service with a new role, by the policy that docs/producers.md gives."""
        given = _session(stack, queue)
        keys = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
        return cls(queue, {**cleaned(), **stack.environment, **keys})

    def runs(self, producer: str, event: str, event_id: str, queue: str = "") -> subprocess.CompletedProcess[str]:
        """Have this producer (see `COMMANDS`) raise the event, on the service's own queue if no other is named."""
        return subprocess.run(
            (*COMMANDS[producer](), queue or self.queue, event_id),
            input=event,
            env=dict(self.environment),
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=_PATIENCE_S,
        )


def _session(stack: LocalStack, queue: str) -> Mapping[str, Any]:
    account = stack.client("sts").get_caller_identity()["Account"]
    resource = f"arn:aws:sqs:{stack.environment['AWS_REGION']}:{account}:{queue}"
    name, iam = f"service-{uuid.uuid4().hex[:8]}", stack.client("iam")
    trust = _allowed("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account}:root"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    may_send = _allowed("sqs:GetQueueUrl", "sqs:SendMessage", Resource=resource)
    iam.put_role_policy(RoleName=name, PolicyName="RaiseEvents", PolicyDocument=may_send)
    session: Mapping[str, Any] = stack.client("sts").assume_role(RoleArn=arn, RoleSessionName=name)
    return dict(session["Credentials"])


def _allowed(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": actions, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
