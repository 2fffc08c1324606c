"""Receiving a provider's sample by the real code: its source loaded from the catalogue, its requests read."""

from datetime import datetime
from functools import lru_cache

import pytest
from support.providers import NOW, PUBLIC_URL, Delivery, configured, read_sample

from bridge.events import Event
from bridge.inbound import Source, load_sources, sign_request
from bridge.inbound.bodies import read_format
from bridge.inbound.receive import Request, read_event, read_events, read_headers
from bridge.inbound.verification import Unverified
from bridge.located import Place


@lru_cache
def source(name: str) -> Source:
    """Give a provider's source with the secret of its sample."""
    secret = configured(read_sample(name)).encode()
    return load_sources({name: Place("m.yaml", 1, 1)}, None, lambda _: (secret,), public_url=PUBLIC_URL)[name]


def receive(name: str, delivery: Delivery, now: datetime = NOW) -> list[Event]:
    """Give the events that a request becomes; raises `SenderError` where it is refused."""
    raw = [(header.encode(), value.encode("latin-1")) for header, value in delivery.headers]
    headers = read_headers(source(name), raw)
    body_format = read_format(headers, is_json=source(name).is_json)
    request = Request(headers, body_format, delivery.query.encode(), delivery.body)
    if source(name).layout is None:
        return [read_event(source(name), request, max_body_bytes=2**20, now=now)]
    return [*read_events(source(name), request, max_body_bytes=2**20, now=now, unread=pytest.fail).events]


def sign_sample(name: str, now: datetime = NOW) -> Delivery:
    """Sign a provider's sample as `pinbridge send` does."""
    sample = read_sample(name)
    beside = {header: value for header, value in sample.headers.items() if header not in sample.proof.headers}
    unsigned = Unverified(sample.body.replace("<time>", "0").encode(), beside, sample.query.encode())
    signed = sign_request(source(name), unsigned, configured(sample).encode(), now)
    return Delivery(tuple(signed.headers.items()), signed.query.decode(), signed.body)
