"""Running the cases of a mapping: each in a rehearsal of its own, in which that mapping has always been active."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import orjson

from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Json
from bridge.inbound import Sources
from bridge.located import Node, Place, ScalarNode
from bridge.mappings import FAILED, Case, CaseSample, Mapping, MappingSet, RenderError
from bridge.mappings.values.values import plain
from bridge.rehearsal.comparison import Difference, compare, path_text
from bridge.rehearsal.rehearsal import Delivery, Heard, Rehearsal
from bridge.rehearsal.samples import Sample, read_sample

TIMELESS = datetime(2026, 1, 1, tzinfo=UTC)
"""When a case plays in which nothing tells a time, and since when its mapping has been active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a case failed, and where in the file; a difference between bodies comes with both."""

    place: Place
    message: str
    difference: Difference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one case.

    `moved` are the pins that events changed. `body` is what the case's pin shows, None where nothing would be
    sent or it could not be rendered. `state` is what is held of the pin's entries. `errors` are what went wrong with
    an event or with the rendering.
    """

    mapping: Mapping
    case: Case
    deliveries: tuple[Delivery, ...]
    now: datetime
    moved: frozenset[str]
    body: Json
    errors: tuple[str, ...]
    faults: tuple[Fault, ...]
    state: MappingABC[str, Json] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        """Tell whether all came as expected."""
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where cases are run: the loaded mappings and sources, the horizon in seconds, the largest body."""

    mappings: MappingSet
    sources: Sources
    horizon_s: int
    max_body_bytes: int

    def run(self, mapping: Mapping, case: Case) -> CaseResult:
        """Run one case. Never raises for what its author or a sample did wrong."""
        try:
            samples = [_sample(each, mapping) for each in case.samples]
        except ConfigurationError as error:
            faults = tuple([_unplayable(case, problem) for problem in error.problems])
            return _unplayed(mapping, case, faults)
        alone = self.mappings.alone(mapping.name)
        rehearsal = Rehearsal(
            alone, self.sources, horizon_s=self.horizon_s, max_body_bytes=self.max_body_bytes, active_since=TIMELESS
        )
        deliveries = tuple(rehearsal.deliver(samples, case.now or TIMELESS))
        return _judged(rehearsal, mapping, case, deliveries)


def _unplayable(case: Case, problem: Problem) -> Fault:
    """Tell what keeps a case from being played, where it stands."""
    if not problem.line:
        return Fault(place=case.place, message=str(problem))
    return Fault(place=Place(problem.file, problem.line, problem.column), message=problem.message)


def _sample(sample: CaseSample, mapping: Mapping) -> Sample:
    """Read the file that a case names, or make its body. Raises `ConfigurationError` with the place in the case."""
    sources = mapping.source_places
    if sample.file is None:
        read = Sample(name="body", source=sample.source or next(iter(sources)), body=_body(sample.body))
    else:
        try:
            read = read_sample(Path(mapping.file).parent / sample.file, sources=sources, source=sample.source)
        except ConfigurationError as error:
            raise ConfigurationError([sample.place.problem(str(problem)) for problem in error.problems]) from error
    return Sample(
        name=sample.file or read.name,
        source=read.source,
        body=read.body,
        headers={**read.headers, **sample.headers},
        query=urlencode(sample.query).encode(),
        event=sample.event,
        id=sample.id,
        received_at=sample.received_at,
    )


def _body(node: Node | None) -> bytes:
    if isinstance(node, ScalarNode):
        return node.text.encode()
    return b"" if node is None else orjson.dumps(plain(node.plain()))


def _judged(rehearsal: Rehearsal, mapping: Mapping, case: Case, deliveries: tuple[Delivery, ...]) -> CaseResult:
    heard = [each.heard for each in deliveries if isinstance(each.heard, Heard)]
    now = case.now or max((each.event.received_at for each in heard), default=TIMELESS)
    moved = frozenset({pin for each in heard for pin in each.moved})
    errors = [_refusal(each.heard) for each in deliveries if isinstance(each.heard, SenderError)]
    errors += [outcome.reason for each in heard for outcome in each.outcomes if outcome.kind in FAILED]
    body: Json = None
    undrawn: RenderError | None = None
    if case.pin is not None and _is_drawn(mapping, case, moved):
        try:
            body = orjson.loads(rehearsal.render(mapping.name, case.pin, now).payload)
        except RenderError as error:
            undrawn = error
            errors.append(error.message)
    told = _Told(body=body, moved=moved, errors=tuple(errors), undrawn=undrawn)
    return CaseResult(
        mapping=mapping,
        case=case,
        deliveries=deliveries,
        now=now,
        moved=moved,
        body=body,
        errors=told.errors,
        faults=tuple(_faults(case, told)),
        state={} if case.pin is None else rehearsal.tell_state(mapping, case.pin, now),
    )


def _is_drawn(mapping: Mapping, case: Case, moved: frozenset[str]) -> bool:
    """Tell whether the pin counts: an event moved it, or it is drawn as before the first event."""
    if case.pin in moved:
        return True
    return case.pin == mapping.pin and (not case.samples or case.expect.kind in {"body", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    body: Json
    moved: frozenset[str]
    errors: tuple[str, ...]
    undrawn: RenderError | None


def _faults(case: Case, told: _Told) -> Iterator[Fault]:
    expect = case.expect
    place = case.place if expect.node is None else expect.node.place
    if expect.kind == "unwritten":
        yield Fault(place=case.place, message="it expects nothing as yet; `pinbridge test --update` writes what comes")
    elif expect.kind == "error":
        if not any(expect.text in error for error in told.errors):
            came = "; ".join(told.errors) or "none"
            yield Fault(place=place, message=f"expected an error with {expect.text!r} in it, came: {came}")
    elif expect.kind == "nothing":
        yield from _faults_of_silence(place, case, told)
    else:
        yield from _faults_of_body(expect.node, place, case, told)


def _faults_of_silence(place: Place, case: Case, told: _Told) -> Iterator[Fault]:
    """An event that fails sends nothing either; that is hardly what was meant."""
    yield from (Fault(place=place, message=error) for error in told.errors)
    moved = told.moved if case.pin is None else told.moved & {case.pin}
    if moved:
        yield Fault(place=place, message=f"expected that nothing is sent, but {', '.join(sorted(moved))} moved")


def _faults_of_body(node: Node | None, place: Place, case: Case, told: _Told) -> Iterator[Fault]:
    if told.undrawn is not None:
        yield Fault(place=told.undrawn.place, message=told.undrawn.message)
    elif node is None or told.body is None:
        message = "; ".join(told.errors) or f"no event moves the pin {case.pin}, so nothing is sent"
        yield Fault(place=place, message=message)
    else:
        differences = list(compare(node, told.body))
        yield from (
            Fault(place=each.place, message=f"{path_text(each.path)} differs", difference=each) for each in differences
        )
        if differences:
            yield from (Fault(place=case.place, message=error) for error in told.errors)


def _refusal(error: SenderError) -> str:
    return f"the bridge refuses it: {error.status} {error.code}, {error.message}"


def _unplayed(mapping: Mapping, case: Case, faults: tuple[Fault, ...]) -> CaseResult:
    return CaseResult(
        mapping=mapping,
        case=case,
        deliveries=(),
        now=case.now or TIMELESS,
        moved=frozenset(),
        body=None,
        errors=tuple([fault.message for fault in faults]),
        faults=faults,
    )
