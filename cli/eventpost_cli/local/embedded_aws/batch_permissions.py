"""Batches of SQS calls, which a policy allows by the name of the single call.

ministack asks for `sqs:SendMessageBatch`, an action that AWS does not know: there `sqs:SendMessage` is enough
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html).
"""

from typing import Any

from ministack.core import iam_actions

SUFFIX = "Batch"


def install() -> None:
    """Have policies asked for the action that a batch consists of."""
    action_of = iam_actions.extract_iam_action

    def single_action_of(service: str, *args: Any, **kwargs: Any) -> str | None:
        action: str | None = action_of(service, *args, **kwargs)
        return action.removesuffix(SUFFIX) if action and service == "sqs" else action

    iam_actions.extract_iam_action = single_action_of
