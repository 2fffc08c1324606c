"""`pinbridge rebuild` and `replay`: the journal is folded again, all of it for one mapping, or what something lacks.

The running bridge does it; where none runs, the store is opened alone, with the mappings that lie in the folder. A
database is not made for it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.api.wanted import RebuildWanted, ReplayWanted
from bridge.app import now, tune_the_collector
from bridge.cli.asking import ask, find_bridge, listen
from bridge.cli.opening import open_store
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.views import asked
from bridge.configuration import load_configuration
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.rebuilding import Rebuilder, follow, told
from bridge.settings import Settings
from bridge.store import active_pins, open_readonly
from bridge.times import read_instant
from bridge.units import parse_duration_s

MOST_DIGITS_OF_A_LENGTH = 6
"""A number so short is a length of time without its unit, and no unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refolding:
    """Where the journal is, what folds it, and how it is told."""

    settings: Settings
    environ: Mapping[str, str]
    url: str | None = None
    as_json: bool = False

    def rebuild(self, mapping: str, since: str | None) -> bool:
        """Build a mapping anew and tell how it goes; gives whether it came to its end.

        Raises `ConfigurationError` for an unknown mapping and for what is no time, `OperatorError` where a running
        bridge does not do as asked, `StoreUnusable` where there is no database.
        """
        since_at = None if since is None else read_since(since, now()).isoformat()
        return asyncio.run(self._rebuild(asked(RebuildWanted, mapping=mapping, since=since_at)))

    def replay(self, mapping: str | None) -> bool:
        """Fold what lacks and tell what came of it; gives whether nothing fails any more. Raises as `rebuild` does."""
        return asyncio.run(self._replay(asked(ReplayWanted, mapping=mapping)))

    async def _rebuild(self, wanted: RebuildWanted) -> bool:
        running = find_bridge(self.settings, self.url)
        if running is not None:
            return await _show(wanted.mapping, listen(running, "/api/rebuild", wanted), as_json=self.as_json)
        async with self._alone() as rebuilder:
            begun = await rebuilder.rebuild(wanted.mapping, wanted.since)
            return await _show(wanted.mapping, follow(rebuilder, wanted.mapping, begun), as_json=self.as_json)

    async def _replay(self, wanted: ReplayWanted) -> bool:
        running = find_bridge(self.settings, self.url)
        if running is not None:
            return _tell_replayed(await ask(running, "/api/replay", wanted, timeout_s=None), as_json=self.as_json)
        async with self._alone() as rebuilder:
            return _tell_replayed(told(await rebuilder.replay(wanted.mapping)), as_json=self.as_json)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Rebuilder]:
        """Open the store, and rebuild in the background until the end."""
        settings = self.settings
        open_readonly(settings.database).close()
        configuration = load_configuration(settings.mappings, self.environ, secrets_are_required=False)
        store = open_store(settings, now)
        rebuilder = Rebuilder(store, lambda: configuration)
        try:
            await store.declare(active_pins(configuration.mappings))
            tune_the_collector()
            working = asyncio.create_task(rebuilder.run())
            working.add_done_callback(lambda _ended: rebuilder.stop())
            try:
                yield rebuilder
            finally:
                rebuilder.stop()
                await working
        finally:
            await store.close()


def read_since(text: str, at: datetime) -> datetime:
    """Read a time that is past, as `read_ago` does."""
    since = read_ago("--since", text, at)
    if since > at:
        raise ConfigurationError([Problem(file="--since", message=f"{text!r} lies ahead")])
    return since


def read_ago(option: str, text: str, at: datetime) -> datetime:
    """Read a time, or how long ago it is: `2026-11-01`, `7d`. Raises `ConfigurationError`, placed at the option."""
    try:
        return at - timedelta(seconds=parse_duration_s(text))
    except ValueError as error:
        if text.isdigit() and len(text) <= MOST_DIGITS_OF_A_LENGTH:
            raise ConfigurationError([Problem(file=option, message=str(error))]) from error
    try:
        return read_instant(text)
    except ValueError as error:
        message = f"{text!r} {error}; write one such as 2026-11-01, or how long ago it is, such as 7d"
        raise ConfigurationError([Problem(file=option, message=message)]) from error


async def _show(mapping: str, lines: AsyncIterator[Json], *, as_json: bool) -> bool:
    """Draw how a rebuild goes, on standard error, and tell what came of it; gives whether it came to its end."""
    seen = _Seen()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True, disable=as_json or not stderr.is_terminal) as bar:
        task = bar.add_task(mapping, total=None)
        async for line in lines:
            seen.take(line)
            bar.update(task, completed=seen.read, total=seen.of)
    if as_json:
        print_json({"mapping": mapping, "rebuilt": seen.is_built, "events": seen.of, "lost": [*seen.lost]})
    else:
        _tell_rebuilt(mapping, seen)
    return seen.is_built


@dataclass(slots=True)
class _Seen:
    """What a rebuild has told so far."""

    read: int = 0
    of: int = 0
    lost: list[dict[str, Json]] = field(default_factory=list)
    is_built: bool = False

    def take(self, line: Json) -> None:
        """Take in one line."""
        match line:
            case {"of": int(of), "lost": [*lost]}:
                self.of, self.lost = of, [each for each in lost if isinstance(each, dict)]
            case {"of": int(of), "read": int(read)}:
                self.of, self.read = of, read
            case {"rebuilt": str()}:
                self.is_built = True


def _tell_rebuilt(mapping: str, seen: _Seen) -> None:
    for each in seen.lost:
        reason = f"begins anew: of what came before {each['before']} the journal has nothing any more"
        stdout.print(f"{each['entry']} {reason}", markup=False)
    if seen.is_built:
        stdout.print(f"rebuilt {mapping} from the journal, {seen.of:,} events", markup=False)
    else:
        stderr.print(f"{mapping} is not rebuilt yet: the bridge ended, and goes on at its next start", markup=False)


def _tell_replayed(answer: Json, *, as_json: bool) -> bool:
    match answer:
        case {"folded": int(folded), "failing": int(failing), "failed": [*failed]}:
            if as_json:
                print_json(answer)
            else:
                _list_failing(folded, failing, [each for each in failed if isinstance(each, dict)])
            return not failing
    return False


def _list_failing(folded: int, failing: int, failed: Sequence[dict[str, Json]]) -> None:
    events, fail = "event" if folded == 1 else "events", "fails" if failing == 1 else "fail"
    stdout.print(f"folded {folded:,} {events}; {failing:,} still {fail}", markup=False)
    for each in failed:
        stdout.print(f"event {each['number']}, {each['mapping']}: {each['reason']}", markup=False)
    if failing > len(failed):
        stdout.print(f"and {failing - len(failed):,} more", markup=False)
