"""The commands that look at a bridge and change nothing: arguments and help; each has its module in `bridge.cli`."""

import os
import sys
from typing import Annotated

import typer

from bridge.api.wanted import MOST_LISTED, EventsWanted, EventWanted, ParkedWanted, PinsWanted, PinWanted
from bridge.app import now
from bridge.cli.commands.options import AsJson, Limit, Url, sight
from bridge.cli.doctor import doctor
from bridge.cli.look import list_events, list_pins, show_event, show_pin
from bridge.cli.refolding import read_ago
from bridge.cli.status import show_status
from bridge.cli.views import all_events, all_pins, asked
from bridge.mappings import OutcomeKind

commands = typer.Typer(rich_markup_mode=None)


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
    status = sight(url).look(lambda views: views.status())
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
        show_event(sight(url).look(lambda views: views.event(wanted_event)), as_json=as_json)
        return
    narrowed = {"source": source, "mapping": mapping, "pin": pin, "outcome": outcome}
    times = {"since": _instant("--since", since), "until": _instant("--until", until)}
    wanted = asked(EventsWanted, limit=limit, **narrowed, **times)
    events = sight(url).look(lambda views: all_events(views, wanted))
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
        show_pin(sight(url).look(lambda views: views.pin(wanted)), as_json=as_json, now=now())
        return
    pins = sight(url).look(lambda views: all_pins(views.pins, PinsWanted(limit=MOST_LISTED)))
    list_pins(pins, as_json=as_json, now=now(), empty="no pins yet")


@commands.command("parked")
def parked_command(*, url: Url = None, as_json: AsJson = False) -> None:
    """Show the pins that are set aside, each with its reason."""
    pins = sight(url).look(lambda views: all_pins(views.parked, ParkedWanted(limit=MOST_LISTED)))
    list_pins(pins, as_json=as_json, now=now(), empty="nothing is parked")
