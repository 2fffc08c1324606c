"""A trial as one JSON document, for scripts."""

import orjson

from bridge.cli.explanations import explanations_json
from bridge.cli.trying.records import Shown, Trial
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import Mapping
from bridge.rehearsal import Delivery


def trial_document(trial: Trial) -> dict[str, Json]:
    """Give all of it; the bodies are what would be sent."""
    return {
        "mapping": trial.mapping.name,
        "now": trial.now.isoformat(),
        "deliveries": [_delivery_json(each, trial.mapping) for each in trial.deliveries],
        "pins": [_pin_json(each, moved=each.pin in trial.moved) for each in trial.pins],
    }


def _delivery_json(delivery: Delivery, mapping: Mapping) -> dict[str, Json]:
    heard = delivery.heard
    if isinstance(heard, SenderError):
        refused: dict[str, Json] = {"status": heard.status, "code": heard.code, "message": heard.message}
        return {"payload": delivery.sample.name, "refused": refused}
    if heard is None:
        return {"payload": delivery.sample.name, "source": delivery.sample.source, "empty": True}
    event = heard.event
    return {
        "payload": delivery.sample.name,
        "source": event.source,
        "type": event.type,
        "id": event.id,
        "received_at": event.received_at.isoformat(),
        "signature": heard.signature,
        "duplicate": heard.is_duplicate,
        "triggers": explanations_json(mapping, delivery),
    }


def _pin_json(shown: Shown, *, moved: bool) -> dict[str, Json]:
    body: Json = None if shown.rendered is None else orjson.loads(shown.rendered.payload)
    notes: list[Json] = [] if shown.rendered is None else [*shown.rendered.notes]
    headers: dict[str, Json] = {**shown.request.headers}
    return {
        "pin": shown.pin,
        "moved": moved,
        "error": shown.error,
        "notes": notes,
        "state": {**shown.state},
        "changes_at": None if shown.changes_at is None else shown.changes_at.isoformat(),
        "request": {"method": shown.request.method, "url": shown.request.url, "headers": headers, "body": body},
    }
