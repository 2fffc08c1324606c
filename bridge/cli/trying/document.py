"""A trial as one JSON document, for scripts."""

import orjson

from bridge.cli.trying.records import Heeded, Shown, Trial
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings.triggers.explanation import Explanation, Pass
from bridge.mappings.values.values import plain


def trial_document(trial: Trial) -> dict[str, Json]:
    """Give all of it; the bodies are what would be sent."""
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
