"""The `eventpost` command: each subcommand lives in a module of its own, imported when it is called."""

from importlib import import_module

import click

COMMANDS = {
    "bounces": "eventpost_cli.bounces:bounces",
    "demo": "eventpost_cli.demo:demo",
    "events": "eventpost_cli.events:events",
    "explain": "eventpost_cli.explain:explain",
    "keys": "eventpost_cli.keys:keys",
    "local": "eventpost_cli.local.command:local",
    "new-list": "eventpost_cli.new_list:new_list",
    "preview": "eventpost_cli.preview:preview",
    "send": "eventpost_cli.send:send",
    "settle": "eventpost_cli.settle:settle",
    "subscribers": "eventpost_cli.subscribers:subscribers",
    "tasks": "eventpost_cli.tasks:tasks",
    "setup": "eventpost_cli.local.command:setup",
}


class Lazy(click.Group):
    """A group whose commands are imported one at a time, so that each starts as fast as it can."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or nothing."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Lazy)
@click.version_option(package_name="eventpost")
def main() -> None:
    """Raise an event on a list's queue; everyone on that list gets their own mail."""
