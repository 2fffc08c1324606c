"""What is loaded, as the writer needs it to fold by: a record, replaced as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bridge.mappings import AllowedPins, MappingSet
from bridge.mappings.entries.definitions import Definition
from bridge.state.rows import Held
from bridge.store.records import ActivePin

LATEST = ""
"""What stands for an entry's name where it is about what the newest events said."""

_NONE = AllowedPins()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSet:
    """The loaded mappings: fingerprints by mapping, literal pins with theirs, families with what bounds them.

    `stale_after_s` has only the mappings that set it, `awaiting` those whose pin is not made before its first event.
    `definitions` has the entries of each mapping, and `folded_by` the fingerprint by (mapping, entry), the entry
    `LATEST` included.

    The rest is known to the database: the generations that take events as they come, by mapping and entry
    (`generations`) and by mapping (`latest`).
    """

    fingerprints: Mapping[str, bytes]
    literal_pins: Mapping[str, str]
    families: Mapping[str, AllowedPins]
    max_pins: Mapping[str, int]
    stale_after_s: Mapping[str, int]
    awaiting: frozenset[str]
    definitions: Mapping[str, Mapping[str, Definition]]
    folded_by: Mapping[tuple[str, str], bytes]
    generations: Mapping[str, Mapping[str, Held]] = field(default_factory=dict)
    latest: Mapping[str, int] = field(default_factory=dict)

    def has(self, pin: str, mapping: str) -> bool:
        """Tell whether a pin may be shown by a mapping: one that declares it, or a family that allows it."""
        return self.literal_pins.get(pin) == mapping or pin in self.families.get(mapping, _NONE)

    def shape_of(self, mapping: str, entry: str) -> bytes:
        """Give the shape of what an entry keeps; `LATEST` has none."""
        return b"" if entry == LATEST else self.definitions[mapping][entry].shape

    @classmethod
    def of(cls, pins: Iterable[ActivePin]) -> "ActiveSet":
        """Gather what the loaded mappings declare; nothing is folded by it before it was activated."""
        declared = tuple(pins)
        return cls(
            fingerprints={entry.mapping: entry.fingerprint for entry in declared},
            literal_pins={entry.pin: entry.mapping for entry in declared if entry.pin is not None},
            families={entry.mapping: entry.allowed for entry in declared if entry.pin is None},
            max_pins={entry.mapping: entry.max_pins for entry in declared if entry.max_pins is not None},
            stale_after_s={entry.mapping: entry.stale_after_s for entry in declared if entry.stale_after_s is not None},
            awaiting=frozenset(entry.mapping for entry in declared if entry.awaits_event),
            definitions={entry.mapping: entry.state for entry in declared if entry.state},
            folded_by=_folded_by(declared),
        )


def _folded_by(declared: Iterable[ActivePin]) -> dict[tuple[str, str], bytes]:
    folded_by = {}
    for pin in declared:
        folded_by[pin.mapping, LATEST] = pin.latest_fingerprint
        folded_by.update({(pin.mapping, name): each.fingerprint for name, each in pin.state.items()})
    return folded_by


def active_pins(mappings: MappingSet, *, keeps: bool = True) -> list[ActivePin]:
    """Give what each enabled mapping may show, and what it is folded by.

    On a disk that does not keep it, a new database does not mean that the dashboard shows nothing yet: then a pin is
    left as it is until an event moves it.
    """
    return [
        ActivePin(
            pin=mapping.pin,
            mapping=mapping.name,
            fingerprint=mapping.render_fingerprint,
            allowed=mapping.allowed_pins,
            max_pins=mapping.max_pins,
            stale_after_s=mapping.stale_after_s,
            latest_fingerprint=mapping.latest_fingerprint,
            state=mapping.state,
            awaits_event=not keeps and bool(mapping.triggers),
        )
        for mapping in mappings.mappings.values()
        if mapping.enabled
    ]
