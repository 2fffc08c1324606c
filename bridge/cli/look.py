"""`pinbridge events`, `pins`, `parked`: what came, what each pin shows and how it was sent. Reads, never writes."""

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten

from babel.dates import format_timedelta

from bridge.cli.output import print_json, print_table, stdout, visible
from bridge.cli.state_lines import state_lines
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.mappings import FAILED, Mapping, Outcome
from bridge.spelling import suggest
from bridge.state import PinState, Readings, tell_state
from bridge.store import AttemptRecord, EventRecord, PinRecord, Reader, Snapshot

STATES = {
    "shown": "up to date",
    "due": "due now",
    "resting": "waits",
    "in_flight": "being sent",
    "rebuilding": "rebuilding",
    "parked": "parked",
    "dormant": "not loaded",
}
MOST_REMARK = 60
MOST_MEANT = 5
NOT_TAKEN = "no mapping takes it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The mappings of the folder by which state is read; `problem` says why there are none."""

    mappings: MappingABC[str, Mapping]
    problem: str
    now: datetime


def list_events(events: list[EventRecord], *, as_json: bool, now: datetime, empty: str) -> None:
    """Print events, as they are ordered."""
    if as_json:
        print_json([_summary(event) for event in events])
        return
    rows = [
        (str(event.number), _ago(event.received_at, now), event.source, event.type, event.id, _verdict(event))
        for event in events
    ]
    print_table(("NUMBER", "RECEIVED", "SOURCE", "TYPE", "ID", "OUTCOME"), rows, empty=empty)


def show_event(reader: Reader, number: int, *, as_json: bool) -> None:
    """Print one event whole: headers, payload, and each mapping's verdict with its reason.

    Raises `ConfigurationError` where the journal does not hold it.
    """
    event = reader.event(number)
    if event is None:
        raise ConfigurationError([Problem(file=f"event {number}", message="the journal does not hold it")])
    if as_json:
        print_json(event.to_json())
        return
    headline = " ".join(filter(None, (event.source, event.type, event.id)))
    happened = "it does not say when it happened" if event.at is None else f"happened {_instant(event.at)}"
    stdout.print(f"event {event.number}: {headline}", markup=False)
    stdout.print(f"received {_instant(event.received_at)}, {happened}", markup=False)
    for story in map(_story, event.outcomes) if event.outcomes else (NOT_TAKEN,):
        stdout.print(f"  {story}", markup=False)
    stdout.print()
    for name, value in event.headers.items():
        stdout.print(f"{name}: {value}", markup=False)
    stdout.print()
    stdout.print(event.body.decode("utf-8", "replace"), markup=False)


def list_pins(pins: list[PinRecord], *, as_json: bool, now: datetime, empty: str) -> None:
    """Print pins with their freshness and what stands in their way."""
    if as_json:
        print_json([pin.to_json() for pin in pins])
        return
    rows = [(pin.pin, pin.mapping, _state(pin), _freshness(pin, now), _trouble(pin, now)) for pin in pins]
    print_table(("PIN", "MAPPING", "STATE", "DELIVERED", "TROUBLE"), rows, empty=empty)


def show_pin(reader: Reader, pin: str, loaded: Loaded, *, limit: int, as_json: bool) -> None:
    """Print how one pin stands, what is held of its entries, and its newest attempts, newest first.

    Raises `ConfigurationError` where there is no such pin.
    """
    pins = reader.pins()
    found = next((record for record in pins if record.pin == pin), None)
    if found is None:
        message = f"no mapping shows it, and none ever did{_meant(pin, pins)}"
        raise ConfigurationError([Problem(file=f"pin {pin}", message=message)])
    mapping = loaded.mappings.get(found.mapping)
    state = {} if mapping is None else _state_of(reader, pin, mapping, loaded.now)
    attempts = reader.attempts(pin, limit=limit)
    if as_json:
        told: list[Json] = [attempt.to_json() for attempt in attempts]
        print_json({**found.to_json(), "state_of_entries": {**state}, "attempts": told})
        return
    list_pins([found], as_json=False, now=loaded.now, empty="")
    for line in (f"its state cannot be told: {loaded.problem}",) if loaded.problem else state_lines(state):
        stdout.print(visible(line), markup=False)
    stdout.print()
    rows = [_attempt(attempt, loaded.now) for attempt in attempts]
    print_table(("ATTEMPT", "TOOK", "OUTCOME", "REVISION", "ANSWER"), rows, empty="no attempts yet")


