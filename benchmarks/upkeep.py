"""What webhooks feel of retention, backup and rebuild: the p99 of their answers, against the same without.

In each round a journal is filled with the events of the ingest benchmark, four times the requests of a round.
A little traffic then has the bridge to itself, and beside one kind of upkeep after the other; for retention the bridge
is started again with room for a tenth of the journal. Upkeep that ends before the traffic spoils the measurement.
"""

import sqlite3
import statistics
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bridge_server import SandboxAddress, bridge, command, sandbox
from benchmarks.figures import spread, table
from benchmarks.process import BenchmarkFailed, load
from benchmarks.sales import sales_mapping

JOURNAL_ROUNDS = 4
"""Events of the journal, as a multiple of the requests of a round."""

CONNECTIONS, PAUSE_S, WINDOW_S = 4, 0.02, 6
"""Traffic of about 190 events a second."""

LITTLE_ROOM = "16MiB"
MOST_RATIO = 2.0

ALONE = "nothing else"


@dataclass(slots=True)
class Windows:
    """What was measured beside one kind of upkeep: p50 and p99 in ms, times the p99 of the round alone, MiB of log."""

    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)
    log_mib: list[float] = field(default_factory=list)


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    measured: dict[str, Windows] = {}
    with sandbox(folder, rate="180/60s") as destination:
        for number in range(rounds):
            place = folder / f"round-{number}"
            place.mkdir()
            _Round(place, destination, measured).run(JOURNAL_ROUNDS * requests)
    for what, windows in measured.items():
        if (ratio := statistics.median(windows.ratio)) > MOST_RATIO:
            raise BenchmarkFailed(f"beside {what} the p99 of a webhook is {ratio:.1f} times as long: {windows.ratio}")
    return _report(JOURNAL_ROUNDS * requests, measured)


class _Round:
    """One journal, and every kind of upkeep once."""

    def __init__(self, folder: Path, destination: SandboxAddress, measured: dict[str, Windows]) -> None:
        self._folder = folder
        self._destination = destination
        self._measured = measured
        self._sent = 0

    def run(self, events: int) -> None:
        """Measure everything."""
        mappings = {"sales.yaml": sales_mapping(state=True)}
        with bridge(self._folder, mappings, self._destination) as (url, _):
            hook = f"{url}/hooks/stripe"
            while self._sent < events:
                self._send(hook, min(20_000, events - self._sent), connections=64)
            self._compare(hook, "a backup", self._backups)
            self._compare(hook, "a rebuild", self._rebuild)
        with bridge(self._folder, mappings, self._destination, PINBRIDGE_JOURNAL_MAX=LITTLE_ROOM) as (url, _):
            hook = f"{url}/hooks/stripe"
            during = self._window(hook, self._retention)
            self._wait_for_retention()
            self._note("retention", during, self._window(hook, _nothing))

    def _compare(self, hook: str, what: str, upkeep: Callable[[], AbstractContextManager[None]]) -> None:
        alone = self._window(hook, _nothing)
        self._note(what, self._window(hook, upkeep), alone)

    def _note(self, what: str, during: tuple[dict[str, float], float], alone: tuple[dict[str, float], float]) -> None:
        for name, (result, log_mib) in ((ALONE, alone), (what, during)):
            windows = self._measured.setdefault(name, Windows())
            windows.p50_ms.append(result["p50_ms"])
            windows.p99_ms.append(result["p99_ms"])
            windows.ratio.append(result["p99_ms"] / alone[0]["p99_ms"])
            windows.log_mib.append(log_mib)

    def _window(self, hook: str, upkeep: Callable[[], AbstractContextManager[None]]) -> tuple[dict[str, float], float]:
        """Send a little traffic; gives what was measured, and how large the log was at most, in MiB."""
        with upkeep(), self._watched_log() as sizes:
            result = self._send(hook, int(WINDOW_S * CONNECTIONS / PAUSE_S), connections=CONNECTIONS, pause=PAUSE_S)
        return result, max(sizes) / 2**20

    def _send(self, hook: str, requests: int, *, connections: int, pause: float = 0) -> dict[str, float]:
        result = load(hook, first=self._sent, requests=requests, connections=connections, pause=pause)
        self._sent += requests
        return result

    @contextmanager
    def _backups(self) -> Iterator[None]:
        """Make backups, one after the other, until the block ends."""
        ended = threading.Event()
        failures: list[str] = []

        def back() -> None:
            target = self._folder / "backup.db"
            while not ended.is_set() and not failures:
                made = command(self._folder, "backup", str(target))
                made.communicate()
                if made.returncode != 0:
                    failures.append(f"a backup ended with {made.returncode}")
                target.unlink(missing_ok=True)

        working = threading.Thread(target=back)
        working.start()
        yield
        ended.set()
        working.join()
        if failures:
            raise BenchmarkFailed(failures[0])

    @contextmanager
    def _rebuild(self) -> Iterator[None]:
        """Rebuild, for longer than the block takes."""
        working: subprocess.Popen[str] = command(self._folder, "rebuild", "sales", "--json")
        yield
        _refuse_if(working.poll() is not None, "the rebuild")
        working.communicate()

    @contextmanager
    def _retention(self) -> Iterator[None]:
        """Let the journal be cut, for longer than the block takes; it began with the start."""
        yield
        _refuse_if(not self._is_cut(), "retention")

    def _is_cut(self) -> bool:
        """Tell whether a round of retention is still at work: more is kept than is to be."""
        with closing(sqlite3.connect(f"file:{self._folder / 'pinbridge.db'}?mode=ro", uri=True)) as connection:
            (size,) = connection.execute("SELECT coalesce(sum(bytes), 0) FROM segments").fetchone()
        return bool(size > 2 * 16 * 2**20)

    def _wait_for_retention(self) -> None:
        waiting = threading.Event()
        for _ in range(300):
            if not self._is_cut():
                return
            waiting.wait(0.2)
        raise BenchmarkFailed("retention did not come to its end within a minute")

    @contextmanager
    def _watched_log(self) -> Iterator[list[int]]:
        """Note the size of the write-ahead log, in bytes, until the block ends."""
        log = self._folder / "pinbridge.db-wal"
        sizes, ended = [0], threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                sizes.append(log.stat().st_size)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield sizes
        finally:
            ended.set()
            watching.join()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _refuse_if(ended: bool, what: str) -> None:  # noqa: FBT001 - read as a sentence
    if ended:
        raise BenchmarkFailed(f"{what} ended before the traffic beside it; ask for more requests")


def _report(events: int, measured: dict[str, Windows]) -> str:
    rows = [
        (
            what,
            f"{spread(windows.p50_ms, 1)} ms",
            f"{spread(windows.p99_ms, 1)} ms",
            "" if what == ALONE else spread(windows.ratio, 2),
            f"{max(windows.log_mib):.0f} MiB",
        )
        for what, windows in measured.items()
    ]
    headings = ("beside", "p50 of a webhook", "p99 of a webhook", "p99, times that alone", "log at most")
    return (
        f"## Retention, backup and rebuild\n\n{table(headings, rows)}\n\n"
        f"{events:,} events in the journal; some {CONNECTIONS / PAUSE_S:.0f} webhooks a second; the bridge has one CPU,"
        " commands and load generator share the other. Compared is with the traffic alone in the same round. "
        f"Wanted, or the benchmark fails: a p99 that is at most {MOST_RATIO:.0f} times as long, by the median."
    )
