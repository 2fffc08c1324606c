"""One way for all tests to run a case of the state through the offline run."""

from typing import Any, cast

from support.state_cases import HORIZON, SOURCES, Case, Delivery
from support.state_shown import Shown, content, read_shown

from bridge.inbound import load_sources
from bridge.mappings import load_texts
from bridge.rehearsal import Rehearsal, Sample


def rehearsed(case: Case) -> Shown:
    """Give what the pin shows after all deliveries, one by one, at the case's moment."""
    return shown_in(rehearsal(case, content(case.entries)).render("m", "p-1", case.now).body)


def rehearsal(case: Case, template: str) -> Rehearsal:
    """Give the offline run after all deliveries, of a pin with this template."""
    mappings = load_texts({"m.yaml": case.mapping(template)}, {})
    sources = load_sources(mappings.source_places, SOURCES, lambda _: ())
    run = Rehearsal(mappings, sources, horizon_s=int(HORIZON.total_seconds()), max_body_bytes=2**20)
    for delivery in case.deliveries:
        run.receive(sample(delivery), delivery.received_at)
    return run


def sample(delivery: Delivery) -> Sample:
    """Give a delivery as the offline run takes it."""
    return Sample(name=delivery.id, source="shop", body=delivery.body)


def shown_in(body: dict[str, object]) -> Shown:
    """Read the fields in the body of an update."""
    update = cast(dict[str, Any], body)
    return read_shown(update["metadata"]["pin_config"]["content"])
