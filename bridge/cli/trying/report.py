"""Tells people what came of a trial: payload by payload, trigger by trigger, then each pin with its request."""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
from rich.console import Console

from bridge.cli.explanations import explanation_lines
from bridge.cli.output import stdout, visible
from bridge.cli.state_lines import state_lines
from bridge.cli.trying.drawing import draw_body
from bridge.cli.trying.records import Shown, Trial
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import Mapping
from bridge.outbound import PinUpdate
from bridge.rehearsal import Delivery

_PLAIN_WIDTH = 100
_SIGNATURES = {
    "none": "no signature is asked for",
    "added": "signed for the occasion",
    "verified": "its signature is genuine",
    "replaced": "its signature could not be checked without the secret, so it was signed anew",
    "unchecked": "nobody but its sender can sign, so it is taken unchecked",
}


def print_trial(trial: Trial) -> None:
    """Print all of it."""
    for number, delivery in enumerate(trial.deliveries, 1):
        for line in _delivery_lines(number, delivery, trial.mapping):
            stdout.print(visible(line), markup=False)
    if not trial.pins:
        stdout.print("\nno payload moved a pin, so nothing would be sent")
    for shown in trial.pins:
        _print_pin(shown, moved=shown.pin in trial.moved, now=trial.now)
    if trial.left_out:
        stdout.print(f"\nand {trial.left_out:,} more pins; --pin shows one of them")


def _delivery_lines(number: int, delivery: Delivery, mapping: Mapping) -> Iterator[str]:
    heard = delivery.heard
    if isinstance(heard, SenderError):
        yield f"{number}. {delivery.sample.name}: the bridge refuses it: {heard.status} {heard.code}, {heard.message}"
        return
    if heard is None:
        told = f"{delivery.sample.source}, no event in it; the bridge takes it, and keeps nothing"
        yield f"{number}. {delivery.sample.name}: {told}"
        return
    event = heard.event
    named = " ".join(filter(None, (event.source, event.type, event.id)))
    among = f", one of {delivery.of:,} events" if delivery.of > 1 else ""
    yield f"{number}. {delivery.sample.name}: {named}{among}"
    yield f"   arrives {_instant(event.received_at)}; {_SIGNATURES[heard.signature]}"
    if heard.lacks:
        missing = " and ".join(heard.lacks)
        yield f"   its type stands in {missing}, which it lacks; say it with --header, or in <payload>.headers.json"
    yield from (f"   {line}" for line in explanation_lines(mapping, delivery))


def _print_pin(shown: Shown, *, moved: bool, now: datetime) -> None:
    """Draw a pin, and print the request of one that moved; the others would not be sent."""
    unmoved = "" if moved else "; no payload moved it, so nothing would be sent"
    stdout.print(f"\n{shown.pin} as of {_instant(now)}{unmoved}", markup=False)
    if shown.rendered is None:
        stdout.print(f"cannot be drawn: {visible(shown.error)}", markup=False)
        _print_state(shown)
        return
    body = orjson.loads(shown.rendered.payload)
    canvas = Console(highlight=False, markup=False, emoji=False)
    if not canvas.is_terminal:
        canvas.width = _PLAIN_WIDTH
    canvas.print(draw_body(body, pin=shown.pin))
    for note in shown.rendered.notes:
        stdout.print(f"note: {visible(note)}", markup=False)
    _print_state(shown)
    if moved:
        stdout.print(f"\n{_request_text(shown.request, body)}", markup=False)


def _print_state(shown: Shown) -> None:
    for line in state_lines(shown.state):
        stdout.print(f"state: {visible(line)}", markup=False)
    if shown.changes_at is not None:
        stdout.print(f"without an event it is drawn anew at {_instant(shown.changes_at)}", markup=False)


def _request_text(request: PinUpdate, body: Json) -> str:
    headers = {"Authorization": "Bearer <PINDOWN_API_KEY>", **request.headers}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    written = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    return visible("\n".join([f"{request.method} {request.url}", *lines, "", written]))


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
