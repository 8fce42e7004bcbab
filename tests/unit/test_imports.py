"""Importing a function costs the import alone: no environment, no network, no client."""

import subprocess
import sys
from pathlib import Path

import pytest

import given

APPS = sorted((given.REPOSITORY / "functions").glob("*/app.py"))
LISTS = [app for app in APPS if "MailList(" in app.read_text(encoding="utf-8")]

# Run in a process of its own: every connection, name look-up, program or file written fails the import.
WATCHED = """
import importlib.util, os, sys

FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system")

def watch(event, arguments):
    if event in FORBIDDEN:
        raise RuntimeError(f"the import did {event}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError("the import wrote a file")

import botocore.client
botocore.client.ClientCreator.create_client = None
sys.dont_write_bytecode = True
sys.addaudithook(watch)
os.environ.clear()
specification = importlib.util.spec_from_file_location("app", sys.argv[1])
app = importlib.util.module_from_spec(specification)
specification.loader.exec_module(app)
assert callable(app.lambda_handler)
assert "PIL" not in sys.modules, "few lists compare pictures"
for others in ("cloudevents", "deprecation", "jsonschema"):
    assert others not in sys.modules, "few events come in an envelope, and only the mail API looks at schemas"
assert not {"cloudevents", "jsonschema"} & sys.modules.keys(), "few events are CloudEvents, and the API checks bodies"
import eventpost.wiring  # as the first event has it
for others in ("consent", "pages", "schedule", "tasks", "wiring.people", "adapters.dynamodb_schedules", "mailapi"):
    assert f"eventpost.{others}" not in sys.modules, f"{others} makes a list's start longer for nothing"
for addressed in ("model.email", "addressees", "compose.email", "deliver.emails", "wiring.direct"):
    needed = addressed == "model.email" and "direct_mail" in sys.argv[1]
    assert needed is (f"eventpost.{addressed}" in sys.modules), f"{addressed} is for addressed lists alone"
"""


@pytest.mark.parametrize("app", LISTS, ids=[app.parent.name for app in LISTS])
def test_a_list_imports_with_an_empty_environment_and_does_nothing(app: Path) -> None:
    """A list's module can be imported anywhere: by tests, by the docs, by Lambda before its first event."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(app)], env={}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_watch_sees_what_it_is_to_see(tmp_path: Path) -> None:
    """A module that connects while it is imported fails the same check."""
    (tmp_path / "app.py").write_text(
        "import socket\nlambda_handler = socket.create_connection(('127.0.0.1', 9), 1)\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path / "app.py")], env={}, capture_output=True, text=True, check=False
    )

    assert "the import did socket." in done.stderr


def test_the_mail_api_starts_without_what_only_some_requests_need() -> None:
    """Its own import is what everybody waits for; who asks what became of something has no use for schemas."""
    code = (
        "import sys, eventpost.runtime.email_api\n"
        "assert not {'boto3', 'jsonschema', 'jinja2', 'cloudevents'} & sys.modules.keys()\n"
        "import eventpost.wiring.mailapi\n"
        "assert not {'jsonschema', 'cloudevents'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
