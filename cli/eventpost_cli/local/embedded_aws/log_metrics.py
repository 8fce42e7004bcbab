"""The figures that functions write into their logs, which CloudWatch reads and ministack does not.

Without them the alarm on trouble with the mail provider would never go off.
"""

# ruff: noqa: SLF001  # what there is to patch is private

from typing import Any

from ministack.services import cloudwatch, lambda_svc

from eventpost_cli.local.embedded_aws.embedded_metrics import points


def install() -> None:
    """Have the metrics in a function's log published, as its log is written."""
    write = lambda_svc._emit_lambda_logs

    def write_and_publish(function: dict[str, Any], request_id: str, log: str, *rest: Any, **options: Any) -> None:
        write(function, request_id, log, *rest, **options)
        for point in points(log):
            cloudwatch.record_metric(point.namespace, point.metric, point.value, point.unit, point.dimensions)

    lambda_svc._emit_lambda_logs = write_and_publish
