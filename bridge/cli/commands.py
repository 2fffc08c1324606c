"""Every command's arguments and help; what each does stands in the module of its name."""

import os
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bridge.api.wanted import MOST_LISTED, EventsWanted, EventWanted, ParkedWanted, PinsWanted, PinWanted
from bridge.app import now
from bridge.cli.backing_up import backup, put_back
from bridge.cli.demo import play
from bridge.cli.doctor import doctor
from bridge.cli.flush import flush
from bridge.cli.init import Beginning, find_source, init, list_starters
from bridge.cli.keys import approve_key, list_keys, remove_keys
from bridge.cli.look import list_events, list_pins, show_event, show_pin
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.paths import print_paths
from bridge.cli.refolding import Refolding, read_ago
from bridge.cli.retry import retry
from bridge.cli.send import Sending, report, send
from bridge.cli.serve import serve
from bridge.cli.sources import Asking, show_sources
from bridge.cli.status import show_status
from bridge.cli.testing import Wanted, run_tests
from bridge.cli.trying import Trying, try_mapping
from bridge.cli.validate import validate
from bridge.cli.views import Sight, all_events, all_pins, asked
from bridge.mappings import OutcomeKind
from bridge.mappings.schema import mapping_schema
from bridge.rehearsal import read_header_lines
from bridge.settings import Settings, setting_lines

commands = typer.Typer(
    name="pinbridge",
    help="Turns webhooks into dashboard pins.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Url = Annotated[
    str | None, typer.Option("--url", help="The bridge's address; else PINBRIDGE_URL, else the one running here.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many at most.")]


def _settings() -> Settings:
    return Settings.from_environ(os.environ)


def _sight(url: str | None) -> Sight:
    return Sight(settings=_settings(), environ=os.environ, url=url)


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
    serve(_settings(), os.environ, sandbox=sandbox)


@commands.command("demo")
def demo_command(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do not wait; check that every pin ends as expected.")] = False,
) -> None:
    """Show the main job: sandbox, bridge, and signed sample traffic."""
    sys.exit(0 if play(once=once) else 1)


@commands.command("validate")
def validate_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders of mappings, or single files; else PINBRIDGE_MAPPINGS.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read mappings and sources, and name every mistake."""
    settings = _settings()
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
    settings = _settings()
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
    settings = _settings()
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
    print_paths(payload, word, None if source is None else find_source(source, _settings().mappings), as_json=as_json)


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
    sys.exit(try_mapping(trying, _settings(), os.environ, as_json=as_json))


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
    sys.exit(0 if run_tests(wanted, _settings(), os.environ) else 1)


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
    sys.exit(0 if report(send(sending, _settings(), os.environ, url=url), as_json=as_json) else 1)


@commands.command("doctor")
def doctor_command(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the API.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check all that a bridge needs to run well.

    Settings, mappings, secrets, disk, key, pins and clock, each with what to do. No pin is written.
    """
    sys.exit(0 if doctor(os.environ, offline=offline, as_json=as_json) else 1)


@commands.command("status")
def status_command(*, url: Url = None, as_json: AsJson = False) -> None:
    """Show how the bridge stands: what runs, what waits, what is refused, and what to do.

    Exits with 1 where something wants attention: none runs, its database does not answer, changed mappings or the key
    are refused, or pins are parked.
    """
    status = _sight(url).look(lambda views: views.status())
    sys.exit(0 if show_status(status, as_json=as_json) else 1)


@commands.command("events")
def events_command(
    number: Annotated[int | None, typer.Argument(min=1, help="One event's number, to see it whole.")] = None,
    *,
    source: Annotated[str | None, typer.Option("--source", help="Only events of this source.")] = None,
    mapping: Annotated[
        str | None, typer.Option("--mapping", help="Only events with an outcome of this mapping.")
    ] = None,
    pin: Annotated[str | None, typer.Option("--pin", help="Only events with an outcome for this pin.")] = None,
    outcome: Annotated[OutcomeKind | None, typer.Option("--outcome", help="Only events with this outcome.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only events received since a time, or 2h ago.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Only events received before a time, or 2h ago.")] = None,
    limit: Limit = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what came in, newest first, or one event whole."""
    if number is not None:
        wanted_event = asked(EventWanted, number=number)
        show_event(_sight(url).look(lambda views: views.event(wanted_event)), as_json=as_json)
        return
    narrowed = {"source": source, "mapping": mapping, "pin": pin, "outcome": outcome}
    times = {"since": _instant("--since", since), "until": _instant("--until", until)}
    wanted = asked(EventsWanted, limit=limit, **narrowed, **times)
    events = _sight(url).look(lambda views: all_events(views, wanted))
    empty = "no event fits" if any({**narrowed, **times}.values()) else "no events yet"
    list_events(events, as_json=as_json, now=now(), empty=empty)


def _instant(option: str, text: str | None) -> str | None:
    return None if text is None else read_ago(option, text, now()).isoformat()


@commands.command("pins")
def pins_command(
    pin: Annotated[str | None, typer.Argument(help="One pin, to see its state and its attempts.")] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many attempts at most.")] = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show every pin, how fresh it is and what stands in its way; or one pin with its state and newest attempts."""
    if pin is not None:
        wanted = asked(PinWanted, pin=pin, attempts=limit)
        show_pin(_sight(url).look(lambda views: views.pin(wanted)), as_json=as_json, now=now())
        return
    pins = _sight(url).look(lambda views: all_pins(views.pins, PinsWanted(limit=MOST_LISTED)))
    list_pins(pins, as_json=as_json, now=now(), empty="no pins yet")


@commands.command("parked")
def parked_command(*, url: Url = None, as_json: AsJson = False) -> None:
    """Show the pins that are set aside, each with its reason."""
    pins = _sight(url).look(lambda views: all_pins(views.parked, ParkedWanted(limit=MOST_LISTED)))
    list_pins(pins, as_json=as_json, now=now(), empty="nothing is parked")


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
    moved = retry(_settings(), pins or None, url)
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
        approve_key(_settings(), approve, url, as_json=as_json)
    elif remove:
        remove_keys(_settings(), remove, url, as_json=as_json)
    else:
        list_keys(_sight(url).look(lambda views: views.keys()), as_json=as_json, now=now())


@commands.command("flush")
def flush_command(*, url: Url = None, as_json: AsJson = False) -> None:
    """Let the running bridge send what is due now, and say what is left and why."""
    flush(_settings(), url, as_json=as_json)


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
    refolding = Refolding(settings=_settings(), environ=os.environ, url=url, as_json=as_json)
    sys.exit(0 if refolding.rebuild(mapping, since) else 1)


@commands.command("replay")
def replay_command(
    mapping: Annotated[str | None, typer.Argument(help="Only what this mapping lacks.")] = None,
    *,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Fold the events that failed and are taken now, each once; tell those that still fail."""
    refolding = Refolding(settings=_settings(), environ=os.environ, url=url, as_json=as_json)
    sys.exit(0 if refolding.replay(mapping) else 1)


@commands.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the database while the bridge runs; the copy is whole, checked, and on the disk once this ends."""
    backup(_settings(), file, as_json=as_json)


@commands.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database, which is kept beside; no bridge may run meanwhile."""
    put_back(_settings(), file, now(), as_json=as_json)
