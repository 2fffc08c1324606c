"""Mappings that ask for too much, on the real process: each has its own trouble, and nobody else has any."""

import json
import threading
import time
from collections.abc import Callable

import httpx
from support.processes import BridgeProcess, Sandbox, eventually, post

NewBridge = Callable[..., BridgeProcess]

TOO_LONG = "this takes too long"
RENDERED = [
    ("{{ range(10**9) }}", "at most 10,000 are allowed"),
    ("{{ 'a' * 10**9 }}", "'*' needs numbers"),
    ("{{ 9**9**9**9 }}", "more than 400 digits"),
    ("{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}", TOO_LONG),
    ("{% for a in range(9999) %}{% set b = words | join(words[0]) %}{% endfor %}", TOO_LONG),
    ("{% for a in range(9999) %}{% set b = words | sort | map('upper') | list | tojson %}{% endfor %}", TOO_LONG),
    ("{% for a in range(9999) %}{% set b = words | batch(1) | list %}{% endfor %}", TOO_LONG),
    ("{% for a in range(9999) %}{% set b = items | groupby('n') %}{% endfor %}", TOO_LONG),
    ("{{ (words | join) | slug | replace('a', words | join) }}", "characters"),
    ("{{ words.__class__.__mro__ }}", "has no"),
]
"""Templates of an update, one for each pin, and what stops them."""

EACH_ITEM = "each: $.items[*]\n    "
INGESTED = [
    ("let: {x: '{{ range(10**9) }}'}", "at most 10,000 are allowed"),
    ("let: {x: '{{ 9**9**9**9 }}'}", "more than 400 digits"),
    ("when: \"{{ 'a' * 10**9 == 'b' }}\"", "'*' needs numbers"),
    ("at: '{{ at + 10**300 }}'", "is not a time"),
    ("version: '{{ words | join(words | join) }}'", "at most 262,144 are allowed"),
    ("key: '{{ range(9999) | join(words | join) }}'", "at most 262,144 are allowed"),
    (EACH_ITEM + "let: {x: '{{ range(9999) | sum }}'}", TOO_LONG),
    (EACH_ITEM + "let: {x: '{{ range(5000) | sort }}'}", TOO_LONG),
    (EACH_ITEM + "let: {x: \"{{ words | map('slug') | join }}\"}", TOO_LONG),
    ("each: $..*\n    when: {'$..[?(@.n == 1)]': {exists: true}}", "wanted exists true"),
    ("when: {$.long: {matches: '(a|aa)+$'}}\n    let: {x: '{{ 1 / 0 + words }}'}", "wanted matches"),
]
"""Lines of a trigger, one for each pin, and what its event is told."""

TRIGGER = """
pin: p-{name}
triggers:
  - source: stripe
    event: {event}
    extract: {{words: {{body: $.words}}, items: {{body: $.items}}, at: {{body: $.created}}}}
    {lines}
update: {{metadata: {{pin_config: {{cards: [{{title: x, value: {value}}}]}}}}}}
deliver: {{min_interval: 0s}}
"""


def mappings() -> dict[str, str]:
    """Give a mapping for each attack, and one that means well."""
    rendered = {f"rendered-{number}": ("drawn", "", template) for number, (template, _) in enumerate(RENDERED)}
    ingested = {f"ingested-{number}": (f"taken-{number}", lines, "x") for number, (lines, _) in enumerate(INGESTED)}
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

    # Each is stopped by what is to stop it: an attack that fails for another reason tries nothing.
    told = parked(bridge)
    assert told.keys() == {f"p-rendered-{number}" for number in range(len(RENDERED))}
    for number, (_, reason) in enumerate(RENDERED):
        assert reason in told[f"p-rendered-{number}"]
    for number, (_, reason) in enumerate(INGESTED):
        assert any(reason in each for each in reasons_told(bridge, f"taken-{number}"))
    assert max(slowest) < 5  # some tenths of a second on a busy machine


def parked(bridge: BridgeProcess) -> dict[str, str]:
    """Give the pins that are set aside, and why."""
    return dict(bridge.rows("SELECT pin, message FROM deliveries WHERE parked_at IS NOT NULL"))


def reasons_told(bridge: BridgeProcess, event_type: str) -> list[str]:
    """Give why the one event of a type is an error, or not wanted."""
    [(told,)] = bridge.rows("SELECT outcomes FROM events WHERE type = ?", event_type)
    return [each["reason"] for each in json.loads(told) if each["kind"] in {"error", "not_matched"}]
