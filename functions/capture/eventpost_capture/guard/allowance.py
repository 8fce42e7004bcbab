"""How many bytes one shot may move: a page cannot run up a bill, nor fill the memory with what it loads."""


class AllowanceSpentError(Exception):
    """The shot has moved as many bytes as it may."""


class Allowance:
    """A count of bytes that ends at a limit, both directions together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.spent = 0

    @property
    def exhausted(self) -> bool:
        """Whether nothing may follow."""
        return self.spent >= self._most

    def spend(self, count: int) -> None:
        """Count `count` bytes; raise AllowanceSpentError when they are more than there were left."""
        self.spent += count
        if self.spent > self._most:
            raise AllowanceSpentError
