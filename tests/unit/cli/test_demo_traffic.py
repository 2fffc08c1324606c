"""The demo's traffic is of the shapes that the shipped mappings read: nothing in it is an error to them."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from bridge.cli.demo.past import past
from bridge.cli.demo.scenario import EXPECTED, GONE, Step, afternoon_zone, going_on, midnight_before, opening
from bridge.cli.demo.stage import lay_out_mappings
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


@pytest.mark.parametrize("hour", range(24))
def test_where_the_shop_is_it_is_afternoon(hour: int) -> None:
    """Whenever the demo is played, its past ends before it and its day does not."""
    now = NOW.replace(hour=hour, minute=59)
    local = now.astimezone(ZoneInfo(afternoon_zone(now)))
    assert (local.hour, local.minute) == (15, 59)
    assert now - midnight_before(now) == timedelta(hours=15, minutes=59)


def test_the_past_is_in_order_and_within_the_horizon() -> None:
    """And no delivery in it has the number of one of the demo."""
    deliveries = past(midnight_before(NOW))
    times = [delivery.at for delivery in deliveries]
    assert times == sorted(times)
    assert NOW - timedelta(days=34) < times[0] < times[-1] < NOW - timedelta(hours=1)
    ids = {repr(delivery.payload.get("id")) for delivery in deliveries} - {"None"}
    assert not ids & {repr(step.delivery.payload.get("id")) for step in opening(NOW)}


def test_every_step_matches_and_none_is_an_error(tmp_path: Path) -> None:
    """Of the past, of the opening and of a hundred everyday steps; every expected pin is moved by the opening."""
    configuration = load_configuration(lay_out_mappings(tmp_path / "mappings"), SECRETS)
    moved: set[str | None] = set()
    for step in opening(NOW):
        moved |= {outcome.pin for outcome in outcomes(configuration, step) if outcome.kind == "matched"}
    assert moved >= EXPECTED.keys() >= GONE.keys()
    for delivery in past(midnight_before(NOW)):
        assert "error" not in {outcome.kind for outcome in outcomes(configuration, Step(delivery=delivery))}
    choice = random.Random(11)
    for number in range(100):
        step = going_on(choice, number, NOW)
        kinds = {outcome.kind for outcome in outcomes(configuration, step)}
        assert kinds <= {"matched", "not_matched", "no_items", "no_pin", "duplicate_item"}, step
