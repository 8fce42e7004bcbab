"""How to reach a running local stack: kept in a file for the commands that talk to it, shown on a screen for people."""

import json
from dataclasses import asdict, dataclass

from rich.table import Table

from eventpost_cli.local.errors import LocalStackError
from eventpost_cli.local.state import State


@dataclass(frozen=True)
class Addresses:
    """The endpoint of the AWS, the inbox's page, and what the deployed stack says about itself."""

    endpoint: str
    inbox: str
    smtp_port: int
    outputs: dict[str, str]

    def write(self, state: State) -> None:
        """Leave the addresses where `read` finds them."""
        state.addresses.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, state: State) -> "Addresses":
        """Return the addresses of the stack that runs.

        Raises:
            LocalStackError: none does.
        """
        try:
            return cls(**json.loads(state.addresses.read_text()))
        except FileNotFoundError as error:
            raise LocalStackError("No local stack is up. Start one in another terminal: eventpost local") from error

    def queues(self) -> dict[str, str]:
        """Return the queue of each list by the list's name, as the queue's own name ends with it."""
        found = (url for name, url in self.outputs.items() if name.endswith(".QueueUrl"))
        return {_list_of(url): url for url in found}

    def screen(self, state: State) -> Table:
        """Return what someone who works with the stack wants before their eyes."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        table.add_row("Inbox", self.inbox)
        table.add_row("AWS", f"{self.endpoint}  (AWS_ENDPOINT_URL; key and secret are both `test`)")
        for name, url in self.queues().items():
            table.add_row(f"Queue of {name}", url)
        table.add_row("Raise an event", "eventpost send dcf_engine_results")
        table.add_row("Logs", f"tail -f {state.logs}/*.log")
        table.add_row("Stop", "Ctrl-C")
        return table


def _list_of(queue_url: str) -> str:
    """Return the list whose queue this is: `eventpost-local-stock_alerts` is that of stock_alerts."""
    return queue_url.rsplit("/", 1)[-1].rsplit("-", 1)[-1]
