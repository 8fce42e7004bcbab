"""Every AWS call that this process makes, kept with its parameters and its answer, to be priced afterwards."""

from typing import Any

import boto3
from benchmarks.delivery.usage import Call


class Recorder:
    """Notes the calls of all clients that are made of boto3's default session from now on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        boto3.setup_default_session()
        assert boto3.DEFAULT_SESSION is not None, "it has just been made"
        events = boto3.DEFAULT_SESSION.events
        events.register("before-parameter-build", self._asked)
        events.register("after-call", self._answered)

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["benchmark_parameters"] = params

    def _answered(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        service = model.service_model.service_name
        self.calls.append(Call(service, model.name, context["benchmark_parameters"], parsed))
