"""What loading changed mappings would lose, looked up before it is done; reads only."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from bridge.store.active_set import LATEST, ActiveSet
from bridge.store.beginning import Loss
from bridge.store.carrying import is_carried
from bridge.store.generations import predecessor, read_generations
from bridge.store.journal import read_ends
from bridge.store.reader import Reader
from bridge.store.records import ActivePin


def foresee(reader: Reader, pins: Iterable[ActivePin]) -> list[Loss]:
    """Find the entries that would begin anew, without what came before the journal does."""
    declared = ActiveSet.of(pins)
    return reader.read(lambda connection: list(_losses(connection, declared)))


def _losses(connection: Connection, declared: ActiveSet) -> Iterator[Loss]:
    journal = read_ends(connection)
    for key, found in read_generations(connection).items():
        mapping, entry = key
        old = predecessor(found)
        if journal is None or old is None or entry == LATEST or key not in declared.folded_by:
            continue
        is_new = all(each.fingerprint != declared.folded_by[key] for each in found.values())
        if is_new and journal.lacks(old.complete_since) and not is_carried(old, declared.definitions[mapping][entry]):
            yield Loss(mapping, entry, journal.complete_since)
