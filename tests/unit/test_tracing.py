"""Tracing without an SDK: boto3 itself hands the trace on to whatever a function calls."""

from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from awslambdaric.bootstrap import update_xray_env_variable
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("lambda", "invoke", {"FunctionName": "capture", "Payload": b"{}"}),
    ("sqs", "send_message", {"QueueUrl": "https://queue.example.com/1/q", "MessageBody": "{}"}),
]


@pytest.fixture
def in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment in which Lambda's runtime has begun an invocation that is traced."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "price_moves")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "of an invocation before this one")
    update_xray_env_variable(TRACE)


def headers_of(service: str, call: str, arguments: dict[str, Any]) -> dict[str, str]:
    """The headers with which boto3 would make this call; nothing is sent."""
    sent: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, _Body())

    credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "region_name": "eu-west-1"}
    client: Any = boto3.client(service, **credentials)  # type: ignore[call-overload]
    client.meta.events.register("before-send", answer)
    getattr(client, call)(**arguments)
    return {name: str(value, "ascii") if isinstance(value, bytes) else value for name, value in sent[0].headers.items()}


class _Body:
    """An empty JSON object as urllib3 hands out bodies."""

    def stream(self, **_: Any) -> list[bytes]:
        """All of it."""
        return [b"{}"]


@pytest.mark.usefixtures("in_lambda")
@pytest.mark.parametrize(("service", "call", "arguments"), CALLS, ids=["capture", "slice"])
def test_calls_carry_the_trace(service: str, call: str, arguments: dict[str, Any]) -> None:
    """A capture joins the event's trace, and what is put on a queue is linked to it (X-Ray's guide, "SQS")."""
    assert headers_of(service, call, arguments)["X-Amzn-Trace-Id"] == TRACE


def test_elsewhere_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a laptop there is no trace to be part of."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)

    assert "X-Amzn-Trace-Id" not in headers_of(*CALLS[0])


@pytest.mark.usefixtures("in_lambda")
def test_log_lines_name_their_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """From a line of the log to the picture of where the time went."""
    Logger(service="traced", level="INFO").info(
        "event delivered"
    )  # a logger of its own: they live on, with their stream

    assert '"xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793"' in capsys.readouterr().out
