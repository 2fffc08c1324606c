"""Every command's arguments and help; what each does stands in a module of `bridge.cli`.

They are grouped by who calls them; `--help` lists them in this order.
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bridge.cli.commands import authoring, looking, operating
from bridge.cli.commands.options import read_settings
from bridge.cli.demo import play
from bridge.cli.output import stdout
from bridge.cli.serve import serve
from bridge.settings import setting_lines

__all__ = ["commands"]

commands = typer.Typer(
    name="pinbridge",
    help="Turns webhooks into dashboard pins.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer hands the option over by position
    if wanted:
        stdout.print(f"pinbridge {version('pinbridge')}")
        raise typer.Exit


@commands.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn webhooks into dashboard pins."""


@commands.command("serve", epilog="\b\nEnvironment:\n" + "\n".join(setting_lines()))
def serve_command(
    *,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Send pins to a sandbox, drawn at /sandbox/; needs no API key.")
    ] = False,
) -> None:
    """Take webhooks and keep pins up to date, until told to end."""
    serve(read_settings(), os.environ, sandbox=sandbox)


@commands.command("demo")
def demo_command(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do not wait; check that every pin ends as expected.")] = False,
) -> None:
    """Show the main job: sandbox, bridge, and signed sample traffic."""
    sys.exit(0 if play(once=once) else 1)


for _group in (authoring, looking, operating):
    commands.add_typer(_group.commands)
