"""Verifying a body of the usual size, against the one bare HMAC that every way of doing it needs."""

import hmac
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.figures import at_most, spread, table
from benchmarks.process import SERVER_CPU, on_cpu
from benchmarks.traffic import SECRET, event_body
from bridge.inbound import load_sources, sign
from bridge.inbound.verification import Unverified

MOST_OF_BARE = 3.0
IN_A_ROW = 500

SOURCES = b"""
header: {verify: {scheme: hmac, header: X-Sig, prefix: "sha256="}, dedupe: off}
stripe: {}
standard-webhooks: {}
address: {verify: {scheme: hmac, header: X-Sig, encoding: base64, signed: "{url}{body}"}, dedupe: off}
"""
LABELS = {
    "header": "the body, in a header (GitHub, Shopify)",
    "stripe": "time and body, in elements (Stripe)",
    "standard-webhooks": "id, time and body, in elements (Standard Webhooks)",
    "address": "address and body (Square)",
}
"""What is measured, by source."""


def measure(_folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report; each source alternates with the bare hash."""
    now = datetime.now(UTC)
    body = event_body(1, shops=1, created=int(now.timestamp()))
    bare = partial(hmac.digest, SECRET.encode(), body, "sha256")
    verifying = _verifying(body, now)
    turns = max(requests // 10 // IN_A_ROW, 1)
    with on_cpu(SERVER_CPU):
        rows = [_round(bare, verifying, turns) for _ in range(rounds + 1)][1:]
    ratios = {name: [us[name] / us["bare"] for us in rows] for name in LABELS}
    lines = [("bare `hmac.digest`", spread([us["bare"] for us in rows], 2), "1")]
    lines += [(LABELS[name], spread([us[name] for us in rows], 2), spread(ratios[name], 2)) for name in LABELS]
    wanted = [at_most(f"times a bare HMAC, {name}", MOST_OF_BARE, statistics.median(ratios[name])) for name in LABELS]
    return (
        f"## Verification\n\n{table(('what is signed', 'µs a request', 'ratio'), lines)}\n\n"
        f"A body of {len(body):,} bytes, SHA-256; {rounds} rounds of {turns * IN_A_ROW:,} requests each; median "
        "(lowest-highest) of each round's fastest row.\n\n" + "\n".join(wanted)
    )


def _verifying(body: bytes, now: datetime) -> dict[str, Callable[[], object]]:
    secret = b"whsec_" + b"QUJD" * 8
    sources = load_sources({}, SOURCES, lambda _: (secret,), public_url="https://hooks.example.com")
    given = {"content-type": "application/json", "webhook-id": "msg_1"}
    made: dict[str, Callable[[], object]] = {}
    for name in LABELS:
        headers = {**given, **sign(sources[name], body, secret, now, headers=given)}
        made[name] = partial(sources[name].verifier, Unverified(body, headers), now)
    return made


def _round(bare: Callable[[], object], verifying: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Give the µs of a call, of the fastest of some rows of calls: whatever else runs only ever adds to it."""
    calls = {"bare": bare, **verifying}
    fastest_us = dict.fromkeys(calls, float("inf"))
    for _ in range(turns):
        for name, call in calls.items():
            fastest_us[name] = min(fastest_us[name], _row_us(call))
    return fastest_us


def _row_us(call: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    for _ in range(IN_A_ROW):
        call()
    return 1e6 * (time.perf_counter() - began_s) / IN_A_ROW
