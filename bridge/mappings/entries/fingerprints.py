"""Hashes that tell one definition from another, so that what was folded by one is not taken for another's. Pure."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from decimal import Decimal
from functools import reduce
from itertools import chain

from bridge.mappings.entries.compiled import Compiled
from bridge.mappings.entries.definitions import MetricEntry, TableEntry
from bridge.mappings.entries.trigger_sets import NO_TRIGGERS, TriggerSet, positions
from bridge.mappings.triggers.facts import Shared
from bridge.mappings.triggers.trigger_definition import Declared

FOLDED_BY = 1
"""Part of each hash: raised when the same events come to be folded otherwise."""

_SIZE = 16


class Ground:
    """What decides of an event which pin it moves, when, and by what values; `pin` is what the author wrote of it."""

    def __init__(self, triggers: Iterable[Declared], pin: object, shared: Shared) -> None:
        self._told = [_hashed(trigger.written).hex() for trigger in triggers]
        self._read = [trigger.names.read & shared.constants.keys() for trigger in triggers]
        self._pin = pin
        self._shared = shared

    def of(self, triggers: TriggerSet, names: Collection[str] = ()) -> object:
        """Give all that decides of the events of some triggers, and by the constants among some names."""
        places = list(positions(triggers))
        read = self._shared.constants.keys() & {*names, *chain.from_iterable(self._read[place] for place in places)}
        constants = {name: self._shared.constants[name] for name in read}
        return [sorted(self._told[place] for place in places), self._pin, constants, str(self._shared.timezone)]


def fingerprint(compiled: Compiled, ground: Ground) -> bytes:
    """Hash all that decides what is folded into an entry."""
    triggers = reduce(TriggerSet.__or__, (fed.triggers for fed in compiled.fed), NO_TRIGGERS)
    entry = compiled.entry
    left_out = {"name", "columns", "limit"} if isinstance(entry, TableEntry) else {"name"}
    if isinstance(entry, TableEntry) and entry.order_by is None:
        left_out.add("descending")
    parts = {key: value for key, value in _parts(entry).items() if key not in left_out}
    return _hashed([parts, compiled.written, ground.of(triggers, compiled.names)])


def shape(compiled: Compiled) -> bytes:
    """Hash how an entry is kept: rows of one shape can stand beside each other."""
    entry = compiled.entry
    if isinstance(entry, MetricEntry):
        return _hashed([entry.kind, entry.buckets, entry.window_s, compiled.grouped_by])
    stored = [(column.name, column.kind) for column in entry.columns if column.kind != "computed"]
    order = None if entry.order_by is None else (entry.order_by, entry.descending)
    return _hashed(["table", sorted(stored), entry.buckets, compiled.grouped_by, order, entry.track])


def latest_fingerprint(ground: Ground, triggers: TriggerSet) -> bytes:
    """Hash all that decides what the newest events said."""
    return _hashed(ground.of(triggers))


def _parts(value: object) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields_of(value)}  # type: ignore[arg-type]  # a dataclass


def _hashed(told: object) -> bytes:
    return hashlib.blake2b(_written([FOLDED_BY, told]).encode(), digest_size=_SIZE).digest()


def _written(told: object) -> str:
    return json.dumps(told, default=_plain, ensure_ascii=False, sort_keys=True)


def _plain(value: object) -> object:
    """Write what JSON has no word for; a decimal is no text of the same digits."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return _parts(value) if is_dataclass(value) else str(value)
