"""Ingest on one core: signed 1.6 KB Stripe events against an endpoint that only reads the body.

The bridge verifies, parses, matches two conditions, extracts four variables, makes the event durable
(SQLite, synchronous=FULL, its default) and updates its pins in a sandbox; one bridge for each number of
mappings that an event matches, without state and with four entries in each mapping.
"""

import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

from benchmarks.bare import bare
from benchmarks.bridge_server import SandboxAddress, bridge_server, sandbox
from benchmarks.figures import at_least, at_most, chart, spread, table
from benchmarks.process import BenchmarkFailed, resident_mib
from benchmarks.rounds import BY_CPU, COLUMNS, CONNECTIONS, Rounds, Server, alternate, columns, cpu_ratios, ratios
from benchmarks.sales import sales_mapping

MATCHING = (0, 1, 4, 16)
BARE = "bare Starlette"
PLAIN_WANTED, STATE_WANTED, OF_PLAIN_WANTED, P99_WANTED_MS = 0.60, 0.45, 0.75, 15


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report; raises `BenchmarkFailed` where the state did not count every event."""
    with ExitStack() as running:
        servers = {BARE: running.enter_context(bare(folder))}
        destination = running.enter_context(sandbox(folder, rate="9000/60s"))
        for state in (False, True):
            for matching in MATCHING:
                server = _bridge(folder, destination, matching, state=state, requests=requests)
                servers[_name(matching, state=state)] = running.enter_context(server)
        before = [resident_mib(server.process.pid) for server in servers.values()]
        results = alternate(servers, rounds=rounds, requests=requests)
        after = [resident_mib(server.process.pid) for server in servers.values()]
        for matching in MATCHING[1:]:
            _check_state(_folder(folder, matching, state=True), (rounds + 1) * _requests(requests, matching))
    memory = [f"{start:.0f} to {end:.0f}" for start, end in zip(before, after, strict=True)]
    return _report(results, requests, memory)


def _name(matching: int, *, state: bool) -> str:
    return f"{matching} {'trigger' if matching == 1 else 'triggers'}{', state' if state else ''}"


def _folder(folder: Path, matching: int, *, state: bool) -> Path:
    return folder / f"{matching}-{'state' if state else 'plain'}"


def _requests(requests: int, matching: int) -> int:
    """Give how many events a round has: less where each of them takes long."""
    return requests // max(1, matching // 4)


def _bridge(
    folder: Path, destination: SandboxAddress, matching: int, *, state: bool, requests: int
) -> AbstractContextManager[Server]:
    mappings = {f"sales{number}.yaml": sales_mapping(number, state=state) for number in range(matching)}
    none_matches = {"sales.yaml": sales_mapping(state=state, currency="usd")}
    return bridge_server(
        _folder(folder, matching, state=state),
        mappings or none_matches,
        destination,
        requests=_requests(requests, matching),
    )


def _check_state(folder: Path, events: int) -> None:
    """Fail unless the state has counted every event."""
    database = folder / "pinbridge.db"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        counts = [data for (data,) in connection.execute("SELECT data FROM state WHERE part = 'b'")]
    if str(events) not in counts:
        raise BenchmarkFailed(f"no bucket has counted {events:,} events; they hold {', '.join(counts)}")


def _report(results: Mapping[str, Rounds], requests: int, memory: Sequence[str]) -> str:
    of_bare = {name: ratios(rounds, results[BARE]) for name, rounds in results.items()}
    rows = [
        (name, *columns(rounds), spread(of_bare[name], 2), spread(cpu_ratios(rounds, results[BARE]), 2), mib)
        for (name, rounds), mib in zip(results.items(), memory, strict=True)
    ]
    headings = ("matching", *COLUMNS, "of bare", "by CPU", "memory MiB")
    medians = {name: statistics.median(values) for name, values in of_bare.items()}
    plain, stateful = _name(1, state=False), _name(1, state=True)
    of_plain = statistics.median(ratios(results[stateful], results[plain]))
    p99_ms = {name: statistics.median([each.p99_ms for each in results[name]]) for name in (plain, stateful)}
    wanted = (
        at_least(f"{plain}, of bare Starlette", PLAIN_WANTED, medians[plain]),
        at_least(f"{stateful}, of bare Starlette", STATE_WANTED, medians[stateful]),
        at_least(f"{stateful}, of {plain} without", OF_PLAIN_WANTED, of_plain),
        *(at_most(f"{name}, p99 in ms where an fsync takes 0.3 ms", P99_WANTED_MS, p99_ms[name]) for name in p99_ms),
    )
    return (
        f"## Ingest on one core\n\n{table(headings, rows)}\n\n"
        f"{chart('Requests a second, of those of bare Starlette', 'ratio', medians)}\n\n"
        f"{len(results[BARE])} rounds of {requests:,} events each (a quarter of it with {MATCHING[-1]} triggers), "
        f"{CONNECTIONS} connections; median (lowest-highest). Each trigger that matches is of a mapping of its own, "
        "with a pin of its own. State: in each mapping a sum and a count by day, a sum over 24 h, and a table of the "
        f"ten newest payments. {BY_CPU}\n\n" + "\n".join(wanted)
    )
