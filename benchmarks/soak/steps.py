"""Where a worker can be made to die, besides anywhere: right before or right after one of its AWS calls."""

from typing import Final, NamedTuple


class Step(NamedTuple):
    """The moment before a call is made, or after it was answered."""

    when: str
    call: str

    def __str__(self) -> str:
        """Its name in figures: `before_BatchWriteItem`."""
        return f"{self.when}_{self.call}"


HAND_OUT: Final = Step("after", "SendMessageBatch")
"""Slices are on the queue, and the ledger does not know: they will be cut and put there once more."""

STEPS: Final = (
    HAND_OUT,
    Step("before", "TransactWriteItems"),  # nothing is claimed
    Step("after", "TransactWriteItems"),  # claimed, nothing sent
    Step("before", "BatchWriteItem"),  # sent, not recorded
    Step("after", "BatchWriteItem"),
    Step("before", "SendMessage"),  # the rest of a slice is not on the queue again yet
    Step("after", "SendMessage"),  # it is, and the slice that it is of as well
    Step("before", "PutItem"),  # everybody is mailed, the range is not noted as finished
    Step("after", "PutItem"),
    Step("before", "DeleteMessage"),  # all is done, and the message is still there
    Step("after", "Query"),
)


def number(step: Step) -> int:
    """The step as one byte; 0 stands for none."""
    return STEPS.index(step) + 1
