"""The `kehou` command: run the services, look after their messages, read the policies, write the documents.

A command lives in the module that `COMMANDS` names and is imported when it is called, so that reading a policy does
not wait for web server, broker and database drivers.
"""

import warnings
from importlib import import_module

import click

COMMANDS = {
    "up": "suite",
    "run": "roles",
    "migrate": "databases",
    "migration": "databases",
    "provision-sql": "databases",
    "keys": "keys",
    "provision": "provisioning",
    "token": "tokens",
    "policy": "policies",
    "status": "delivery",
    "outbox": "delivery",
    "inbox": "delivery",
    "timeline": "delivery",
    "dead-letters": "dead_letters",
    "docs": "documents",
}
"""Command to the module of this package that defines it, under its own name with `_` for `-`."""


class Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """None for a name that is no command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"shared.cli.{COMMANDS[cmd_name]}"), cmd_name.replace("-", "_"))
        return command


@click.command(cls=Commands)
def kehou() -> None:
    """Kehou 课后: a district's after-school service. Settings come from the environment, prefix KEHOU_."""


def main() -> None:
    """The entry point."""
    # The embedded PostgreSQL's wheel asks for a directory that exists only in a login session, and takes another.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    kehou(prog_name="kehou")