def _meant(name: str, pins: list[PinRecord]) -> str:
    """Say which pin may be meant: those of a mapping that is called so, or the nearest."""
    of_mapping = [record.pin for record in pins if record.mapping == name]
    if of_mapping:
        more = f" and {len(of_mapping) - MOST_MEANT:,} more" if len(of_mapping) > MOST_MEANT else ""
        return f"; the mapping {name} shows {', '.join(of_mapping[:MOST_MEANT])}{more}"
    return suggest(name, [record.pin for record in pins])


def _state_of(reader: Reader, pin: str, mapping: Mapping, now: datetime) -> dict[str, Json]:
    def tell(snapshot: Snapshot, readings: Readings) -> dict[str, Json]:
        return tell_state(PinState(pin=pin, held=snapshot.held, readings=readings), mapping, now)

    return reader.look(lambda look: look.view(pin, {mapping.name: mapping.state}, tell))


def _attempt(attempt: AttemptRecord, now: datetime) -> tuple[str, ...]:
    took_s = (attempt.ended_at - attempt.started_at).total_seconds()
    answer = attempt.message or str(attempt.status or "")
    return _ago(attempt.started_at, now), f"{took_s:.1f} s", attempt.outcome, str(attempt.revision), answer


def _summary(event: EventRecord) -> dict[str, Json]:
    """Give what a listing holds of an event: all but headers, query and body, which are read with one event alone."""
    return {name: value for name, value in event.to_json().items() if name not in {"headers", "query", "body"}}


def _verdict(event: EventRecord) -> str:
    told = dict.fromkeys(_move(outcome) for outcome in event.outcomes if outcome.pin or outcome.kind in FAILED)
    if told:
        return ", ".join(told)
    if not event.outcomes:
        return NOT_TAKEN
    return ", ".join(dict.fromkeys(f"{outcome.kind} {outcome.mapping}".strip() for outcome in event.outcomes[:3]))


def _move(outcome: Outcome) -> str:
    """Name the mapping and its pin, and what else is to be said: that the pin shows something newer, say."""
    said = "" if outcome.kind == "matched" else outcome.kind
    remark = shorten(": ".join(filter(None, (said, outcome.reason))), MOST_REMARK, placeholder=" …")
    name = " → ".join(filter(None, (outcome.mapping, outcome.pin)))
    return f"{name} ({remark})" if remark else name


def _story(outcome: Outcome) -> str:
    name = ".".join(filter(None, (outcome.mapping, outcome.trigger)))
    pin = f" → {outcome.pin}" if outcome.pin else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    return f"{name} {outcome.kind}{pin}{reason}".strip()


def _state(pin: PinRecord) -> str:
    return STATES[pin.state] + (", stale" if pin.stale_since is not None else "")


def _freshness(pin: PinRecord, now: datetime) -> str:
    return "never" if pin.delivered_at is None else _ago(pin.delivered_at, now)


def _trouble(pin: PinRecord, now: datetime) -> str:
    if not pin.message:
        return ""
    again = f" (tried again {_ago(pin.next_at, now)})" if pin.next_at and pin.next_at > now else ""
    return f"{pin.message}{again}"


def _ago(instant: datetime, now: datetime) -> str:
    return format_timedelta(instant - now, add_direction=True, locale="en_US")


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")
