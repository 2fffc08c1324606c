"""The head of SQLite's write-ahead log, looked at before the database is opened.

SQLite takes a log with a damaged head for an empty one: it would begin anew without a word, and without
the newest events, which were acknowledged. So whoever runs the process is asked first.
"""

import struct
from pathlib import Path

from bridge.errors import StoreUnusable

_HEAD_BYTES = 32
_CHECKSUMS_ARE = {0x377F0682: "<", 0x377F0683: ">"}
"""By the first word: the byte order of what the checksum adds up.

https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""


def check_log(database: Path) -> None:
    """Raise `StoreUnusable` where a log stands beside the database and its head is not one."""
    path = database.with_name(f"{database.name}-wal")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreUnusable(f"{path}: it cannot be opened: {error.strerror}") from error
    if len(head) > _HEAD_BYTES and not _is_whole(head[:_HEAD_BYTES]):
        raise StoreUnusable(
            f"{path}: it is damaged, and holds the newest events; `pinbridge restore FILE` puts a backup in the place"
            f" of {database.name}, or move the log away to go on without those events"
        )


def _is_whole(head: bytes) -> bool:
    first, *_, low, high = struct.unpack(">8I", head)
    order = _CHECKSUMS_ARE.get(first)
    return order is not None and _checksum(struct.unpack(f"{order}6I", head[:24])) == (low, high)


def _checksum(words: tuple[int, ...]) -> tuple[int, int]:
    low = high = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        low = (low + even + high) & 0xFFFFFFFF
        high = (high + odd + low) & 0xFFFFFFFF
    return low, high
