"""`pinbridge backup` and `restore`: the database is copied beside a running bridge, and put back without one."""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.cli.output import print_json, stderr, stdout
from bridge.events import Json
from bridge.settings import Settings
from bridge.store import Kept, back_up, restore

NICENESS = 10


def backup(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Copy the database into a new file, drawing how far it is on standard error, and tell what it holds.

    Raises as `back_up` does.
    """
    _clear_away_when_ended()
    # Webhooks go first where the processor is short.
    os.nice(NICENESS)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True, disable=as_json or not stderr.is_terminal) as bar:
        task = bar.add_task("copying", total=None)

        def tell(copied: int, total: int) -> None:
            bar.update(task, description="checking" if copied == total else "copying", completed=copied, total=total)

        kept = back_up(settings.database, file, tell)
    if as_json:
        print_json({"file": str(file), **_told(kept)})
    else:
        stdout.print(f"backed up to {file}: {_described(kept)}", markup=False)


def put_back(settings: Settings, file: Path, now: datetime, *, as_json: bool) -> None:
    """Put a backup in the place of the database, and tell what it holds and where that from before is kept.

    Raises as `restore` does.
    """
    _clear_away_when_ended()
    restored = restore(settings.database, file, now)
    if as_json:
        before = None if restored.before is None else str(restored.before)
        print_json({"file": str(file), **_told(restored.kept), "before": before})
        return
    stdout.print(f"restored from {file}: {_described(restored.kept)}", markup=False)
    if restored.before is not None:
        stdout.print(f"the database from before is kept as {restored.before}", markup=False)
    stdout.print("what came after the backup is not in it: let the senders send that again", markup=False)


def _clear_away_when_ended() -> None:
    """Let SIGTERM end this as an error does, so that nothing half done is left."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def _told(kept: Kept) -> dict[str, Json]:
    newest_at = None if kept.newest_at is None else kept.newest_at.isoformat()
    return {"bytes": kept.size_bytes, "newest_event": kept.newest, "newest_received_at": newest_at}


def _described(kept: Kept) -> str:
    size = f"{kept.size_bytes / 2**20:,.1f} MiB"
    if kept.newest_at is None:
        return f"{size}, no events yet"
    return f"{size}, up to event {kept.newest}, received {kept.newest_at.isoformat(timespec='seconds')}"
