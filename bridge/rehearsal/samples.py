"""Samples: payloads on disk, with the headers that lie beside them and the source that they are of."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import IO

from bridge.errors import ConfigurationError, Problem
from bridge.rehearsal.headers import read_headers_beside
from bridge.spelling import suggest

SAMPLES = "samples"
MAX_BYTES = 2**24
"""More than any source may send by default; a larger file is no payload."""

_SHOWN = 300
"""How much of a path a message shows: what stands in place of one may be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One delivery as it is to be rehearsed.

    `name` is what people know it by, such as its path. `headers` have lower-case names. `event`
    and `id` stand for the event type and the delivery id that the source would find,
    `received_at` for the arrival; None leaves each to the sample itself.
    """

    name: str
    source: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: bytes = b""
    event: str | None = None
    id: str | None = None
    received_at: datetime | None = None


def read_sample(path: Path, *, sources: Collection[str], source: str | None) -> Sample:
    """Read a payload and the headers beside it; `sources` are those that it may be of, `source` the one that is said.

    Raises `ConfigurationError` where a file cannot be read, or the source cannot be told.
    """
    return Sample(
        name=str(path),
        source=source or source_of(path, sources),
        body=read_body(lambda: path.open("rb"), name=str(path)),
        headers=read_headers_beside(path),
    )


def source_of(path: Path, sources: Collection[str]) -> str:
    """Tell a sample's source: the folder below `samples/` that it lies in, else the only one that there is.

    Raises `ConfigurationError` where neither tells.
    """
    folders = path.absolute().parts[:-1]
    below = [folder for parent, folder in pairwise(folders) if parent == SAMPLES]
    if below and below[-1] in sources:
        return below[-1]
    if len(sources) == 1:
        return next(iter(sources))
    if below:
        message = f"lies in the folder of {below[-1]!r}, which is no source here{suggest(below[-1], sources)}"
    else:
        message = (
            "does not say which source it is of; say --source (in a test `source`), or put it into samples/<source>/"
        )
    known = f"; there are {', '.join(sorted(sources))}" if sources else "; there is no source"
    raise ConfigurationError([Problem(file=str(path)[:_SHOWN], message=message + known)])


def read_body(opened: Callable[[], AbstractContextManager[IO[bytes]]], *, name: str) -> bytes:
    """Read a payload from what is opened, within the bound; `name` is what messages call it.

    Raises `ConfigurationError`.
    """
    try:
        with opened() as file:
            body = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # the second for a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError([Problem(file=name[:_SHOWN], message=f"cannot be read: {reason}")]) from error
    if len(body) > MAX_BYTES:
        message = f"has more than {MAX_BYTES // 2**20} MiB; a bridge takes no body as large as that"
        raise ConfigurationError([Problem(file=name, message=message)])
    return body
