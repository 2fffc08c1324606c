"""Dispatch by index gives what evaluating every mapping one by one gives."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import an_event

from bridge.events import Event, Json
from bridge.mappings import load_texts

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIELDS = ("a", "b")
VALUES: tuple[Json, ...] = ("x", "y", "1", 1, 2, 1.5, True, False, None)
TYPES = ("order", "order.created", "order.created.late", "orders", "refund", "")
PATTERNS = ("order", "order.created", "refund", "*", "order*", "*.created", "re*d")


class Rule:
    """One trigger as the oracle knows it: event patterns, and per field the values wanted."""

    def __init__(self, patterns: list[str], wanted: Mapping[str, list[Json]]) -> None:
        self.patterns = patterns
        self.wanted = wanted

    def yaml(self, number: int) -> bytes:
        """Write the rule as a mapping; JSON is YAML."""
        event = f"\n    event: {[*self.patterns]!r}" if self.patterns else ""
        conditions = ", ".join(
            f"$.{field}: [{', '.join(map(_yaml_scalar, values))}]" if len(values) > 1 else _line(field, values)
            for field, values in self.wanted.items()
        )
        return (
            f"pin: p-{number}\ntriggers:\n  - source: shop{event}\n    when: {{{conditions}}}\n"
            "update: {metadata: {title: x}}\n"
        ).encode()

    def takes(self, event_type: str, payload: dict[str, Json]) -> bool:
        """Decide by the words of the reference alone."""
        is_asked = not self.patterns or any(_names(pattern, event_type) for pattern in self.patterns)
        return is_asked and all(
            field in payload and any(_equal(payload[field], value) for value in values)
            for field, values in self.wanted.items()
        )


def _line(field: str, values: list[Json]) -> str:
    return f"$.{field}: {_yaml_scalar(values[0])}"


def _yaml_scalar(value: Json) -> str:
    return json.dumps(value)


def _equal(found: Json, wanted: Json) -> bool:
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _names(pattern: str, event_type: str) -> bool:
    """Try the type and each dotted prefix of it against the pattern."""
    parts = event_type.split(".")
    return any(_globs(pattern, ".".join(parts[:length])) for length in range(1, len(parts) + 1))


def _globs(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_globs(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return text[:1] == pattern[0] and _globs(pattern[1:], text[1:])


_RULES = st.builds(
    Rule,
    st.lists(st.sampled_from(PATTERNS), max_size=2),
    st.dictionaries(st.sampled_from(FIELDS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=3), max_size=2),
)
_PAYLOADS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(_RULES, min_size=1, max_size=8),
    st.integers(1, 10),
    st.lists(st.tuples(st.sampled_from(TYPES), _PAYLOADS), min_size=1, max_size=10),
)
def test_the_index_changes_no_result(rules: list[Rule], copies: int, events: list[tuple[str, dict[str, Json]]]) -> None:
    """Few mappings or many (the index begins at 33), each event moves the pins that the rules say, in order."""
    everyone = rules * copies
    loaded = load_texts({f"m{number:03}.yaml": rule.yaml(number) for number, rule in enumerate(everyone)}, {})
    for event_type, payload in events:
        evaluation = loaded.evaluate(_event(event_type, payload))
        expected = [f"p-{number}" for number, rule in enumerate(everyone) if rule.takes(event_type, payload)]
        assert [change.pin for change in evaluation.changes] == expected
        assert [outcome.pin for outcome in evaluation.outcomes if outcome.kind == "matched"] == expected


def _event(event_type: str, payload: dict[str, Json]) -> Event:
    return an_event(type=event_type, received_at=NOW, payload=dict(payload))
