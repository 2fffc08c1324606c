"""Where in a handshake's request a value stands: a query field, a header, or a path into the JSON body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bridge.events import Json
from bridge.inbound.locations import HeaderPlace, PathPlace, parse_header, parse_path

MAX_QUERY_NAME = 100


class Asked(NamedTuple):
    """A request as a handshake sees it: headers by their lower-case names, the query decoded, None without a body."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    payload: Json = None


@dataclass(frozen=True, slots=True)
class QueryPlace:
    """A field of the query string."""

    name: str

    def __str__(self) -> str:
        """Say where it stands, as the end of a sentence."""
        return f"in the query field {self.name}"


AskedPlace = HeaderPlace | PathPlace | QueryPlace


def find(place: AskedPlace, asked: Asked) -> Json:
    """Give what stands there, None where nothing does."""
    if isinstance(place, QueryPlace):
        return asked.query.get(place.name)
    return place.find(asked.payload, asked.headers)


def parse_asked_place(text: str) -> AskedPlace:
    """Read `query:challenge`, `header:X-Hook-Secret` or `$.challenge`. Raises `ValueError` with what is allowed."""
    kind, _, name = text.partition(":")
    if kind == "query":
        return parse_query_name(name)
    if kind == "header":
        return parse_header(name)
    if text.startswith("$"):
        return parse_path(text)
    raise ValueError(f"{text[:100]!r} is no place; write query:name, header:Name or a path such as $.challenge")


def parse_query_name(name: str) -> QueryPlace:
    """Read the name of a field of the query string. Raises `ValueError`."""
    if not (0 < len(name) <= MAX_QUERY_NAME and name.isascii() and name.isprintable()):
        raise ValueError(f"the name of a query field is printable ASCII text of at most {MAX_QUERY_NAME} characters")
    return QueryPlace(name)
