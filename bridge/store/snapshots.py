"""What a pin shows, read within one moment: its newest events, and the generations that its state is read from."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, literal_column, select, union_all

from bridge.instants import maybe_instant, to_instant
from bridge.mappings import EventHeader, Latest
from bridge.mappings.entries.definitions import Definition
from bridge.mappings.values.values import decode_values
from bridge.mappings.values.versions import decode_version
from bridge.state import Held, Readings
from bridge.store.active_set import LATEST
from bridge.store.records import Snapshot
from bridge.store.state_rows import StateRows
from bridge.store.tables import generations, latest, pins

T = TypeVar("T")


def read_snapshot(connection: Connection, pin: str, declared: Mapping[str, Mapping[str, Definition]]) -> Snapshot:
    """Read what a pin shows, at one moment: the connection is in a transaction. `declared` are the loaded entries."""
    owner = connection.execute(select(pins).where(pins.c.pin == pin)).one()
    in_use = connection.execute(_in_use(owner.mapping)).all()
    found = {row.entry: row for row in in_use if row.status == "live"}
    entries = declared.get(owner.mapping, {})
    held = {name: _held(each, found[name]) for name, each in entries.items() if _is_of(each, found.get(name))}
    newest = found.get(LATEST)
    rows: Iterable[Any] = () if newest is None else connection.execute(_latest_of(newest.number, pin))
    return Snapshot(
        revision=owner.revision,
        mapping=owner.mapping,
        fingerprint=owner.fingerprint,
        latest={row.trigger: _latest(row) for row in rows},
        held=held,
        rebuilding=len(in_use) > len(found) or newest is None or held.keys() != entries.keys(),
        stale_at=maybe_instant(owner.stale_at),
    )


def view_pin(
    connection: Connection,
    pin: str,
    declared: Mapping[str, Mapping[str, Definition]],
    work: Callable[[Snapshot, Readings], T],
) -> T:
    """Give what `work` makes of what a pin shows; it may read rows as long as it runs, all of one moment."""
    return work(read_snapshot(connection, pin, declared), StateRows(connection.connection.cursor()))


def _in_use(mapping: str) -> Select[Any]:
    """Find the generations of a mapping that take events or are built, by their indexes."""
    of_mapping = generations.c.mapping == mapping
    live = select(generations).where(of_mapping, generations.c.status == literal_column("'live'"))
    built = select(generations).where(of_mapping, generations.c.status == literal_column("'building'"))
    return select(union_all(live, built).subquery())


def _latest_of(generation: int, pin: str) -> Select[Any]:
    return select(latest).where(latest.c.generation == generation, latest.c.pin == pin)


def _is_of(definition: Definition, row: Any | None) -> bool:
    """Tell whether a generation is there, and of this definition: rows of another one say something else."""
    return row is not None and row.fingerprint == definition.fingerprint


def _held(definition: Definition, row: Any) -> Held:
    return Held(row.number, definition.entry, maybe_instant(row.complete_since))


def _latest(row: Any) -> Latest:
    at = to_instant(row.at)
    header = EventHeader(
        source=row.event_source,
        type=row.event_type,
        id=row.event_id,
        at=at,
        received_at=to_instant(row.received_at),
    )
    return Latest(
        variables=decode_values(row.variables),
        at=at,
        event=header,
        version=decode_version(row.version),
        number=row.number,
        item=row.item,
    )
