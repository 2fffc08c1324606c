"""The demo's traffic is of the shapes that the shipped mappings read: nothing in it is an error to them."""

import random
from datetime import UTC, datetime

import orjson

from bridge.cli.demo.scenario import EXPECTED, Step, going_on, opening
from bridge.cli.shipped import shipped_mappings
from bridge.configuration import Configuration, load_configuration
from bridge.inbound import sign
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_event
from bridge.mappings import Outcome

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRETS = {f"{name}_WEBHOOK_SECRET": "secret" for name in ("STRIPE", "GITHUB", "ALERTMANAGER", "SHOPIFY")}


def outcomes(configuration: Configuration, step: Step) -> list[Outcome]:
    """Verify, read and evaluate one step as the bridge would."""
    delivery = step.delivery
    source = configuration.sources[delivery.source]
    body = orjson.dumps(delivery.payload)
    given = {name.lower(): value for name, value in delivery.headers.items()}
    headers = {"content-type": "application/json", **given, **sign(source, body, b"secret", NOW, headers=given)}
    event = read_event(source, Request(headers, read_format(headers), b"", body), max_body_bytes=2**20, now=NOW)
    return [*configuration.mappings.evaluate(event).outcomes]


def test_every_step_matches_and_none_is_an_error() -> None:
    """Of the opening and of a hundred everyday steps; every expected pin is moved by the opening."""
    configuration = load_configuration(shipped_mappings(), SECRETS)
    moved: set[str | None] = set()
    for step in opening(NOW):
        moved |= {outcome.pin for outcome in outcomes(configuration, step) if outcome.kind == "matched"}
    assert moved >= EXPECTED.keys()
    choice = random.Random(11)
    for number in range(100):
        step = going_on(choice, number, NOW)
        kinds = {outcome.kind for outcome in outcomes(configuration, step)}
        assert kinds <= {"matched", "not_matched", "no_items", "duplicate_item"}, step
