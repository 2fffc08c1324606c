"""`tests`: cases that a mapping brings with it; what is sent, and what its pin should then show.

Their structure is read when the mapping is loaded; the files that they name are read only when
the cases are run (`bridge/rehearsal/`). What the bridge does never depends on them.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.located import MappingNode, Node, Place, ScalarNode, SequenceNode
from bridge.located.fields import Fields, Problems, describe, one_or_many, read_entries, read_text
from bridge.mappings.triggers.pin_names import PinRule
from bridge.pin_model import PIN_ID
from bridge.spelling import suggest
from bridge.times import read_instant

CASE_KEYS = ("name", "send", "now", "pin", "expect")
SAMPLE_KEYS = ("file", "body", "source", "headers", "query", "event", "id", "received_at")
NOTHING = "none"
ERROR = "error"

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""A token: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""

HEADER_VALUE = re.compile(r"[\t -~]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSample:
    """One delivery of a case: a `file`, relative to the mapping's, or a `body`; the other is None.

    A `body` that is a text is sent as it stands, another as JSON. `headers` have lower-case
    names. None in `source`, `event`, `id` and `received_at` leaves it to the sample.
    """

    place: Place
    file: str | None = None
    body: Node | None = None
    source: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    event: str | None = None
    id: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a case expects: a `body` in part, that nothing is sent, an error with `text` in it; or nothing as yet.

    `node` is where that stands, None where the case does not say it.
    """

    kind: Literal["body", "nothing", "error", "unwritten"]
    node: Node | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry of `tests`. `pin` is the mapping's own where that is literal; a family's case names it."""

    name: str
    place: Place
    samples: tuple[CaseSample, ...]
    now: datetime | None
    pin: str | None
    expect: Expectation


def compile_cases(fields: Fields, rule: PinRule | None, sources: Collection[str] | None) -> tuple[Case, ...]:
    """Compile `tests`; `sources` are those of the mapping's triggers. Faults are noted.

    Pin and sources are None where they are wrong themselves; what hangs on them is then not looked at.
    """
    node = fields.node("tests")
    if node is None:
        return ()
    if not isinstance(node, SequenceNode):
        message = f"'tests' is a list of cases, such as [{{name: …, send: …, expect: …}}], found {describe(node)}"
        fields.problems.append(node.place.problem(message))
        return ()
    reading = _Reading(rule, sources, fields.problems)
    return tuple([reading.case(item) for item in node.items])


class _Reading:
    """Reads the cases of one mapping."""

    def __init__(self, rule: PinRule | None, sources: Collection[str] | None, problems: Problems) -> None:
        self._rule = rule
        self._sources = sources
        self._problems = problems
        self._names: set[str] = set()

    def case(self, node: Node) -> Case:
        fields = Fields(node, "a test", CASE_KEYS, self._problems)
        expect = self._expectation(fields)
        return Case(
            name=self._name(fields) if isinstance(node, MappingNode) else "",
            place=node.place,
            samples=self._samples(fields),
            now=self._instant(fields, "now"),
            pin=self._pin(fields, expect),
            expect=expect,
        )

    def _name(self, fields: Fields) -> str:
        node = fields.required("name")
        name = "" if node is None else read_text(node, "'name'", self._problems)
        if node is not None and name in self._names:
            self._problems.append(node.place.problem(f"the test {name[:80]!r} is there twice"))
        self._names.add(name)
        return name

    def _pin(self, fields: Fields, expect: Expectation) -> str | None:
        node = fields.node("pin")
        literal = None if self._rule is None else self._rule.literal
        if node is None:
            is_family = self._rule is not None and literal is None
            if is_family and expect.kind in {"body", "unwritten"} and not fields.is_misspelt("pin"):
                message = "a test of a family needs the key 'pin', the one that it looks at"
                self._problems.append(fields.place.problem(message))
            return literal
        pin = read_text(node, "'pin'", self._problems)
        if pin and not PIN_ID.match(pin):
            message = f"{pin[:80]!r} is no pin id; one is p- and letters, digits, _ or -"
            self._problems.append(node.place.problem(message))
        elif pin and literal is not None and pin != literal:
            self._problems.append(node.place.problem(f"this mapping has the pin {literal!r}; leave 'pin' out"))
        return pin

    def _expectation(self, fields: Fields) -> Expectation:
        node = fields.node("expect")
        if isinstance(node, MappingNode):
            if [entry.name for entry in node.entries] == [ERROR]:
                return Expectation(kind="error", node=node, text=self._error(node.entries[0].value))
            return Expectation(kind="body", node=node)
        value = node.value if isinstance(node, ScalarNode) else ""
        if node is not None and value == NOTHING:
            return Expectation(kind="nothing", node=node)
        if node is not None and value is not None:
            message = (
                f"'expect' is a part of the body, such as {{metadata: …}}, or 'none', or {{error: text}}, "
                f"found {describe(node)}"
            )
            self._problems.append(node.place.problem(message))
        return Expectation(kind="unwritten", node=node)

    def _error(self, node: Node) -> str:
        return read_text(node, "'error'", self._problems)

    def _samples(self, fields: Fields) -> tuple[CaseSample, ...]:
        node = fields.node("send")
        return () if node is None else tuple([self._sample(item) for item in one_or_many(node)])

    def _sample(self, node: Node) -> CaseSample:
        if not isinstance(node, MappingNode):
            return CaseSample(place=node.place, file=read_text(node, "a sample's file", self._problems))
        fields = Fields(node, "a sample", SAMPLE_KEYS, self._problems)
        file, body = fields.node("file"), fields.node("body")
        is_misspelt = fields.is_misspelt("file") or fields.is_misspelt("body")
        if (file is None) == (body is None) and not is_misspelt:
            self._problems.append(node.place.problem("a sample has either 'file' or 'body'"))
        elif isinstance(body, ScalarNode) and not isinstance(body.value, str):
            message = f"'body' is an object, a list or a text, found {describe(body)}"
            self._problems.append(body.place.problem(message))
        return CaseSample(
            place=node.place,
            file=fields.text("file") or None,
            body=body,
            source=self._source(fields, is_told=file is not None),
            headers=self._texts(fields, "headers"),
            query=self._texts(fields, "query"),
            event=self._scalar(fields, "event"),
            id=self._scalar(fields, "id"),
            received_at=self._instant(fields, "received_at"),
        )

    def _source(self, fields: Fields, *, is_told: bool) -> str | None:
        node = fields.node("source")
        source = None if node is None else read_text(node, "'source'", self._problems)
        if self._sources is None:
            return source
        known = sorted(self._sources)
        listed = f"; the triggers have {', '.join(known)}" if known else "; no trigger has any"
        if node is None:
            if not is_told and len(known) != 1 and not fields.is_misspelt("source"):
                self._problems.append(fields.place.problem(f"a sample with a 'body' needs its 'source'{listed}"))
            return None if is_told or len(known) != 1 else known[0]
        if source and source not in self._sources:
            advice = suggest(source, known) or listed
            self._problems.append(node.place.problem(f"no trigger has the source {source[:80]!r}{advice}"))
        return source

    def _texts(self, fields: Fields, name: str) -> dict[str, str]:
        """Read names and texts: headers, by lower-case name, or the fields of a query."""
        node = fields.node(name)
        texts: dict[str, str] = {}
        for key, value in read_entries(node, f"{name!r}", self._problems) if node is not None else ():
            if not isinstance(value, ScalarNode) or value.value is None:
                self._problems.append(value.place.problem(f"{key.text[:80]!r} is a text, found {describe(value)}"))
            elif name == "query":
                texts[key.text] = value.text
            elif HEADER_NAME.fullmatch(key.text) is None:
                self._problems.append(key.place.problem(f"{key.text[:80]!r} is not a header's name"))
            elif HEADER_VALUE.fullmatch(value.text) is None:
                message = f"the header {key.text[:80]!r} has a value that is not ASCII on one line"
                self._problems.append(value.place.problem(message))
            else:
                texts[key.text.lower()] = value.text
        return texts

    def _scalar(self, fields: Fields, name: str) -> str | None:
        node = fields.node(name)
        if node is None:
            return None
        if isinstance(node, ScalarNode) and node.text and node.value is not None:
            return node.text
        self._problems.append(node.place.problem(f"{name!r} is a text, found {describe(node)}"))
        return None

    def _instant(self, fields: Fields, name: str) -> datetime | None:
        node = fields.node(name)
        if node is None:
            return None
        try:
            return read_instant(node.value if isinstance(node, ScalarNode) else None)
        except ValueError as error:
            message = f"{name!r}: {describe(node)} {error}; write one such as 2026-11-22T12:00:00Z"
            self._problems.append(node.place.problem(message))
            return None
