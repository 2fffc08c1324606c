"""The events that a delivery brings, by what its source declares of its bodies. Pure, and one event at a time.

Each event has a body of its own that says what it says alone: the delivery's where it brings one, else its part of it
as JSON. So the journal needs nothing else to read it again: `reread` gives what mappings saw, without `each`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from bridge.errors import SenderError
from bridge.events import Json
from bridge.inbound.bodies import BodyFormat, read_payload
from bridge.inbound.layouts import cloudevents
from bridge.inbound.layouts.items import Item, Items
from bridge.inbound.layouts.unreadable import Unreadable
from bridge.inbound.layouts.wrapping import Wrapping
from bridge.inbound.locations import INDEXES

_JSON = "application/json"
_LIST = Items((None,))


class Laid(NamedTuple):
    """One event of a delivery.

    `views` is what the source's own paths look in, `payload` what mappings see, None with a `fault` that says why.
    `body` is its own, of a `content_type`. `indexes` say where it stands among others, empty where it came alone.
    """

    views: Json
    payload: Json
    body: bytes
    content_type: str
    indexes: tuple[int, ...]
    fault: str


class Outlay(NamedTuple):
    """What a delivery brings. `is_batch` tells that there may be any number of events in it.

    `is_named_by_headers` tells that what stands in headers tells it apart, and not its body.
    """

    events: Iterator[Laid]
    is_batch: bool
    is_named_by_headers: bool = False


class Delivered(NamedTuple):
    """A body after decompression, with the headers that it came with, and how it is to be read."""

    body: bytes
    headers: Mapping[str, str]
    format: BodyFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a source declares: that events are CloudEvents, where several stand in a body, what is wrapped in each."""

    cloudevents: bool = False
    each: Items | None = None
    unwrap: Wrapping | None = None

    @property
    def headers(self) -> frozenset[str]:
        """The headers that tell events apart; none of them may come twice."""
        return cloudevents.DECIDING if self.cloudevents else frozenset()

    def lay_out(self, delivered: Delivered, *, form_json: str | None) -> Outlay:
        """Find the events of a delivery; each of them is read when it is asked for.

        Raises `SenderError` for a body that cannot be read, or that brings too many.
        """
        if self.cloudevents:
            return self._lay_out_cloudevents(delivered)
        payload = read_payload(delivered.body, delivered.format, form_json=form_json)
        if self.each is None:
            content_type = delivered.headers.get("content-type", "")
            whole = Laid(payload, None, delivered.body, content_type, (), "")
            return Outlay(iter([self._read(whole, payload)]), is_batch=False)
        return self._lay_out_items(self.each, payload, _JSON)

    def steps(self, payload: Json) -> list[tuple[str | int, ...]]:
        """Give the steps to each event in a body that is JSON, the root's where it is one event."""
        items = self.each
        if self.cloudevents and isinstance(payload, list):
            items = _LIST
        return [()] if items is None else [item.steps for item in items.find(payload)]

    def reread(self, payload: Json) -> Json:
        """Give what mappings see of one event, by what its own body says.

        Raises `Unreadable` where that cannot be read, as it could not when the event came.
        """
        return self._inside(self._shaped(payload))

    def _lay_out_items(self, items: Items, payload: Json, content_type: str) -> Outlay:
        found = items.find(payload)
        return Outlay(
            (self._read(_of_item(item, content_type), payload) for item in found),
            is_batch=True,
        )

    def _lay_out_cloudevents(self, delivered: Delivered) -> Outlay:
        body, headers, _ = delivered
        mode = cloudevents.mode_of(headers, None)
        if mode == "binary":
            body = cloudevents.from_headers(headers, body)
        payload = read_payload(body, delivered.format, form_json=None)
        if mode == "structured":
            mode = cloudevents.mode_of(headers, payload)
        if mode == "batch":
            return self._lay_out_items(_LIST, payload, cloudevents.STRUCTURED)
        laid = self._read(Laid(payload, None, body, cloudevents.STRUCTURED, (), ""), payload)
        if laid.views is None:
            raise SenderError(400, "bad_cloudevent", laid.fault)
        return Outlay(iter([laid]), is_batch=False, is_named_by_headers=mode == "binary")

    def _read(self, laid: Laid, whole: Json) -> Laid:
        """Read one event whose `views` holds it as it came; one that cannot be recognised at all has no views."""
        try:
            item = self._shaped(laid.views)
        except Unreadable as error:
            return laid._replace(views=None, fault=str(error))
        views: dict[str, Json] = {"item": item, "inside": None, "outside": whole, INDEXES: [*laid.indexes]}
        try:
            inside = self._inside(item)
        except Unreadable as error:
            return laid._replace(views=views, fault=str(error))
        views["inside"] = inside
        return laid._replace(views=views, payload=inside)

    def _shaped(self, item: Json) -> Json:
        return cloudevents.in_one_shape(item) if self.cloudevents else item

    def _inside(self, item: Json) -> Json:
        return item if self.unwrap is None else self.unwrap.read(item)


def _of_item(item: Item, content_type: str) -> Laid:
    return Laid(item.value, None, orjson.dumps(item.value), content_type, item.indexes, "")
