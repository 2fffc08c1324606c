"""When silence makes a pin stale, and what its template then knows."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.mappings import load_texts, stale_at, stale_since

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR_S, DAY_S = 3600, 86400
MAPPING = """
pin: p-backup
timezone: Europe/Berlin
triggers: [{source: backups}]
update: {metadata: {title: "{{ stale }} {{ stale_since }}"}}
"""


def ago(seconds: float) -> datetime:
    """Give an instant before noon."""
    return NOON - timedelta(seconds=seconds)


def test_a_pin_turns_stale_once_it_heard_nothing_for_so_long() -> None:
    """Counted from when it was last heard, to the second."""
    assert stale_at(DAY_S, heard_at=NOON) == NOON + timedelta(days=1)
    assert stale_at(1, heard_at=NOON) == NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("stale_after_s", "heard_s_ago", "turns_in_s"),
    [
        (DAY_S, 30 * DAY_S, 600),  # silent for a month, and the bridge was down: ten minutes of grace
        (DAY_S, DAY_S - 60, 600),  # due in a minute: not before the grace is over
        (DAY_S, DAY_S - HOUR_S, HOUR_S),  # due in an hour: the grace is long over by then
        (2, 30 * DAY_S, 2),  # a grace is never longer than the silence that is allowed
    ],
)
def test_a_start_gives_a_grace(stale_after_s: int, heard_s_ago: int, turns_in_s: int) -> None:
    """Whichever is less of `stale_after` and ten minutes must pass before a pin turns stale."""
    found = stale_at(stale_after_s, heard_at=ago(heard_s_ago), started_at=NOON)
    assert found == NOON + timedelta(seconds=turns_in_s)


def test_a_pin_is_stale_from_that_very_moment() -> None:
    """Not a microsecond before, and never where nothing makes it so."""
    assert stale_since(NOON, NOON) == NOON
    assert stale_since(NOON, NOON - timedelta(microseconds=1)) is None
    assert stale_since(None, NOON) is None


@pytest.mark.parametrize(
    ("since", "title"),
    [(None, "false \N{EN DASH}"), (ago(HOUR_S), "true 2026-11-22T12:00:00+01:00")],
)
def test_templates_know_since_when_a_pin_is_stale(since: datetime | None, title: str) -> None:
    """Both names always have a value, with or without `stale_after`; the time is local."""
    mappings = load_texts({"backup.yaml": MAPPING.encode()}, {})
    assert mappings.render("backup", "p-backup", {}, NOON, since).body == {"metadata": {"title": title}}


def test_another_stale_after_renders_the_pin_anew() -> None:
    """It is part of what decides how a pin looks; its spelling in the file is not."""
    texts = {name: f"{MAPPING}stale_after: {name}\n".replace("p-backup", f"p-{name}") for name in ("24h", "25h")}
    loaded = load_texts({f"{name}.yaml": text.encode() for name, text in texts.items()}, {}).mappings
    fingerprint = load_texts({"24h.yaml": texts["24h"].encode()}, {}).mappings["24h"].render_fingerprint
    changed = load_texts({"24h.yaml": texts["24h"].replace(": 24h", ": 25h").encode()}, {}).mappings["24h"]
    assert loaded["24h"].render_fingerprint == fingerprint
    assert changed.render_fingerprint != fingerprint
