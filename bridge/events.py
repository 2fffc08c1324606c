"""What the rooms hand to each other: the event, and what became of it.

A request becomes an `Event` once, in `inbound/`; from there values flow one way.
Nothing here does I/O or reads a clock.

What is made for every event is a NamedTuple, here and in the rooms: as immutable as a frozen
dataclass, and made in half the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A decoded payload, as orjson gives it: integers exact to 64 bits, decimals as doubles."""

Clock = Callable[[], datetime]
"""Gives the current instant, aware, in UTC."""


class Event(NamedTuple):
    """One verified delivery of one webhook.

    `type` is empty where the source has none. `id` is the delivery id, or the body's hash.
    `dedup_key` (16 bytes) recognises a repeated delivery; None where the source said
    `dedupe: off`. It is remembered for `dedup_window_s` seconds, or for the horizon where
    that is None. `at` is the source's own notion of when it happened, None where it has none.
    `headers` have lower-case names and lack those that authenticate. `body` is as it came,
    after decompression, or, of an event that came with others, its own part as JSON; `content_type` says which
    of both. `payload` is what it says, as mappings see it. `tolerance_s` is how far ahead of the
    arrival the event's own time may be. `fault` says why its payload cannot be read, where that is so; then
    no mapping takes it, and a replay does once its source reads it.
    """

    source: str
    type: str
    id: str
    dedup_key: bytes | None
    dedup_window_s: float | None
    at: datetime | None
    received_at: datetime
    tolerance_s: float
    content_type: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    payload: Json
    fault: str = ""

    def without_payload(self) -> "Event":
        """Give the event as it is once nothing more is to be read from its payload."""
        return Event._make((*self[:-2], None, self[-1]))


@dataclass(frozen=True, slots=True)
class Offer:
    """A key that a sender offers to sign with; `is_pasted` where its owner has to show it to the sender once."""

    source: str
    key: bytes = field(repr=False)
    is_pasted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedKey:
    """A key as it is kept; it does not show in its text form.

    `number` names it. `address` is from where it was offered. `is_pasted` tells that its owner has to show it to the
    sender. `approved_at` is None until it is approved.
    """

    number: int
    source: str
    key: bytes = field(repr=False)
    address: str
    is_pasted: bool
    offered_at: datetime
    approved_at: datetime | None


class Receipt(NamedTuple):
    """What became of a delivery, once that is durable.

    `number` is the event's place in the journal, None for a duplicate. `mappings` names
    those whose pins it changed. `is_shown` tells whether the pins that it touched show it, None
    where nobody waited for that.
    """

    status: Literal["accepted", "duplicate"]
    id: str
    number: int | None
    mappings: tuple[str, ...]
    is_shown: bool | None = None


class BatchReceipt(NamedTuple):
    """What became of a delivery that brought several events, or none, once all of them are durable.

    It is a `duplicate` where each of them was met before, and `empty` where there was none. `accepted` and
    `duplicates` count them, `number` is the newest one's place in the journal; the rest is as in a receipt.
    """

    status: Literal["accepted", "duplicate", "empty"]
    accepted: int
    duplicates: int
    number: int | None
    mappings: tuple[str, ...]
    is_shown: bool | None = None


Settle = Callable[[Receipt | Exception], None]
"""Takes what became of a delivery: the receipt once it is durable, or the error that kept it from that.

A callback and no future, since there is one for every webhook, and a future costs two turns of the event loop.
"""
