"""The commands of those who write mappings: arguments and help; each has its module in `bridge.cli`."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.commands.options import AsJson, read_settings
from bridge.cli.init import Beginning, find_source, init, list_starters
from bridge.cli.output import print_json
from bridge.cli.paths import print_paths
from bridge.cli.send import Sending, report, send
from bridge.cli.sources import Asking, show_sources
from bridge.cli.testing import Wanted, run_tests
from bridge.cli.trying import Trying, try_mapping
from bridge.cli.validate import validate
from bridge.mappings.schema import mapping_schema
from bridge.rehearsal import read_header_lines

commands = typer.Typer(rich_markup_mode=None)


@commands.command("validate")
def validate_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders of mappings, or single files; else PINBRIDGE_MAPPINGS.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read mappings and sources, and name every mistake."""
    settings = read_settings()
    sys.exit(validate(paths or [settings.mappings], settings, os.environ, as_json=as_json))


@commands.command("init")
def init_command(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources such as stripe; without one, what there is is listed.")
    ] = None,
    *,
    mapping: Annotated[
        list[str] | None, typer.Option("--mapping", "-m", help="Only this ready mapping; may come several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write ready mappings with samples.

    On a terminal it asks which of several; elsewhere, and with --json, it writes all of the sources', or those that
    --mapping names. They go into the folder of mappings, over nothing that is there; the lines still to do are printed.
    """
    settings = read_settings()
    if not sources:
        if mapping:
            raise typer.BadParameter("name the source that it is of as well", param_hint="--mapping")
        list_starters(settings.mappings, as_json=as_json)
        return
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    beginning = Beginning(
        sources=sources,
        mappings=mapping or (),
        ask=partial(typer.prompt, default="", show_default=False) if asks else None,
        folder=settings.mappings,
        public_url=settings.public_url,
    )
    init(beginning, as_json=as_json)


@commands.command("sources")
def sources_command(
    word: Annotated[str | None, typer.Argument(help="A source to explain, or a word to search by.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List who can send, search, or explain one: address, secret, what to click, how it is verified."""
    settings = read_settings()
    asking = Asking(folder=settings.mappings, public_url=settings.public_url)
    sys.exit(0 if show_sources(word, asking, as_json=as_json) else 1)


@commands.command("paths")
def paths_command(
    payload: Annotated[
        Path, typer.Argument(help="A file with the body, a form where it ends in .form; - reads standard input.")
    ],
    word: Annotated[str, typer.Argument(help="Only paths and values that hold this word.")] = "",
    *,
    source: Annotated[
        str | None, typer.Option("--source", help="Show what a mapping sees of it by this source.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every JSONPath in a payload with its value, ready to paste."""
    found = None if source is None else find_source(source, read_settings().mappings)
    print_paths(payload, word, found, as_json=as_json)


@commands.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the mapping language, by which editors complete and check."""
    print_json(mapping_schema())


@commands.command("try")
def try_command(
    mapping: Annotated[str, typer.Argument(help="A mapping's file, or its name in the folder of mappings.")],
    payloads: Annotated[list[Path], typer.Argument(help="Files with bodies, in order; - reads standard input.")],
    *,
    source: Annotated[str | None, typer.Option("--source", help="The source that the payloads are of.")] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header of every payload, 'X-GitHub-Event: push'.")
    ] = None,
    pin: Annotated[str | None, typer.Option("--pin", help="Of a family of pins, the one to show.")] = None,
    at: Annotated[
        str | None, typer.Option("--now", help="When the pins are drawn; else with the newest payload.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a mapping makes of payloads.

    Step by step: conditions, variables, the pin as it would look, and the request. Nothing is sent.
    """
    trying = Trying(
        mapping=mapping, payloads=payloads, headers=read_header_lines(header or []), source=source, pin=pin, now=at
    )
    sys.exit(try_mapping(trying, read_settings(), os.environ, as_json=as_json))


@commands.command("test")
def run_tests_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders of mappings, or single files; else PINBRIDGE_MAPPINGS.")
    ] = None,
    *,
    text: Annotated[
        str, typer.Option("-k", help="Only tests with this text in the name of theirs or the mapping.")
    ] = "",
    update: Annotated[bool, typer.Option("--update", help="Write what came into the files, as expected.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file, for CI.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests of mappings, without network or database."""
    wanted = Wanted(paths=paths or (), text=text, updates=update, junit=junit, as_json=as_json)
    sys.exit(0 if run_tests(wanted, read_settings(), os.environ) else 1)


@commands.command("send")
def send_command(
    source: Annotated[str, typer.Argument(help="The source to speak for, such as stripe.")],
    payload: Annotated[
        Path, typer.Argument(help="A file with the body, a form where it ends in .form; - reads standard input.")
    ],
    *,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header to add, such as 'X-GitHub-Event: push'.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Give it a new id and the present time, where the source has them.")
    ] = False,
    url: Annotated[str | None, typer.Option("--url", help="The bridge's address; else the one running here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign a payload as its source would, and post it."""
    sending = Sending(source=source, payload=payload, headers=read_header_lines(header or []), fresh=fresh)
    sys.exit(0 if report(send(sending, read_settings(), os.environ, url=url), as_json=as_json) else 1)
