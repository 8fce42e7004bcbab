"""The embedded AWS: ministack in a process of its own, and clients that speak to it."""

from typing import Any

import boto3

from eventpost_cli.local import tools
from eventpost_cli.local.loopback import answers
from eventpost_cli.local.ports import LOOPBACK
from eventpost_cli.local.processes import Child
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import CREDENTIALS, REGION, SOURCES, bare

LAUNCHER = "eventpost_cli.local.embedded_aws.launcher"


def endpoint(port: int) -> str:
    """Return the address of the AWS at a port."""
    return f"http://{LOOPBACK}:{port}"


def start(state: State, port: int) -> Child:
    """Start the embedded AWS; it may not answer yet, see `answering`."""
    settings = {
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        # Calls are refused unless a policy allows them: what the functions may not do on AWS, they may not here.
        "AUTH": "true",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(SOURCES),
        "EVENTPOST_UNPACKED": str(state.unpacked),
        "EVENTPOST_LAMBDA_PYTHON": str(tools.python_of("lambda", state)),
    }
    return Child(
        "The embedded AWS",
        (str(tools.python_of("ministack", state)), "-P", "-m", LAUNCHER),
        log=state.logs / "aws.log",
        env=bare(state.temporary) | settings,
        cwd=state.temporary,
    )


def health(port: int) -> str:
    """Return a page that the AWS at the port answers once it is up."""
    return f"{endpoint(port)}/_ministack/health"


def answering(port: int) -> bool:
    """Tell whether the AWS at the port is up."""
    return answers(health(port))


def client(service: str, url: str) -> Any:
    """Return a boto3 client of a service at the local endpoint, as the account's root."""
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return session.client(service, endpoint_url=url)  # type: ignore[call-overload]  # any service's name
