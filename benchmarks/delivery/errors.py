"""Why a figure could not be had."""


class ToolMissing(Exception):
    """A program that the benchmark needs is not on this machine; the message says which and how to get it."""


class RunWrong(Exception):
    """A run did not do its work: what it took is no figure."""
