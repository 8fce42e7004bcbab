"""Which of DynamoDB's errors a pause may mend."""

from typing import Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import error_code

# Said of a whole call. The client itself tries again only a few times.
_PASSING_ERRORS: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def raise_unless_passing(error: ClientError) -> None:
    """Raise this error again, unless it is one that a pause may mend."""
    if error_code(error) not in _PASSING_ERRORS:
        raise error
