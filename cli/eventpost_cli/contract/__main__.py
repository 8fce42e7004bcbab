"""Writes the contract with producers: `python -m eventpost_cli.contract`."""

import click

from eventpost_cli.contract import write
from eventpost_cli.project import Project


@click.command()
def contract() -> None:
    """Write the lists' schemas, docs/asyncapi.yaml and docs/events.md from their declarations."""
    for place in write(Project.find()):
        click.echo(f"wrote {place}")


if __name__ == "__main__":
    contract()
