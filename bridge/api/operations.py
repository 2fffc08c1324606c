"""The operations of the API: the routes and the OpenAPI document are made of this one table, and so cannot differ."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from bridge.api import shapes, wanted
from bridge.api.rooms import Lines
from bridge.api.serving import Serving

T = TypeVar("T", bound=wanted.Wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """One method of one path.

    `takes` are a GET's parameters, or a POST's body; `gives` is the answer, or where `in_lines` each line of it.
    `refuses` are the statuses that not every operation has.
    """

    method: Literal["GET", "POST"]
    path: str
    takes: type[T]
    gives: type[BaseModel]
    does: Callable[[Serving, T], Awaitable[BaseModel | Lines]]
    refuses: tuple[int, ...] = ()
    in_lines: bool = False


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(method="GET", path="/api/status", takes=wanted.Nothing, gives=shapes.Status, does=Serving.status),
    Operation(method="GET", path="/api/events", takes=wanted.EventsWanted, gives=shapes.EventPage, does=Serving.events),
    Operation(
        method="GET",
        path="/api/events/{number}",
        takes=wanted.EventWanted,
        gives=shapes.WholeEvent,
        does=Serving.event,
        refuses=(404,),
    ),
    Operation(method="GET", path="/api/pins", takes=wanted.PinsWanted, gives=shapes.PinPage, does=Serving.pins),
    Operation(
        method="GET",
        path="/api/pins/{pin}",
        takes=wanted.PinWanted,
        gives=shapes.WholePin,
        does=Serving.pin,
        refuses=(404,),
    ),
    Operation(method="GET", path="/api/parked", takes=wanted.ParkedWanted, gives=shapes.PinPage, does=Serving.parked),
    Operation(method="POST", path="/api/retry", takes=wanted.RetryWanted, gives=shapes.Retried, does=Serving.retry),
    Operation(method="POST", path="/api/flush", takes=wanted.Nothing, gives=shapes.Flushed, does=Serving.flush),
    Operation(method="GET", path="/api/keys", takes=wanted.Nothing, gives=shapes.SourceKeys, does=Serving.keys),
    Operation(
        method="POST",
        path="/api/keys/approve",
        takes=wanted.KeyWanted,
        gives=shapes.Approved,
        does=Serving.approve,
        refuses=(404,),
    ),
    Operation(
        method="POST",
        path="/api/keys/remove",
        takes=wanted.KeyWanted,
        gives=shapes.SourceKey,
        does=Serving.remove,
        refuses=(404,),
    ),
    Operation(
        method="POST",
        path="/api/replay",
        takes=wanted.ReplayWanted,
        gives=shapes.Replayed,
        does=Serving.replay,
        refuses=(404,),
    ),
    Operation(
        method="POST",
        path="/api/rebuild",
        takes=wanted.RebuildWanted,
        gives=shapes.RebuildLine,
        does=Serving.rebuild,
        refuses=(404,),
        in_lines=True,
    ),
)
