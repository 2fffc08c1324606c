"""Tells people what came of a trial: payload by payload, trigger by trigger, then each pin with its request."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import orjson
from rich.console import Console

from bridge.cli.output import stdout, visible
from bridge.cli.trying.drawing import draw_body
from bridge.cli.trying.records import Heeded, Shown, Trial
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import Outcome
from bridge.mappings.triggers.explanation import Explanation, Pass
from bridge.mappings.values.values import excerpt
from bridge.outbound import PinUpdate

_PLAIN_WIDTH = 100
_WORDS = {
    "matched": "matches",
    "not_matched": "does not match",
    "no_items": "finds no items",
    "no_pin": "finds no pin",
    "pin_taken": "may not have the pin",
    "duplicate_item": "met this item before",
    "too_late": "comes too late",
    "inexact_number": "meets a number that is not exact",
    "error": "fails",
}
_SIGNATURES = {
    "none": "no signature is asked for",
    "added": "signed for the occasion",
    "verified": "its signature is genuine",
    "replaced": "its signature could not be checked without the secret, so it was signed anew",
}


def print_trial(trial: Trial) -> None:
    """Print all of it."""
    for number, delivery in enumerate(trial.deliveries, 1):
        for line in _delivery_lines(number, delivery):
            stdout.print(visible(line), markup=False)
    if not trial.pins:
        stdout.print("\nno payload moved a pin, so nothing would be sent")
    for shown in trial.pins:
        _print_pin(shown, moved=shown.pin in trial.moved, now=trial.now)
    if trial.left_out:
        stdout.print(f"\nand {trial.left_out:,} more pins; --pin shows one of them")


def _delivery_lines(number: int, delivery: Heeded) -> Iterator[str]:
    heard = delivery.heard
    if isinstance(heard, SenderError):
        yield f"{number}. {delivery.sample.name}: the bridge refuses it: {heard.status} {heard.code}, {heard.message}"
        return
    event = heard.event
    named = " ".join(filter(None, (event.source, event.type, event.id)))
    yield f"{number}. {delivery.sample.name}: {named}"
    yield f"   arrives {_instant(event.received_at)}; {_SIGNATURES[heard.signature]}"
    if delivery.lacks:
        missing = " and ".join(delivery.lacks)
        yield f"   its type stands in {missing}, which it lacks; say it with --header, or in <payload>.headers.json"
    if heard.is_duplicate:
        yield "   a duplicate: this delivery was met before, so it changes nothing; else"
    for explanation in delivery.explanations:
        yield from _trigger_lines(explanation, delivery.outcomes_of(explanation.trigger))


def _trigger_lines(explanation: Explanation, outcomes: Sequence[Outcome]) -> Iterator[str]:
    if explanation.not_asked:
        yield f"   {explanation.trigger} is not asked: {explanation.not_asked}"
        return
    if len(outcomes) != max(explanation.items, 1):
        yield from (f"   {line}" for outcome in outcomes for line in _outcome_lines(explanation.trigger, outcome))
    for index, each in enumerate(explanation.passes):
        if len(outcomes) == max(explanation.items, 1):
            item = f", item {index + 1} of {explanation.items:,}" if explanation.items > 1 else ""
            yield from (f"   {line}" for line in _outcome_lines(f"{explanation.trigger}{item}", outcomes[index]))
        yield from (f"     {line}" for line in _pass_lines(each))
    left_out = explanation.items - len(explanation.passes)
    if left_out > 0:
        yield f"   {explanation.trigger}: and {left_out:,} more items"


def _outcome_lines(trigger: str, outcome: Outcome) -> Iterator[str]:
    pin = f" → {outcome.pin}" if outcome.pin else ""
    # What did not hold stands among the conditions below.
    reason = f": {outcome.reason}" if outcome.reason and outcome.kind != "not_matched" else ""
    yield f"{trigger} {_WORDS[outcome.kind]}{pin}{reason}"


def _pass_lines(each: Pass) -> Iterator[str]:
    for condition in each.conditions:
        yield f"{'✓' if condition.holds else '✗'} {condition.said}"
    names = max((len(taken.name) for taken in each.variables), default=0)
    texts = min(max((len(taken.written) for taken in each.variables), default=0), 50)
    for taken in each.variables:
        yield f"{taken.name:<{names}} = {taken.written:<{texts}}  {excerpt(taken.value)}"


def _print_pin(shown: Shown, *, moved: bool, now: datetime) -> None:
    """Draw a pin, and print the request of one that moved; the others would not be sent."""
    unmoved = "" if moved else "; no payload moved it, so nothing would be sent"
    stdout.print(f"\n{shown.pin} as of {_instant(now)}{unmoved}", markup=False)
    if shown.rendered is None:
        stdout.print(f"cannot be drawn: {visible(shown.error)}", markup=False)
        return
    body = orjson.loads(shown.rendered.payload)
    canvas = Console(highlight=False, markup=False)
    if not canvas.is_terminal:
        canvas.width = _PLAIN_WIDTH
    canvas.print(draw_body(body, pin=shown.pin))
    for note in shown.rendered.notes:
        stdout.print(f"note: {visible(note)}", markup=False)
    if moved:
        stdout.print(f"\n{_request_text(shown.request, body)}", markup=False)


def _request_text(request: PinUpdate, body: Json) -> str:
    headers = {"Authorization": "Bearer <PINDOWN_API_KEY>", **request.headers}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    written = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    return visible("\n".join([f"{request.method} {request.url}", *lines, "", written]))


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
