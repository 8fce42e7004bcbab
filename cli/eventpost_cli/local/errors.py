"""What can stop the local stack; each says what to do about it."""

import click


class LocalStackError(click.ClickException):
    """The local stack cannot go on."""


class PortTaken(LocalStackError):
    """Something else listens on the port asked for; choose another by the option named."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"Port {port} is in use. Stop what listens there, or choose another with {option} (0 takes any free one)."
        )


class ToolMissing(LocalStackError):
    """A program that the local stack needs is not on this machine and could not be fetched."""


class StepFailed(LocalStackError):
    """A step ended badly; the end of its log is in the message."""

    def __init__(self, what: str, log_tail: str, advice: str) -> None:
        tail = log_tail.rstrip() or "(its log is empty)"
        super().__init__(f"{what}\n\n{tail}\n\n{advice}")
