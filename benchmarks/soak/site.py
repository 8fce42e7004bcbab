"""The stack that is tried: built and deployed as ever, but its messages go to our workers and its mails to our sink."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.ledger import LedgerTable
from benchmarks.soak.plan import LIST, Plan
from benchmarks.soak.queues import Queues
from benchmarks.soak.readers import enrol, readers
from benchmarks.soak.sink import LOOPBACK

from eventpost.settings import SETTINGS_VARIABLE
from eventpost_cli.local import tools
from eventpost_cli.local.processes import Child
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.surroundings import bare, toward

BLOCK: Final = "StockAlerts"  # what the list is called in template.yaml
HERE: Final = Path(__file__).parents[2]  # where `benchmarks` is found
SESSION_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Site:
    """What of the deployed stack the run needs.

    Attributes:
        stack: It.
        folder: Where the run keeps its own files.
        queues: The list's.
        queue_arn: Of its queue.
        function: The configuration of its function, from Lambda.
        credentials: A session of the function's own role: what policies refuse there, they refuse here.
        addresses: Everybody on the list, by id.
    """

    stack: LocalStack
    folder: Path
    queues: Queues
    queue_arn: str
    function: Mapping[str, Any] = field(repr=False)
    credentials: Mapping[str, str] = field(repr=False)
    addresses: Mapping[str, str] = field(repr=False)

    @classmethod
    def prepare(cls, stack: LocalStack, folder: Path, plan: Plan) -> "Site":
        """Take the list's queue away from its function, shorten its times, and put everybody on the list."""
        queues = Queues(
            stack.client("sqs"), stack.outputs[f"{BLOCK}.QueueUrl"], stack.outputs[f"{BLOCK}.DeadLettersUrl"]
        )
        queue_arn = _arn(queues)
        function = _take_over(stack.client("lambda"), queue_arn)
        queues.sqs.set_queue_attributes(
            QueueUrl=queues.queue_url, Attributes={"VisibilityTimeout": str(plan.visibility_s)}
        )
        key = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SubscriberIdKeySecret"])
        addresses = readers(plan, key["SecretString"].encode())
        enrol(stack.client("dynamodb"), stack.outputs["SubscribersTable"], addresses)
        return cls(stack, folder, queues, queue_arn, function, _session(stack, function["Role"]), addresses)

    def ledger(self, event_id: str) -> LedgerTable:
        """The ledger's rows of an event."""
        return LedgerTable(self.stack.client("dynamodb"), self.stack.outputs["LedgerTable"], event_id)

    def start_worker(self, orders: Mapping[str, Any], smtp_port: int) -> Child:
        """A worker in the function's place: its package, its layers, its variables, its role, and Lambda's packages."""
        package = self.stack.state.build / BLOCK / "Function"
        layers = (self.stack.state.build / "SharedLayer" / "python", self.stack.root / "templates")
        places = ":".join(map(str, (package, *layers, HERE)))
        told = {
            "queue_url": self.queues.queue_url,
            "queue_arn": self.queue_arn,
            "function_arn": self.function["FunctionArn"],
            **orders,
        }
        return Child(
            orders["name"],
            (
                *(str(tools.python_of("lambda", self.stack.state)), "-P", "-m", "benchmarks.soak.worker"),
                json.dumps(told),
            ),
            log=self.folder / f"{orders['name']}.log",
            env=self._environment(smtp_port) | {"PYTHONPATH": places},
            cwd=package,
        )

    def _environment(self, smtp_port: int) -> dict[str, str]:
        variables = dict(self.function["Environment"]["Variables"])
        settings = json.loads(variables[SETTINGS_VARIABLE])
        settings |= {"smtp_host": LOOPBACK, "smtp_port": smtp_port}
        return {
            **bare(self.stack.state.temporary),
            **variables,
            **toward(self.stack.endpoint),
            **self.credentials,
            SETTINGS_VARIABLE: json.dumps(settings),
            "AWS_LAMBDA_FUNCTION_NAME": self.function["FunctionName"],
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
        }


def folder_of(stack: LocalStack) -> Path:
    """Where the run's own files go; those of the last run are gone."""
    folder = stack.state.own / "soak"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.*"):
        file.unlink()
    return folder


def _arn(queues: Queues) -> str:
    answer = queues.sqs.get_queue_attributes(QueueUrl=queues.queue_url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _take_over(functions: Any, queue_arn: str) -> dict[str, Any]:
    """Disable the event source of the list's function; return the function's configuration."""
    (source,) = functions.list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    configuration: dict[str, Any] = functions.get_function_configuration(FunctionName=source["FunctionArn"])
    return configuration


def _session(stack: LocalStack, role: str) -> dict[str, str]:
    """Credentials of the role, which trusts Lambda alone until we, who own the account, say that it trusts us too."""
    account = role.split(":")[4]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
            for principal in ({"Service": "lambda.amazonaws.com"}, {"AWS": f"arn:aws:iam::{account}:root"})
        ],
    }
    stack.client("iam").update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(trust))
    session = stack.client("sts").assume_role(RoleArn=role, RoleSessionName=LIST, DurationSeconds=SESSION_S)
    given = session["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
