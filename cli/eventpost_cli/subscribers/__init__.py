"""`eventpost subscribers`: who is on a list, what is known of a person, and what they may ask of us."""

import click

from eventpost_cli.subscribers.copying import copy
from eventpost_cli.subscribers.erasing import erase
from eventpost_cli.subscribers.exporting import export
from eventpost_cli.subscribers.importing import import_
from eventpost_cli.subscribers.lifting import lift
from eventpost_cli.subscribers.showing import show


@click.group()
def subscribers() -> None:
    """Put people on lists, and tell or erase what is known of them."""


for command in (import_, export, show, erase, lift, copy):
    subscribers.add_command(command)

__all__ = ["subscribers"]
