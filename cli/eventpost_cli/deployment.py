"""A deployed stack, as the command line reaches it: its outputs, its settings, its stores."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Concatenate

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from eventpost.settings import SETTINGS_VARIABLE, Settings
from eventpost.wiring.people import PeopleWiring
from eventpost_cli.local.addresses import Addresses
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import toward
from eventpost_cli.project import Project

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class Deployment:
    """The stack of this name, in the account and region that boto3's environment names.

    Every method raises `click.ClickException` where the stack is not there or may not be read.
    """

    stack_name: str

    @cached_property
    def wiring(self) -> PeopleWiring:
        """The deployment's own stores and queues, by the settings its functions have."""
        return PeopleWiring(Settings.load({SETTINGS_VARIABLE: self._settings_text()}))

    def subscriber_id_key(self) -> bytes:
        """The key that turns addresses into subscriber ids."""
        return self.wiring.secrets.text(self._resource("SubscriberIdKey")).encode()

    def queue_url(self, list_name: str) -> str:
        """The queue of this list."""
        return self._queue_url(f"{self.stack_name}-{list_name}")

    def dead_letters_url(self, list_name: str) -> str:
        """The dead letters of this list."""
        return self._queue_url(f"{self.stack_name}-{list_name}-dead-letters")

    def _queue_url(self, name: str) -> str:
        try:
            return boto3.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from None

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of the root stack."""
        try:
            stack = self._cloudformation.describe_stacks(StackName=self.stack_name)["Stacks"][0]
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from None
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    @cached_property
    def _cloudformation(self) -> "CloudFormationClient":
        return boto3.client("cloudformation")

    def _settings_text(self) -> str:
        name = self._resource("Settings")
        try:
            return str(boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from None

    def _resource(self, logical_id: str) -> str:
        try:
            found = self._cloudformation.describe_stack_resource(
                StackName=self.stack_name, LogicalResourceId=logical_id
            )
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from None
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def _unreachable(self, error: Exception) -> click.ClickException:
        where = os.environ.get("AWS_ENDPOINT_URL") or "AWS"
        told = " ".join(str(error).split())
        return click.ClickException(
            f"Stack {self.stack_name} at {where} cannot be read: {told}. "
            "Is it deployed? Name another one with --stack, or say --local for the local stack that is up."
        )


def on_a_deployment[**P](command: Callable[Concatenate[Deployment, P], None]) -> Callable[..., None]:
    """Give a command the options that say which deployment it works on, and that deployment as its first argument."""

    @click.option("--stack", help="The CloudFormation stack to work on, such as eventpost-dev.")
    @click.option("--local", is_flag=True, help="Work on the local stack that is up.")
    @wraps(command)
    def chosen(*args: Any, stack: str | None, local: bool, **kwargs: Any) -> None:
        if local == bool(stack):
            msg = "Say which deployment: --local for the local stack that is up, or --stack with a stack's name."
            raise click.UsageError(msg)
        command(_local_deployment() if local else Deployment(stack or ""), *args, **kwargs)

    return chosen


def _local_deployment() -> Deployment:
    addresses = Addresses.read(State.of(Project.find().root))
    os.environ.update(toward(addresses.endpoint))
    return Deployment(STACK_NAME)
