"""Who calls an API that IAM guards, as API Gateway tells it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from eventpost.runtime.problems import UNIDENTIFIED, refusal

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ASSUMED_ROLE: Final = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/([\w+=,.@-]+)/[^/]+")
_OTHERS: Final = re.compile(r"arn:[\w-]+:(?:iam|sts)::\d+:(?:root|(?:user|federated-user)/[\x21-\x7e]+)")


def caller_of(event: Mapping[str, Any]) -> str:
    """The ARN of the role that called, without its session's name, which may be a person's; others' as they are.

    Sessions of one role are one caller: what a service has made, its next instance may change. The path of a role is
    not in what API Gateway tells, so roles of one name in one account are one caller too; IAM allows no two of them.

    Raises:
        Refusal: Nobody is named. API Gateway itself turns such requests away where its route asks for IAM.
    """
    authorizer: Mapping[str, Any] = event.get("requestContext", {}).get("authorizer") or {}
    arn = str((authorizer.get("iam") or {}).get("userArn") or "")
    if assumed := _ASSUMED_ROLE.fullmatch(arn):
        partition, account, role = assumed.groups()
        return f"arn:{partition}:iam::{account}:role/{role}"
    if _OTHERS.fullmatch(arn):
        return arn
    detail = "Sign the request with Signature Version 4, for the service execute-api."
    raise refusal(UNIDENTIFIED, detail, WWW_Authenticate="AWS4-HMAC-SHA256")
