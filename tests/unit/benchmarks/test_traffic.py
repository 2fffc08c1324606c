import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from benchmarks.sales import sales_mapping
from benchmarks.traffic import SECRET, event_body, signed_requests
from bridge.inbound import load_sources
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_event, read_headers
from bridge.located import Place
from bridge.mappings import load_texts


@pytest.mark.parametrize("size_kb", [0.5, 1.6, 20, 256])
def test_a_body_has_the_size_that_was_asked_for(size_kb: float) -> None:
    """Within a tenth; whatever its size, each one is another."""
    bodies = [event_body(number, shops=3, created=1_800_000_000, size_kb=size_kb) for number in range(3)]
    for body, next_one in pairwise(bodies):
        assert body != next_one
        assert len(body) == pytest.approx(1000 * size_kb, rel=0.1)
        assert json.loads(body)["created"] == 1_800_000_000


@pytest.mark.parametrize("size_kb", [0.5, 1.6, 20])
@pytest.mark.parametrize("source", ["stripe", "github"])
def test_the_bridge_takes_what_the_load_generator_sends(source: str, size_kb: float) -> None:
    """It verifies under the secret, and moves the pin, whichever its size; another currency moves none."""
    (sent,) = signed_requests(f"/hooks/{source}", range(7, 8), shops=1, size_kb=size_kb)
    head, _, body = sent.partition(b"\r\n\r\n")
    fields = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
    listening = load_sources({source: Place("sales.yaml", 1, 1)}, None, lambda _: (SECRET.encode(),))[source]
    headers = read_headers(listening, [(name, value) for name, value in fields])
    request = Request(headers, read_format(headers), b"", body)
    event = read_event(listening, request, max_body_bytes=2**20, now=datetime.now(UTC))
    texts = {
        "euros.yaml": sales_mapping(1, source=source, state=True),
        "dollars.yaml": sales_mapping(2, source=source, currency="usd"),
    }
    evaluation = load_texts({name: text.encode() for name, text in texts.items()}, {}).evaluate(event)
    assert [change.pin for change in evaluation.changes] == ["p-sales-1"]
    assert len(body) == int(headers["content-length"])
