"""`pinbridge paths`: every JSONPath in a payload with its value, ready to be pasted into a mapping."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from bridge.app import now
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.payload import read_json, read_payload
from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Json
from bridge.inbound import Source
from bridge.mappings.queries.listing import ITEMS_SHOWN, Found, LeftOut, list_paths
from bridge.mappings.values.values import excerpt
from bridge.rehearsal import Sample, read_headers_beside, receive
from bridge.rehearsal.samples import MAX_BYTES

MOST_LINES = 1_000
_WIDEST = 60
_YAML_MARKS = (": ", " #")


def print_paths(payload: Path, word: str, source: Source | None, *, as_json: bool) -> None:
    """Print the paths of a payload, those alone whose path or value holds a word where one is given.

    With a source they are those that a mapping of it sees, of the first event where it brings several.
    Raises `ConfigurationError` where the payload cannot be read, or the source refuses it.
    """
    left_out = LeftOut()
    seen, beside = (read_json(payload), "") if source is None else _as_mappings_see(payload, source)
    found = iter(_narrowed(list_paths(seen, left_out, every_item=word != ""), word))
    shown = list(islice(found, MOST_LINES))
    more = sum(1 for _ in found)
    if as_json:
        told: dict[str, Json] = {"more": more, "items_left_out": left_out.items, "unreachable": left_out.unreachable}
        print_json({"paths": [_as_json(each) for each in shown], **told, "is_cut": left_out.is_cut})
        return
    width = min(max((len(each.path) for each in shown), default=0), _WIDEST)
    for each in shown:
        stdout.print(f"{each.path:<{width}}  {_described(each)}", markup=False)
    for remark in (*filter(None, [beside]), *_remarks(shown, word, more, left_out)):
        stderr.print(remark, markup=False)


def _as_mappings_see(payload: Path, source: Source) -> tuple[Json, str]:
    """Give what a mapping sees of the first event in a payload, and what to say of the others."""
    sample = Sample(
        name=str(payload), source=source.name, body=read_payload(payload), headers=read_headers_beside(payload)
    )
    try:
        events, _ = receive(source, sample, now(), max_body_bytes=MAX_BYTES)
    except SenderError as error:
        raise ConfigurationError([Problem(file=str(payload), message=f"the source refuses it: {error}")]) from error
    fault = next((event.fault for event in events if event.fault), "" if events else "it brings no event")
    if fault:
        raise ConfigurationError([Problem(file=str(payload), message=fault)])
    more = len(events) - 1
    return events[0].payload, f"of {more + 1:,} events the first; a mapping sees each as $" if more else ""


def _narrowed(found: Iterable[Found], word: str) -> Iterable[Found]:
    wanted = word.casefold()
    return (each for each in found if wanted in each.path.casefold() or wanted in _searched(each.value).casefold())


def _searched(value: Json) -> str:
    return value if isinstance(value, str) else "" if isinstance(value, dict | list) else excerpt(value)


def _described(found: Found) -> str:
    value = f"{found.value}" if found.value in ({}, []) else excerpt(found.value)
    if found.count is None:
        return value
    return f"1 match: {value}" if found.count == 1 else f"{found.count:,} matches, the first: {value}"


def _as_json(found: Found) -> dict[str, Json]:
    """Give a path for a script. What an object or a list holds stands under the paths of its own."""
    value: dict[str, Json] = {} if isinstance(found.value, dict | list) and found.value else {"value": found.value}
    return {"path": found.path, **value} if found.count is None else {"path": found.path, "count": found.count, **value}


def _remarks(shown: list[Found], word: str, more: int, left_out: LeftOut) -> Iterable[str]:
    if not shown:
        yield f"no path and no value holds {word!r}" if word else "no path leads to anything in it"
    if more:
        yield f"{more:,} more; a word behind the file shows only the paths and values that hold it"
    if left_out.items:
        yield f"of each list the first {ITEMS_SHOWN} items are shown one by one; with a word, all are searched"
    if left_out.unreachable:
        yield f"{left_out.unreachable:,} places are left out: too deep, or under a name that a path cannot say"
    if left_out.is_cut:
        yield "the payload is too large to be shown whole; this is its beginning"
    bracketed = next((each.path for each in shown if "[" in each.path and '"' not in each.path), None)
    if bracketed is not None:
        yield f'in YAML, between {{ and }}, a path with [ ] stands in quotation marks: {{name: "{bracketed}"}}'
    if any(mark in each.path for each in shown for mark in _YAML_MARKS):
        yield "a path with ': ' or ' #' in it stands in quotation marks everywhere in YAML"
