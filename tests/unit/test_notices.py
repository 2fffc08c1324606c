"""What the bridge tells of itself: the shape of each event."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.notices import (
    MOST_ERRORS,
    Notice,
    key_paused,
    key_resumed,
    pin_parked,
    pin_recovered,
    reload_notice,
    source_heard,
    source_silent,
)

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "mappings" / "samples" / "pinbridge"


def at(text: str) -> datetime:
    """Read a time of that night."""
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=UTC)


MISTAKE = "sales.yaml:3:1: unknown key 'pn', did you mean 'pin'?"
ORDERS: dict[str, Any] = {"pin": "p-orders", "mapping": "orders", "sources": ["shopify"]}
NOTICES = {
    "pin-parked": pin_parked(
        pin="p-sales",
        mapping="sales",
        revision=12,
        code="NOT_FOUND",
        reason="404 NOT_FOUND: Pin not found",
        at=at("02:14:07.312"),
    ),
    "pin-recovered": pin_recovered(pin="p-sales", mapping="sales", revision=12, at=at("06:40:00.1")),
    "key-paused": key_paused(reason="the API refuses the key: 401 UNAUTHORIZED: Invalid API key", at=at("03:00:00.5")),
    "key-resumed": key_resumed(at=at("06:30:00.25")),
    "source-silent": source_silent(**ORDERS, since=at("04:00:00"), at=at("04:00:00.08")),
    "source-heard": source_heard(**ORDERS, at=at("05:12:44.9")),
    "reload-refused": reload_notice([MISTAKE], at("05:00:00.01")),
    "reload-taken": reload_notice([], at("05:03:21.6")),
}


def told(notice: Notice) -> dict[str, Any]:
    """Read what a notice says."""
    said: dict[str, Any] = json.loads(notice.payload())
    return said


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_the_samples_are_what_is_sent(name: str) -> None:
    """So that a mapping that passes its tests takes the real ones."""
    assert told(NOTICES[name]) == json.loads((SAMPLES / f"{name}.json").read_bytes())


def test_there_is_a_sample_of_each() -> None:
    """And none of anything else."""
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(NOTICES)


def test_the_page_has_each_with_its_fields() -> None:
    """What an author may read is in the table of docs/operations.md."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    common = set.intersection(*(set(told(notice)) for notice in NOTICES.values()))
    for notice in NOTICES.values():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{notice.type}` |"))
        assert set(told(notice)) - common == {name for name in told(notice) if f"`{name}`" in row} - common
    (shared,) = (line for line in page.splitlines() if line.startswith("Each has "))
    assert {name for name in common if f"`{name}`" not in shared} == set()


def test_what_begins_and_ends_is_about_one_subject() -> None:
    """By which a row finds its end."""
    for begins, ends in (
        ("pin-parked", "pin-recovered"),
        ("key-paused", "key-resumed"),
        ("source-silent", "source-heard"),
        ("reload-refused", "reload-taken"),
    ):
        one, other = told(NOTICES[begins]), told(NOTICES[ends])
        assert (one["subject"], one["status"], other["status"]) == (other["subject"], "open", "over")


def test_the_same_trouble_is_one_event_and_another_one_is_another() -> None:
    """A notice that is told again is a duplicate."""
    again = key_paused(reason="other words", at=NOTICES["key-paused"].at)
    later = key_paused(reason="", at=NOTICES["key-paused"].at + timedelta(microseconds=1))
    assert told(again)["id"] == told(NOTICES["key-paused"])["id"] != told(later)["id"]


def test_many_and_long_mistakes_are_bounded() -> None:
    """An event has a size."""
    said = told(reload_notice(["x" * 10_000] * 1000, at("05:00:00")))
    assert (len(said["errors"]), said["count"]) == (MOST_ERRORS, 1000)
    assert max(map(len, said["errors"])) == len(said["reason"]) == 500
