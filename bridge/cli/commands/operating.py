"""The commands by which a bridge is run: arguments and help; each has its module in `bridge.cli`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.app import now
from bridge.cli.backing_up import backup, put_back
from bridge.cli.commands.options import AsJson, Url, read_settings, sight
from bridge.cli.flush import flush
from bridge.cli.keys import approve_key, list_keys, remove_keys
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.refolding import Refolding
from bridge.cli.retry import retry

commands = typer.Typer(rich_markup_mode=None)


@commands.command("retry")
def retry_command(
    pins: Annotated[
        list[str] | None, typer.Argument(help="Which parked pins; all of them where none is named.")
    ] = None,
    *,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Try parked pins again now."""
    moved = retry(read_settings(), pins or None, url)
    if as_json:
        print_json({"pins": list(moved)})
    elif moved:
        stdout.print(f"tried again now: {', '.join(moved)}", markup=False)
    elif not pins:
        stdout.print("nothing is parked")
    unknown = sorted(set(pins or ()) - set(moved))
    if unknown:
        stderr.print(f"not parked: {', '.join(unknown)}", markup=False)
        sys.exit(1)


@commands.command("keys")
def keys_command(
    *,
    approve: Annotated[
        int | None, typer.Option("--approve", metavar="NUMBER", min=1, help="Let this key count.")
    ] = None,
    remove: Annotated[
        list[int] | None, typer.Option("--remove", metavar="NUMBER", min=1, help="Forget this key; may be repeated.")
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the keys that senders offered over the wire; or approve one, or remove some.

    Nothing that an offered key signs counts before it is approved.
    """
    if approve is not None and remove:
        raise typer.BadParameter("--approve and --remove do not go together")
    if approve is not None:
        approve_key(read_settings(), approve, url, as_json=as_json)
    elif remove:
        remove_keys(read_settings(), remove, url, as_json=as_json)
    else:
        list_keys(sight(url).look(lambda views: views.keys()), as_json=as_json, now=now())


@commands.command("flush")
def flush_command(*, url: Url = None, as_json: AsJson = False) -> None:
    """Let the running bridge send what is due now, and say what is left and why."""
    flush(read_settings(), url, as_json=as_json)


@commands.command("rebuild")
def rebuild_command(
    mapping: Annotated[str, typer.Argument(help="The mapping's name: its file without the suffix.")],
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", help="From when on, as a time or as how long ago; older buckets stay as they are."),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Fold the journal again for one mapping; its pins keep what they show until that is done."""
    refolding = Refolding(settings=read_settings(), environ=os.environ, url=url, as_json=as_json)
    sys.exit(0 if refolding.rebuild(mapping, since) else 1)


@commands.command("replay")
def replay_command(
    mapping: Annotated[str | None, typer.Argument(help="Only what this mapping lacks.")] = None,
    *,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Fold the events that failed and are taken now, each once; tell those that still fail."""
    refolding = Refolding(settings=read_settings(), environ=os.environ, url=url, as_json=as_json)
    sys.exit(0 if refolding.replay(mapping) else 1)


@commands.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the database while the bridge runs; the copy is whole, checked, and on the disk once this ends."""
    backup(read_settings(), file, as_json=as_json)


@commands.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database, which is kept beside; no bridge may run meanwhile."""
    put_back(read_settings(), file, now(), as_json=as_json)
