"""What AWS says when it does not do as asked, in our own words: by type, and without the request in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from eventpost.errors import Misconfigured, StoreUnavailable

_FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidAddress",
        "KmsAccessDenied",
        "KmsDisabled",
        "KmsInvalidState",
        "KmsNotFound",
        "NoSuchBucket",
        "NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
    }
)
# By SQS's query protocol, whose codes botocore goes by: of the key of a queue.
_NO_KEY = frozenset({"KMS.DisabledException", "KMS.InvalidStateException", "KMS.NotFoundException"})


def bare(code: str) -> str:
    """The code without the service that some put before it, as in `KMS.AccessDeniedException`."""
    return code.rpartition(".")[2]


def error_code(error: ClientError) -> str:
    """AWS's code for this error, such as `ThrottlingException`."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Let AWS's errors out of the block as ours.

    Raises:
        Misconfigured: The resource is not there, or this role may not use it.
        StoreUnavailable: Anything else: throttling, time-outs, outages.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if bare(code) in _FORBIDDEN or code in _NO_KEY:
            msg = f"{service} answered {code} to {error.operation_name}: look at the function's policy and settings"
            raise Misconfigured(msg) from None
        msg = f"{service} answered {code} to {error.operation_name}"
        raise StoreUnavailable(msg) from None
    except BotoCoreError as error:
        msg = f"{service} did not answer: {type(error).__name__}"
        raise StoreUnavailable(msg) from None
