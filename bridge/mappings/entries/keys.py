"""The keys of an entry: which there are, which make a metric and which a table of it, and what else they are called."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from bridge.located import MappingNode
from bridge.mappings.entries import metrics, tables
from bridge.mappings.entries.words import OTHER_KINDS, OTHER_OPTIONS, OTHER_TABLE_OPTIONS
from bridge.spelling import nearest

ROWS: Final = "rows"
MEANINGS = (*metrics.KINDS, ROWS)
"""What an entry can be; it is one of these."""

TABLE_KEYS = (ROWS, *tables.OPTIONS)

_CLEARLY = 0.8
_OF_TABLES_ONLY = tuple(key for key in tables.OPTIONS if key not in metrics.OPTIONS)
_OF_METRICS_ONLY = tuple(key for key in metrics.OPTIONS if key not in tables.OPTIONS)


def _meant(words: Mapping[str, str]) -> dict[str, str]:
    return {word: f"is no key of an entry; did you mean {meant!r}?" for word, meant in words.items()}


_OUTER = dict.fromkeys(
    ("type", "timezone", "locale", "constants", "update", "deliver", "stale_after", "tests"),
    "is a key of the mapping, not of an entry; it begins further left",
)

STRANGE_TO_METRICS: Mapping[str, str] = MappingProxyType(
    {
        **_OUTER,
        **_meant({**OTHER_KINDS, **OTHER_OPTIONS}),
        **dict.fromkeys(_OF_TABLES_ONLY, "belongs to a table, an entry with 'rows'"),
        "key": "belongs to a table, an entry with 'rows'; 'by' makes a metric for each group",
    }
)
"""What is said of keys that mean something, but not in a metric."""

STRANGE_TO_TABLES: Mapping[str, str] = MappingProxyType(
    {
        **_OUTER,
        **_meant({**OTHER_KINDS, **OTHER_OPTIONS, **OTHER_TABLE_OPTIONS}),
        **dict.fromkeys(_OF_METRICS_ONLY, "belongs to a metric, and this is a table"),
        "by": "belongs to a metric; the rows of a table are told apart by 'key'",
        "window": "belongs to a metric; the rows of a table go after their 'ttl'",
    }
)
"""What is said of keys that mean something, but not in a table."""


def meanings(node: MappingNode) -> list[str]:
    """Give what an entry says that it is: one thing, where it is right; where nothing, what may be meant."""
    written = [entry.name for entry in node.entries]
    found = [name for name in written if name in MEANINGS] or [*_guesses(written)][:1]
    return found or [ROWS for name in written if name in _OF_TABLES_ONLY][:1]


def _guesses(written: Iterable[str]) -> Iterable[str]:
    for name in written:
        meant = OTHER_KINDS.get(name) or nearest(name, MEANINGS, at_least=_CLEARLY)
        if meant is not None and name not in (*metrics.OPTIONS, *tables.OPTIONS):
            yield meant
