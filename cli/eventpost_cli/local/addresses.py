"""How to reach a running local stack: kept in a file for the commands that talk to it, shown on a screen for people."""

import json
from dataclasses import asdict, dataclass

from rich.text import Text

from eventpost_cli.local.errors import LocalStackError
from eventpost_cli.local.firestore import PROJECT
from eventpost_cli.local.loopback import answers
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import CREDENTIALS, REGION


@dataclass(frozen=True)
class Addresses:
    """The endpoint of the AWS, the inbox's page, and what the deployed stack says about itself."""

    endpoint: str
    inbox: str
    smtp_port: int
    outputs: dict[str, str]
    firestore: str = ""  # host:port of its emulator, where there is one

    def write(self, state: State) -> None:
        """Leave the addresses where `read` finds them."""
        state.addresses.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, state: State) -> "Addresses":
        """Return the addresses of the stack that is up: `eventpost local`'s, or else that of another run.

        Raises:
            LocalStackError: none is.
        """
        for file in (state.addresses, *sorted(state.shared.glob("runs/*/running.json"))):
            if file.exists():
                addresses = cls(**json.loads(file.read_text()))
                # One that was killed leaves its file behind.
                if answers(f"{addresses.inbox}/api/healthz"):
                    return addresses
        raise LocalStackError("No local stack is up. Start one in another terminal: eventpost local")

    @property
    def schedules_api(self) -> str:
        """Where the schedules' API is here; on AWS it has a host name of its own."""
        return f"{self.endpoint}/schedules-api"

    @property
    def email_api(self) -> str:
        """Where the mail API is here."""
        return f"{self.endpoint}/email-api"

    def queues(self) -> dict[str, str]:
        """Return the queue of each list by the list's name, as the queue's own name ends with it."""
        found = (url for name, url in self.outputs.items() if name.endswith(".QueueUrl"))
        return {_list_of(url): url for url in found}

    def screen(self, state: State) -> Text:
        """Return what someone who works with the stack wants before their eyes; print it with `soft_wrap`."""
        exports = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.endpoint}
        rows = [
            ("Inbox", self.inbox),
            ("AWS", self.endpoint),
            ("Pages", f"{self.outputs['PreferencesUrl']}/join"),
            ("Schedules", f"{self.schedules_api}/schedules"),
            ("Mail API", self.email_api),
            *((f"Queue of {name}", url) for name, url in self.queues().items()),
            *self._of_firestore(),
            ("Subscribers", "uv run eventpost subscribers import examples/dcf_engine/subscribers.csv --local"),
            ("Raise an event", "uv run eventpost send stock_alerts typical --local"),
            ("Your service", "export " + " ".join(f"{name}={value}" for name, value in exports.items())),
            ("Functions say", f"tail -f {state.logs / 'aws.log'}"),
            ("Stop", "Ctrl-C"),
        ]
        width = max(len(title) for title, _ in rows) + 2
        return Text("\n").join(Text.assemble((title.ljust(width), "bold"), value) for title, value in rows)

    def _of_firestore(self) -> list[tuple[str, str]]:
        """Return what leads Google's own libraries to the emulator, where there is one."""
        exports = f"export FIRESTORE_EMULATOR_HOST={self.firestore} GOOGLE_CLOUD_PROJECT={PROJECT}"
        return [("Firestore", exports)] if self.firestore else []


def _list_of(queue_url: str) -> str:
    """Return the list whose queue this is: `eventpost-local-stock_alerts` is that of stock_alerts."""
    return queue_url.rsplit("/", 1)[-1].rsplit("-", 1)[-1]
