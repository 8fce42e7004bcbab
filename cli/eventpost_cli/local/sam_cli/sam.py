"""The SAM commands of the local stack: build, deploy, delete."""

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from eventpost_cli.local import tools
from eventpost_cli.local.errors import StepFailed
from eventpost_cli.local.logs import gist
from eventpost_cli.local.parameters import as_overrides
from eventpost_cli.local.processes import Child
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import REGION, SOURCES, cleaned, toward

LAUNCHER = "eventpost_cli.local.sam_cli.launcher"
STACK_NAME = "eventpost-local"
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
# SAM looks every five seconds whether a deploy has ended; here it takes one.
POLL_DELAY = "0.1"


class Sam:
    """SAM CLI for one project and one local endpoint; it takes one command at a time.

    `unused` names layers that no function here is given, which are not built.
    """

    def __init__(self, root: Path, state: State, endpoint: str, unused: Sequence[str] = ()) -> None:
        self._root = root
        self._state = state
        self._turn = threading.Lock()
        python3 = tools.python_of("build", state).parent
        environment = cleaned()
        self._environment = {
            **environment,
            **toward(endpoint),
            "PATH": f"{python3}:{environment.get('PATH', '')}",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": POLL_DELAY,
            "EVENTPOST_CACHE": str(state.shared / "cache"),
            "EVENTPOST_UNUSED_LAYERS": ",".join(unused),
            "CAPTURE_PACK_BROWSER": "no",  # the machine's own takes the screenshots
        }
        self.child = Child(
            "SAM CLI",
            (str(tools.python_of("sam", state)), "-P", "-m", LAUNCHER, str(state.zips), str(state.makefile_builds)),
            log=state.logs / "sam.log",
            env=self._environment | {"PYTHONPATH": str(SOURCES)},
            cwd=root,
            replies=True,
        )

    def build(self) -> None:
        """Build every function and layer that has changed.

        Raises:
            StepFailed: `sam build` failed.
        """
        with self._state.alone("building"):
            self._run(
                "build",
                ("--cached", "--parallel", "--build-dir", str(self._state.build), *self._project()),
                "Mend what it says and start again.",
            )

    def deploy(self, parameters: Mapping[str, str]) -> None:
        """Create the stack or bring it up to what was built.

        Raises:
            StepFailed: `sam deploy` failed.
        """
        self._run(
            "deploy",
            (
                *("--template-file", str(self._state.build / "template.yaml"), *self._project()[2:]),
                *("--stack-name", STACK_NAME, "--region", REGION, "--resolve-s3"),
                *("--capabilities", *CAPABILITIES),
                *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
                *("--parameter-overrides", *as_overrides(parameters)),
            ),
            f"What the embedded AWS said is in {self._state.logs / 'aws.log'}.",
        )

    def delete(self) -> None:
        """Delete the stack.

        Raises:
            StepFailed: `sam delete` failed.
        """
        arguments = (*self._project()[2:], "--stack-name", STACK_NAME, "--region", REGION, "--no-prompts")
        self._run("delete", arguments, f"What the embedded AWS said is in {self._state.logs / 'aws.log'}.")

    def _project(self) -> tuple[str, ...]:
        template, config = self._root / "template.yaml", self._root / "samconfig.toml"
        return "--template-file", str(template), "--config-file", str(config), "--config-env", "local"

    def _run(self, command: str, arguments: Sequence[str], advice: str) -> None:
        log = self._state.logs / f"sam-{command}.log"
        order = {
            "arguments": [command, *arguments],
            "environment": self._environment,
            "folder": str(self._root),
            "log": str(log),
        }
        with self._turn:
            self.child.say(json.dumps(order))
            answer = self.child.reply()
        if answer.strip() != "0":
            raise StepFailed(f"`sam {command}` failed:", gist(log), f"All of it: {log}. {advice}")
