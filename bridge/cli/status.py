"""`pinbridge status`: how the bridge stands, in a few lines, or that none runs and what its database says.

It exits with 1 where something wants attention, so that a script needs to read none of it.
"""

from collections.abc import Iterator

from bridge.api.shapes import BudgetWindow, Database, Journal, Process, Standing, Status
from bridge.cli.look import STATES
from bridge.cli.output import print_json, stdout

KEY = {
    "open": "open",
    "refused": "refused by the API",
    "slowed": "paused, since the API asked for fewer requests",
    "probing": "one request is out to see whether the API takes it",
}
_SIZES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def show_status(status: Status, *, as_json: bool) -> bool:
    """Print how all stands, and what somebody has to do; tell whether that is nothing."""
    to_do = list(_to_do(status))
    if as_json:
        print_json(status.model_dump(mode="json"))
    else:
        for name, told in (*_lines(status), *(("to do", what) for what in to_do)):
            stdout.print(f"{name:9} {told}", markup=False)
    return not to_do


def _to_do(status: Status) -> Iterator[str]:
    """Name what does not mend itself."""
    if status.bridge is None:
        yield "start the bridge: nobody takes webhooks"
    else:
        if status.bridge.refused:
            yield "mend the mappings that are refused; `pinbridge validate` shows each mistake in its place"
        if status.bridge.key.state == "refused":
            yield "set a key that works as PINDOWN_API_KEY and start the bridge again; `pinbridge doctor` tries it"
    if status.store is None:
        yield "look at the database's disk; `pinbridge doctor` says how it is"
    elif status.store.pins.get("parked"):
        yield "`pinbridge parked` says why pins are set aside; once that is mended, `pinbridge retry` sends them"


def _lines(status: Status) -> Iterator[tuple[str, str]]:
    yield "bridge", "none runs" if status.bridge is None else _process(status.bridge)
    if status.bridge is not None:
        for problem in status.bridge.refused:
            yield "refused", problem
        yield "key", _key(status.bridge)
    if status.store is not None:
        yield from _standing(status.store)
    else:
        yield "database", status.problem


def _process(process: Process) -> str:
    mappings = _counted(process.mappings, "mapping")
    waiting = f", {_counted(process.waiting_events, 'webhook')} waiting" if process.waiting_events else ""
    return f"{process.version}, up {_length(process.uptime_s)}, {mappings}{waiting}"


def _key(process: Process) -> str:
    share = "" if process.key.rate == 1 else f"; {process.key.rate:.0%} of the budget in use"
    return f"{KEY[process.key.state]}{share}"


def _standing(standing: Standing) -> Iterator[tuple[str, str]]:
    pins = [f"{count:,} {STATES[state]}" for state, count in standing.pins.items() if count]
    late = f"; the longest has been due for {_length(standing.oldest_due_s)}" if standing.oldest_due_s >= 1 else ""
    yield "pins", (", ".join(pins) or "none") + late
    yield "budget", ", ".join(map(_window, standing.budget))
    for rebuild in standing.rebuilds:
        yield "rebuilds", f"{rebuild.mapping}: {rebuild.read:,} of {_counted(rebuild.of, 'event')}"
    yield "journal", _journal(standing.journal)
    yield "database", "in memory" if standing.database is None else _database(standing.database)


def _window(window: BudgetWindow) -> str:
    return f"{window.left:,} of {window.tokens:,} tokens left (in any {_length(window.length_s)})"


def _journal(journal: Journal) -> str:
    lacking = f"; a mapping lacks {_counted(journal.lacking, 'event')}, see pinbridge replay" if journal.lacking else ""
    if not journal.events:
        return f"no events{lacking}"
    size = f", {_size(journal.bytes)}" if journal.bytes else ""
    return f"{_counted(journal.events, 'event')}{size}, the oldest from {_length(journal.age_s)} ago{lacking}"


def _database(database: Database) -> str:
    beside = f"{_size(database.log)} in the write-ahead log, {_size(database.free)} free on the disk"
    return f"{_size(database.database)}, {beside}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _length(seconds: float) -> str:
    """Write a length of time in its two largest units."""
    left, told = int(seconds), []
    for size, unit in _UNITS:
        if left >= size:
            told.append(f"{left // size} {unit}")
            left %= size
    if left or not told:
        told.append(f"{left} s")
    return " ".join(told[:2])


def _size(size_bytes: int) -> str:
    unit, size = next(((name, each) for name, each in _SIZES if size_bytes >= each), _SIZES[-1])
    return f"{size_bytes / size:,.1f} {unit}"
