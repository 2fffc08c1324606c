"""Makes a stored sample look as if it had just happened: new delivery ids, and its times moved up to now.

Every time in the payload moves by the same length, so that what lay an hour apart still does: the event's
own time, where the source knows it and it is there, becomes now, else the newest one that is past.
A text counts as a time where it is ISO 8601 with a time of day, a whole number where its key
says so (`created`, `pushed_at`, `timestamp`); the event's own time counts however it is written.
Of a body with several events each gets an id, and the newest one's time is that which counts. What is wrapped in
base64 or in a text stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson

from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Json
from bridge.inbound import Source
from bridge.inbound.locations import HeaderPlace, OutsidePlace, PathPlace, Place
from bridge.times import read_instant

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_TIME_KEY = re.compile(r"(.*_)?(at|created|updated|timestamp|time|date)|.*(At|Time|Date)", re.ASCII)
_FIRST_MS = 10**11

_CE_ID, _CE_TIME = HeaderPlace("ce-id"), HeaderPlace("ce-time")

Bases = Sequence[tuple[str | int, ...]]
"""The steps to each event in a body."""

Where = HeaderPlace | tuple[str | int, ...]
"""A header, or steps in the body."""

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


def freshen(source: Source, body: bytes, headers: Mapping[str, str], now: datetime) -> tuple[bytes, dict[str, str]]:
    """Give body and headers of a new delivery of the same kind; only JSON can be freshened.

    Raises `ConfigurationError` where the body is not JSON, or its source would not take it apart.
    """
    try:
        payload: Json = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = Problem(file="--fresh", message=f"only a JSON payload can be made fresh; this is none: {error}")
        raise ConfigurationError([problem]) from error
    fresh_headers = dict(headers)
    bases = _bases(source, payload)
    is_binary = _is_binary(source, headers)
    at = (_CE_TIME,) if is_binary else source.at.places if source.at else ()
    own = _own_time(at, payload, headers, bases)
    if own is None:
        past = [found for found in _times_in(payload, "") if _OLDEST < found <= now]
        payload = _moved(payload, "", now - max(past) if past else timedelta())
    else:
        steps, value = own
        payload = _moved(payload, "", now - read_instant(value))
        if isinstance(steps, HeaderPlace):
            fresh_headers = _with_header(fresh_headers, steps.name, str(_written_alike(value, now)))
        else:
            payload = _replaced(payload, steps, _written_alike(value, now))
    for place in (_CE_ID,) if is_binary else _id_places(source):
        if isinstance(place, HeaderPlace):
            fresh_headers = _with_header(fresh_headers, place.name, str(uuid4()))
        else:
            for steps in _steps(place, bases):
                payload = _replaced(payload, steps, f"sample-{uuid4().hex}")
    return orjson.dumps(payload), fresh_headers


def _id_places(source: Source) -> Sequence[Place]:
    places = source.id.places if source.id else ()
    # The first is a CloudEvent's source, which a mapping may ask for; its id alone makes another event of it.
    return places[-1:] if source.layout is not None and source.layout.cloudevents else places


def _is_binary(source: Source, headers: Mapping[str, str]) -> bool:
    """Tell whether a CloudEvent says in headers what it is."""
    names = {name.lower() for name in headers}
    return source.layout is not None and source.layout.cloudevents and "ce-specversion" in names


def _bases(source: Source, payload: Json) -> Bases:
    try:
        return [()] if source.layout is None else source.layout.steps(payload)
    except SenderError as error:
        raise ConfigurationError([Problem(file="--fresh", message=error.message)]) from error


def _own_time(
    places: Sequence[Place], payload: Json, headers: Mapping[str, str], bases: Bases
) -> tuple[Where, Json] | None:
    """Find where the event's own time stands, and what stands there; None where that is no time."""
    given = {name.lower(): value for name, value in headers.items()}
    for place in places:
        wheres: Sequence[Where] = [place] if isinstance(place, HeaderPlace) else _steps(place, bases)
        found = [(where, value) for where in wheres if (value := _found(where, payload, given)) is not None]
        if found:
            readable = [each for each in found if _is_time(each[1])]
            return max(readable, key=lambda each: read_instant(each[1]), default=None)
    return None


def _found(where: Where, payload: Json, headers: Mapping[str, str]) -> Json:
    return (where if isinstance(where, HeaderPlace) else PathPlace(where)).find(payload, headers)


def _is_time(value: Json) -> bool:
    try:
        read_instant(value)
    except ValueError:
        return False
    return True


def _steps(place: PathPlace | OutsidePlace, bases: Bases) -> list[tuple[str | int, ...]]:
    """Give the steps in the body to a place in each of its events; none to one that is wrapped."""
    if isinstance(place, OutsidePlace):
        steps = tuple([step for step in place.steps if step is not None])
        return [steps] if steps == place.steps else []
    return [] if place.view == "inside" else [(*base, *place.own_steps) for base in bases]


def _written_alike(value: Json, instant: datetime) -> Json:
    """Write an instant as another one is written: ISO 8601, or seconds or milliseconds, as a number or as its text."""
    try:
        is_ms = float(str(value)) >= _FIRST_MS
    except ValueError:
        return instant.isoformat().replace("+00:00", "Z")
    number = int(instant.timestamp() * (1000 if is_ms else 1))
    return str(number) if isinstance(value, str) else number


def _with_header(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    """Give the headers with one of them replaced, whatever its case was; `name` is in lower case."""
    return {**{each: old for each, old in headers.items() if each.lower() != name}, name: value}


def _times_in(value: Json, key: str) -> list[datetime]:
    match value:
        case dict():
            return [found for name, part in value.items() for found in _times_in(part, name)]
        case list():
            return [found for part in value for found in _times_in(part, key)]
        case _:
            found = _as_time(value, key)
            return [] if found is None else [found]


def _moved(value: Json, key: str, by: timedelta) -> Json:
    match value:
        case dict():
            return {name: _moved(part, name, by) for name, part in value.items()}
        case list():
            return [_moved(part, key, by) for part in value]
    found = _as_time(value, key)
    if found is None or found < _OLDEST:
        return value
    if isinstance(value, str):
        return (found + by).isoformat().replace("+00:00", "Z")
    return int((found + by).timestamp())


def _as_time(value: Json, key: str) -> datetime | None:
    if isinstance(value, str) and _ISO.fullmatch(value):
        return datetime.fromisoformat(value)
    if isinstance(value, int) and not isinstance(value, bool) and _TIME_KEY.fullmatch(key) and 0 < value < 2**32:
        return datetime.fromtimestamp(value, UTC)
    return None


def _replaced(value: Json, steps: tuple[str | int, ...], new: Json) -> Json:
    """Give the value with what stands at a place replaced; a place that is not there stays so."""
    if not steps:
        return new
    first, rest = steps[0], steps[1:]
    if isinstance(value, dict) and isinstance(first, str) and first in value:
        return {**value, first: _replaced(value[first], rest, new)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [*value[:first], _replaced(value[first], rest, new), *value[first + 1 :]]
    return value
