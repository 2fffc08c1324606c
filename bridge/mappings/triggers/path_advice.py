"""What a path that leads nowhere was meant to be, guessed from the payload at hand. Pure.

A look at the whole payload is dear, so nothing here runs where webhooks are taken.
"""

import re
from collections.abc import Iterator
from itertools import islice

from bridge.events import Json
from bridge.mappings.queries.listing import LeftOut, list_paths
from bridge.mappings.queries.queries import MISSING, QuerySyntaxError, compile_query
from bridge.mappings.values.bounds import ExpressionError, Work
from bridge.spelling import nearest

MOST_PATHS = 10_000

_STEP = re.compile(r"\.[^.\[\]]+|\[[^\[\]]*\]")
_INDEX = re.compile(r"\[-?[0-9]+\]")
_ALL_ITEMS = "[*]"


def advise(path: str, item: Json, payload: Json, each_path: str = "") -> str:
    """Say what to write in place of a path that finds nothing in the item; nothing where that cannot be guessed.

    `each_path` leads from the payload to the items, and is empty where the payload is the only one.
    """
    if each_path:
        inside = _behind(each_path, path)
        if inside and _finds(inside, item):
            return f"`$` is the item here: write {inside}"
        if _finds(path, payload):
            return f"`$` is the item here: write {{body: {path}}} in 'extract' for what stands beside the items"
    meant = _nearest_path(path, item)
    if meant:
        return f"did you mean {meant}?"
    beside = _nearest_path(path, payload) if each_path else ""
    return f"did you mean {{body: {beside}}}?" if beside else ""


def advise_on_items(each_path: str, payload: Json) -> str:
    """Say what to write in place of a path to items that finds none; nothing where the list is there and empty."""
    if _finds(each_path.removesuffix(_ALL_ITEMS), payload):
        return ""
    meant = _nearest_path(each_path, payload)
    return f"did you mean {meant}?" if meant else ""


def _behind(each_path: str, path: str) -> str:
    """Give what of a path from the payload lies inside an item."""
    ways = {each_path, each_path.removesuffix(_ALL_ITEMS), each_path.removesuffix(_ALL_ITEMS) + _ALL_ITEMS}
    for way in sorted(ways, key=len, reverse=True):
        if path.startswith(way):
            rest = path.removeprefix(way)
            index = _INDEX.match(rest)
            return "$" + (rest[index.end() :] if index else rest)
    return ""


def _finds(path: str, payload: Json) -> bool:
    try:
        query = compile_query(path)
        return bool(query.find(payload, Work())) if not query.single else query.get(payload) is not MISSING
    except (QuerySyntaxError, ExpressionError):
        return False


def _nearest_path(path: str, payload: Json) -> str:
    """Give the shortest path that ends as this one does, else one that is spelt nearly so."""
    ending = path.removeprefix("$")
    known = sorted(dict.fromkeys(islice(_paths_in(payload), MOST_PATHS)), key=len)
    meant = next((each for each in known if each.endswith(ending)), None) or nearest(path, known, at_least=0.75)
    return meant if meant and meant != path else ""


def _paths_in(payload: Json) -> Iterator[str]:
    """Give every path to a value or to what holds it, but not those to single items of lists."""
    for found in list_paths(payload, LeftOut(), every_item=False):
        if not _INDEX.search(found.path):
            steps = _STEP.findall(found.path)
            yield from ("$" + "".join(steps[: count + 1]) for count in range(len(steps)))
