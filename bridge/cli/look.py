"""`pinbridge events`, `pins`, `parked`: what came, what each pin shows and how it was sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from textwrap import shorten

from babel.dates import format_timedelta

from bridge.api.shapes import Attempt, Event, Outcome, Pin, WholeEvent, WholePin
from bridge.cli.output import print_json, print_table, stderr, stdout, visible
from bridge.cli.state_lines import state_lines
from bridge.mappings import FAILED
from bridge.store.listing import MOST_BODY_BYTES

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
MOST_MOVES = 3
"""How much of what an event did a row of a listing tells; the event by its number tells all."""

NOT_TAKEN = "no mapping takes it"


def list_events(events: Sequence[Event], *, as_json: bool, now: datetime, empty: str) -> None:
    """Print events, as they are ordered."""
    if as_json:
        print_json([event.model_dump(mode="json") for event in events])
        return
    rows = [
        (str(event.number), ago(event.received_at, now), event.source, event.type, event.id, _verdict(event))
        for event in events
    ]
    print_table(("NUMBER", "RECEIVED", "SOURCE", "TYPE", "ID", "OUTCOME"), rows, empty=empty)


def show_event(event: WholeEvent, *, as_json: bool) -> None:
    """Print one event whole: headers, payload, and each mapping's verdict with its reason."""
    if as_json:
        print_json(event.model_dump(mode="json"))
        return
    headline = " ".join(filter(None, (event.source, event.type, event.id)))
    happened = "it does not say when it happened" if event.at is None else f"happened {_instant(event.at)}"
    stdout.print(f"event {event.number}: {headline}", markup=False)
    stdout.print(f"received {_instant(event.received_at)}, {happened}", markup=False)
    for story in map(_story, event.outcomes) if event.outcomes else (NOT_TAKEN,):
        stdout.print(f"  {story}", markup=False)
    if (more := event.outcomes_in_all - len(event.outcomes)) > 0:
        stdout.print(f"  and {more:,} more")
    stdout.print()
    for name, value in event.headers.items():
        stdout.print(f"{name}: {value}", markup=False)
    stdout.print()
    stdout.print(event.body, markup=False)
    if event.body_bytes > MOST_BODY_BYTES:
        stderr.print(f"these are the first {MOST_BODY_BYTES:,} of its {event.body_bytes:,} bytes", markup=False)


def list_pins(pins: Sequence[Pin], *, as_json: bool, now: datetime, empty: str) -> None:
    """Print pins with their freshness and what stands in their way."""
    if as_json:
        print_json([pin.model_dump(mode="json") for pin in pins])
        return
    rows = [(pin.pin, pin.mapping, _state(pin), _freshness(pin, now), _trouble(pin, now)) for pin in pins]
    print_table(("PIN", "MAPPING", "STATE", "DELIVERED", "TROUBLE"), rows, empty=empty)


def show_pin(pin: WholePin, *, as_json: bool, now: datetime) -> None:
    """Print how one pin stands, what is held of its entries, and its newest attempts, newest first."""
    if as_json:
        print_json(pin.model_dump(mode="json"))
        return
    list_pins([pin], as_json=False, now=now, empty="")
    for line in state_lines(pin.state_of_entries):
        stdout.print(visible(line), markup=False)
    stdout.print()
    rows = [_attempt(attempt, now) for attempt in pin.attempts]
    print_table(("ATTEMPT", "TOOK", "OUTCOME", "REVISION", "ANSWER"), rows, empty="no attempts yet")


def _attempt(attempt: Attempt, now: datetime) -> tuple[str, ...]:
    took_s = (attempt.ended_at - attempt.started_at).total_seconds()
    answer = attempt.message or str(attempt.status or "")
    return ago(attempt.started_at, now), f"{took_s:.1f} s", attempt.outcome, str(attempt.revision), answer


def _verdict(event: Event) -> str:
    told = dict.fromkeys(_move(outcome) for outcome in event.outcomes if outcome.pin or outcome.kind in FAILED)
    if told:
        more = f" and {len(told) - MOST_MOVES:,} more" if len(told) > MOST_MOVES else ""
        return ", ".join(islice(told, MOST_MOVES)) + more
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


def _state(pin: Pin) -> str:
    return STATES[pin.state] + (", stale" if pin.stale_since is not None else "")


def _freshness(pin: Pin, now: datetime) -> str:
    return "never" if pin.delivered_at is None else ago(pin.delivered_at, now)


def _trouble(pin: Pin, now: datetime) -> str:
    if not pin.message:
        return ""
    again = f" (tried again {ago(pin.next_at, now)})" if pin.next_at and pin.next_at > now else ""
    return f"{pin.message}{again}"


def ago(instant: datetime, now: datetime) -> str:
    """Say how long ago something was, or in how long it will be."""
    return format_timedelta(instant - now, add_direction=True, locale="en_US")


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")
