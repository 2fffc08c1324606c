"""Tells what came of a trial: delivery by delivery, trigger by trigger, then each pin and the request it would make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from rich.console import Console

from bridge.cli.output import print_json, stdout, visible
from bridge.cli.trying.drawing import draw_body
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import Mapping, Outcome, Rendered
from bridge.mappings.triggers.explanation import Explanation, Pass
from bridge.mappings.values.values import excerpt, plain
from bridge.outbound import PinUpdate
from bridge.rehearsal import Heard, Sample

_PLAIN_WIDTH = 100
_FAILED = frozenset({"error", "inexact_number"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """One payload, what became of it (heard, or refused), and what each trigger saw in it."""

    sample: Sample
    heard: Heard | SenderError
    explanations: tuple[Explanation, ...]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each trigger made of it; of a duplicate, what it would have."""
        if isinstance(self.heard, SenderError):
            return ()
        return self.heard.evaluation.outcomes if self.heard.is_duplicate else self.heard.outcomes

    def outcomes_of(self, trigger: str) -> list[Outcome]:
        """Give the outcomes of one trigger, in the order of its items."""
        return [outcome for outcome in self.outcomes if outcome.trigger == trigger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A pin as it would be sent: its body, or why there is none, and the request."""

    pin: str
    rendered: Rendered | None
    error: str
    request: PinUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All that came of trying a mapping; `left_out` counts the pins that are not shown."""

    mapping: Mapping
    deliveries: tuple[Heeded, ...]
    now: datetime
    moved: frozenset[str]
    pins: tuple[Shown, ...]
    left_out: int

    @property
    def has_failed(self) -> bool:
        """Tell whether a payload was refused, a trigger failed or a pin could not be drawn."""
        refused = any(isinstance(each.heard, SenderError) for each in self.deliveries)
        failed = any(outcome.kind in _FAILED for each in self.deliveries for outcome in each.outcomes)
        return refused or failed or any(shown.rendered is None for shown in self.pins)


def print_trial(trial: Trial, *, as_json: bool) -> None:
    """Print it whole, for people or for a script."""
    if as_json:
        print_json(_trial_json(trial))
        return
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


def _trial_json(trial: Trial) -> dict[str, Json]:
    return {
        "mapping": trial.mapping.name,
        "now": trial.now.isoformat(),
        "deliveries": [_delivery_json(each) for each in trial.deliveries],
        "pins": [_pin_json(each, moved=each.pin in trial.moved) for each in trial.pins],
    }


def _delivery_json(delivery: Heeded) -> dict[str, Json]:
    heard = delivery.heard
    if isinstance(heard, SenderError):
        refused: dict[str, Json] = {"status": heard.status, "code": heard.code, "message": heard.message}
        return {"payload": delivery.sample.name, "refused": refused}
    event = heard.event
    return {
        "payload": delivery.sample.name,
        "source": event.source,
        "type": event.type,
        "id": event.id,
        "received_at": event.received_at.isoformat(),
        "signature": heard.signature,
        "duplicate": heard.is_duplicate,
        "triggers": [_trigger_json(each, delivery) for each in delivery.explanations],
    }


def _trigger_json(explanation: Explanation, delivery: Heeded) -> dict[str, Json]:
    outcomes: list[Json] = [
        {"outcome": each.kind, "pin": each.pin, "reason": each.reason}
        for each in delivery.outcomes_of(explanation.trigger)
    ]
    passes: list[Json] = [_pass_json(each) for each in explanation.passes]
    return {
        "trigger": explanation.trigger,
        "not_asked": explanation.not_asked,
        "outcomes": outcomes,
        "items": explanation.items,
        "passes": passes,
    }


def _pass_json(each: Pass) -> dict[str, Json]:
    variables: dict[str, Json] = {
        taken.name: {"written": taken.written, "value": plain(taken.value)} for taken in each.variables
    }
    conditions: list[Json] = [{"holds": condition.holds, "said": condition.said} for condition in each.conditions]
    return {"conditions": conditions, "variables": variables, "fault": each.fault}


def _pin_json(shown: Shown, *, moved: bool) -> dict[str, Json]:
    body: Json = None if shown.rendered is None else orjson.loads(shown.rendered.payload)
    notes: list[Json] = [] if shown.rendered is None else [*shown.rendered.notes]
    headers: dict[str, Json] = {**shown.request.headers}
    return {
        "pin": shown.pin,
        "moved": moved,
        "error": shown.error,
        "notes": notes,
        "request": {"method": shown.request.method, "url": shown.request.url, "headers": headers, "body": body},
    }
