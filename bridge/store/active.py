"""What is loaded now: which mappings render, and which pins they may show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.store.records import ActivePin


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSet:
    """The loaded mappings: fingerprints by mapping, literal pins with theirs, families with their bound."""

    fingerprints: Mapping[str, bytes]
    literal_pins: Mapping[str, str]
    families: frozenset[str]
    max_pins: Mapping[str, int]

    @classmethod
    def of(cls, pins: Iterable[ActivePin]) -> "ActiveSet":
        """Gather what the loaded mappings declare."""
        declared = tuple(pins)
        return cls(
            fingerprints={entry.mapping: entry.fingerprint for entry in declared},
            literal_pins={entry.pin: entry.mapping for entry in declared if entry.pin is not None},
            families=frozenset(entry.mapping for entry in declared if entry.pin is None),
            max_pins={entry.mapping: entry.max_pins for entry in declared if entry.max_pins is not None},
        )
