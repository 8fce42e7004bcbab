"""`eventpost tasks`: pages whose screenshots are mailed at a rhythm."""

import click

from eventpost_cli.tasks.adding import add
from eventpost_cli.tasks.changing import pause, remove, resume
from eventpost_cli.tasks.checking import check
from eventpost_cli.tasks.showing import list_, show


@click.group()
def tasks() -> None:
    """Have the screenshot of a page mailed at a rhythm: every 15 minutes, or on weekdays at eight.

    On one machine, `eventpost local --tasks DIR` keeps a folder of tasks going, one file for each: docs/tasks.md.
    """


for command in (add, list_, show, pause, resume, remove, check):
    tasks.add_command(command)

__all__ = ["tasks"]
