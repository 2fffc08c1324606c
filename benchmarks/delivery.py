"""100,000 events onto 100 pins, against a sandbox that takes 90 updates in any minute.

Not a race: what is checked is that the budget is never overdrawn (no 429), that every pin ends on the
body of its last event, and that the bridge's memory does not grow with the events. It lasts as long
as the budget makes it last, about four minutes.
"""

import time
from pathlib import Path

from benchmarks.bridge_server import SandboxAddress, bridge, sandbox
from benchmarks.figures import table
from benchmarks.memory import flat, watched
from benchmarks.process import BenchmarkFailed, load

EVENTS, PINS, CONNECTIONS = 100_000, 100, 64
SPREAD_OVER_S = 120
SETTLED_WITHIN_S = 300

MAPPING = """
pin: "{{ 'p-' ~ shop }}"
pins: [p-shop-*]
triggers:
  - source: stripe
    event: payment_intent.succeeded
    extract:
      shop: {path: $.data.object.metadata.shop}
      number: {path: $.data.object.metadata.number, as: integer}
    version: "{{ number }}"
update:
  metadata: {pin_config: {content: "event {{ number }}"}}
"""


def measure(folder: Path, *, rounds: int, requests: int) -> str:  # noqa: ARG001 - one long round, whatever is asked for
    """Run, check, and give the report."""
    with (
        sandbox(folder, rate="180/60s") as destination,
        bridge(folder, {"shops.yaml": MAPPING}, destination) as (url, served),
    ):
        with watched(served.pid) as memory:
            started_at = time.monotonic()
            load(f"{url}/hooks/stripe", requests=EVENTS, connections=CONNECTIONS, shops=PINS, pause=_pause_s())
            sent_s = time.monotonic() - started_at
            settled_s = _wait_until_settled(destination)
        answers = [each["status"] for each in destination.ask("requests?limit=20000")["requests"]]
    if 429 in answers:
        raise BenchmarkFailed(f"{answers.count(429)} of {len(answers)} updates were refused as too fast")
    return _report(len(answers), flat(memory), sent_s, settled_s)


def _pause_s() -> float:
    return SPREAD_OVER_S * CONNECTIONS / EVENTS


def _last_of_each_pin() -> dict[str, str]:
    return {f"p-shop-{number % PINS}": f"event {number}" for number in range(EVENTS - PINS, EVENTS)}


def _wait_until_settled(destination: SandboxAddress) -> float:
    """Wait until every pin shows its last event; gives the seconds that it took."""
    wanted, started_at = _last_of_each_pin(), time.monotonic()
    while time.monotonic() - started_at < SETTLED_WITHIN_S:
        shown = {
            pin["id"]: pin["metadata"].get("pin_config", {}).get("content") for pin in destination.ask("pins")["pins"]
        }
        if shown == wanted:
            return time.monotonic() - started_at
        time.sleep(1)
    behind = [f"{pin}: {shown.get(pin)} instead of {last}" for pin, last in wanted.items() if shown.get(pin) != last]
    raise BenchmarkFailed(f"{len(behind)} pins do not show their last event: {'; '.join(behind[:5])}")


def _report(updates: int, memory: tuple[float, float], sent_s: float, settled_s: float) -> str:
    rows = [
        ("events taken", f"{EVENTS:,} in {sent_s:.0f} s, every one answered 202"),
        ("updates sent", f"{updates:,}, none answered 429"),
        ("pins on the body of their last event", f"{PINS} of {PINS}, {settled_s:.0f} s after the last event"),
        ("memory", "{:.0f} MiB at half the time, {:.0f} MiB at the end".format(*memory)),
    ]
    return (
        f"## {EVENTS:,} events onto {PINS} pins, 90 updates a minute\n\n{table(('what', 'measured'), rows)}\n\n"
        "Wanted, or the benchmark fails: no 429, every pin on its last event, memory flat (in the second half of the "
        "time at most a tenth more)."
    )
