"""Mappings that ask for too much, on the real process: each has its own trouble, and nobody else has any."""

import json
import threading
import time
from collections.abc import Callable

import httpx
from support.processes import BridgeProcess, Sandbox, eventually, post

NewBridge = Callable[..., BridgeProcess]

RENDERED = [
    "{{ range(10**9) }}",
    "{{ 'a' * 10**9 }}",
    "{{ 9**9**9**9 }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = words | join(words[0]) %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = words | sort | map('upper') | list | tojson %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = words | batch(1) | list %}{% endfor %}",
    "{% for a in range(9999) %}{% set b = items | groupby('n') %}{% endfor %}",
    "{{ (words | join) | slug | replace('a', words | join) }}",
    "{{ words.__class__.__mro__ }}",
]
"""Templates of an update, one for each pin."""

INGESTED = [
    "let: {x: '{{ range(10**9) }}'}",
    "let: {x: '{{ 9**9**9**9 }}'}",
    "when: \"{{ 'a' * 10**9 == 'b' }}\"",
    "at: '{{ at + 10**300 }}'",
    "version: '{{ words | join(words | join) }}'",
    "key: '{{ range(9999) | join(words | join) }}'",
    "each: $.items[*]\n    let: {x: '{{ range(9999) | sum }}'}",
    "each: $.items[*]\n    when: {'$..[?(@.n == 1)]': {exists: true}}\n    let: {x: '{{ range(5000) | sort }}'}",
    "each: $.items[*]\n    let: {x: \"{{ words | map('slug') | join }}\"}",
    "each: $..*",
    "when: {$.long: {matches: '(a|aa)+$'}}\n    let: {x: '{{ 1 / 0 + words }}'}",
]
"""Lines of a trigger, one for each pin."""

TRIGGER = """
pin: p-{name}
triggers:
  - source: stripe
    event: {event}
    extract: {{words: $.words, items: $.items, at: $.created}}
    {lines}
update: {{metadata: {{pin_config: {{cards: [{{title: x, value: {value}}}]}}}}}}
deliver: {{min_interval: 0s}}
"""


def mappings() -> dict[str, str]:
    """Give a mapping for each attack, and one that means well."""
    rendered = {f"rendered-{number}": ("drawn", "", template) for number, template in enumerate(RENDERED)}
    ingested = {f"ingested-{number}": (f"taken-{number}", lines, "x") for number, lines in enumerate(INGESTED)}
    good = {"good": ("drawn", "", "{{ words | length }}")}
    return {
        name: TRIGGER.format(name=name, event=event, lines=lines, value=json.dumps(value))
        for name, (event, lines, value) in {**rendered, **ingested, **good}.items()
    }


def attack(event_type: str) -> bytes:
    """Give an event with enough in it to work on."""
    words = [f"word number {number} of many" for number in range(2_000)]
    items = [{"n": number} for number in range(3_000)]
    event = {"id": f"evt_{event_type}", "type": event_type, "created": int(time.time()), "long": "a" * 300_000 + "b"}
    return json.dumps({**event, "words": words, "items": items}).encode()


def slowest_answer(url: str, until: threading.Event) -> float:
    """Ask again and again whether the process lives; gives the longest that an answer took, in seconds."""
    slowest = 0.0
    with httpx.Client(timeout=60) as http:
        while not until.is_set():
            asked_at = time.monotonic()
            assert http.get(f"{url}/healthz").status_code == 200
            slowest = max(slowest, time.monotonic() - asked_at)
            time.sleep(0.01)
    return slowest


def test_each_attack_fails_its_own_pin_and_the_process_stays_responsive(
    new_bridge: NewBridge, sandbox: Sandbox
) -> None:
    """The event is kept with what went wrong, the pins that cannot be drawn are parked, and the others are shown."""
    bridge = new_bridge()
    for name, text in mappings().items():
        (bridge.mappings / f"{name}.yaml").write_text(text)
    bridge.start()
    done, slowest = threading.Event(), [0.0]
    watching = threading.Thread(target=lambda: slowest.append(slowest_answer(bridge.url, done)))
    watching.start()
    try:
        for event_type in ("drawn", *(f"taken-{number}" for number in range(len(INGESTED)))):
            assert post(bridge.url, attack(event_type)).status_code == 202
        eventually(lambda: sandbox.values("p-good") == ["2000"], within_s=60)
        eventually(lambda: len(parked(bridge)) == len(RENDERED), within_s=60)
    finally:
        done.set()
        watching.join()

    assert parked(bridge) == {f"p-rendered-{number}" for number in range(len(RENDERED))}
    for number in range(len(INGESTED)):
        assert kinds_told(bridge, f"taken-{number}") & {"error", "not_matched"}
    assert max(slowest) < 5  # some tenths of a second on a busy machine


def parked(bridge: BridgeProcess) -> set[str]:
    """Give the pins that are set aside."""
    return {pin for (pin,) in bridge.rows("SELECT pin FROM deliveries WHERE parked_at IS NOT NULL")}


def kinds_told(bridge: BridgeProcess, event_type: str) -> set[str]:
    """Give the kinds of outcomes that the one event of a type has."""
    [(told,)] = bridge.rows("SELECT outcomes FROM events WHERE type = ?", event_type)
    return {each["kind"] for each in json.loads(told)}
