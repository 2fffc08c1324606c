"""Runs payloads through a rehearsal of one mapping, in order, as the bridge would hear them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bridge.app import now as wall_clock
from bridge.cli.folders import by_folder
from bridge.cli.output import print_json
from bridge.cli.payload import STANDARD_INPUT, read_payload
from bridge.cli.trying.document import trial_document
from bridge.cli.trying.records import Shown, Trial
from bridge.cli.trying.report import print_trial
from bridge.configuration import Configuration, load_configuration
from bridge.errors import ConfigurationError, Problem
from bridge.existence import is_file
from bridge.mappings import Mapping as CompiledMapping
from bridge.mappings import RenderError, list_mappings
from bridge.outbound import describe_update
from bridge.rehearsal import Heard, Rehearsal, Sample, read_sample, source_of
from bridge.settings import Settings
from bridge.spelling import suggest
from bridge.times import read_instant

GOOD, WRONG = 0, 1
"""The exit codes."""

MOST_PINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """What to try: a mapping by its file or its name, payloads in order, and what they do not say themselves.

    `headers` (lower-case names) go with every payload. `now` is when the pins are drawn.
    """

    mapping: str
    payloads: Sequence[Path]
    headers: Mapping[str, str]
    source: str | None
    pin: str | None
    now: str | None


def try_mapping(trying: Trying, settings: Settings, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print what the mapping makes of the payloads; give the exit code.

    1 where a payload would be refused, a trigger fails or a pin cannot be drawn. Raises
    `ConfigurationError` for a mapping that is broken, and for one or a payload that cannot be found or read.
    """
    file = _find(trying.mapping, settings.mappings)
    ((folder, only),) = by_folder([file], settings.mappings)
    configuration = load_configuration(folder, environ, only=only, secrets_are_required=False)
    mapping = next(iter(configuration.mappings.mappings.values()), None)
    if mapping is None or not mapping.enabled:
        message = "is no mapping" if mapping is None else "is disabled; say `enabled: true` to try it"
        raise ConfigurationError([Problem(file=str(file), message=message)])
    trial = _run(trying, mapping, configuration, settings)
    if as_json:
        print_json(trial_document(trial))
    else:
        print_trial(trial)
    return WRONG if trial.has_failed else GOOD


def _find(named: str, folder: Path) -> Path:
    """Find a mapping by the path of its file, or by its name in the folder of mappings."""
    candidates = [Path(named), *(folder / f"{named}{suffix}" for suffix in ("", ".yaml", ".yml"))]
    for path in candidates:
        if is_file(path):
            return path
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in list_mappings(folder)]
    there_are = f"there are {', '.join(names[:20])}{suggest(named, names)}" if names else "there is none"
    message = f"no mapping has this name or path; in the folder {folder} {there_are}"
    raise ConfigurationError([Problem(file=named[:200], message=message)])


def _run(trying: Trying, mapping: CompiledMapping, configuration: Configuration, settings: Settings) -> Trial:
    asked_now = _instant(trying.now)
    samples = [_sample(path, trying, mapping) for path in trying.payloads]
    rehearsal = Rehearsal(
        configuration.mappings,
        configuration.sources,
        horizon_s=settings.horizon,
        max_body_bytes=settings.max_body,
    )
    deliveries = tuple(rehearsal.deliver(samples, asked_now or wall_clock()))
    heard = [each.heard for each in deliveries if isinstance(each.heard, Heard)]
    now = asked_now or max((each.event.received_at for each in heard), default=wall_clock())
    moved = list(dict.fromkeys(pin for each in heard for pin in each.moved))
    pins = _pins(trying, mapping, moved)
    shown = tuple(_show(rehearsal, mapping, pin, now, settings) for pin in pins[:MOST_PINS])
    return Trial(
        mapping=mapping,
        deliveries=deliveries,
        now=now,
        moved=frozenset(moved),
        pins=shown,
        left_out=len(pins[MOST_PINS:]),
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_instant(text)
    except ValueError as error:
        raise ConfigurationError([Problem(file="--now", message=f"{text[:80]!r} {error}")]) from error


def _sample(path: Path, trying: Trying, mapping: CompiledMapping) -> Sample:
    sources = mapping.source_places
    if str(path) == "-":
        source = trying.source or source_of(path, sources)
        return Sample(name=STANDARD_INPUT, source=source, body=read_payload(path), headers=trying.headers)
    sample = read_sample(path, sources=sources, source=trying.source)
    return replace(sample, headers={**sample.headers, **trying.headers})


def _pins(trying: Trying, mapping: CompiledMapping, moved: list[str]) -> list[str]:
    """Choose the pins to draw: the literal one, else the one that is asked for, else those that moved."""
    if trying.pin is None:
        return moved if mapping.pin is None else [mapping.pin]
    if trying.pin not in {*moved, mapping.pin}:
        there_are = f"; moved were {', '.join(moved[:20])}{suggest(trying.pin, moved)}" if moved else ""
        message = f"{trying.pin[:80]!r} is no pin that these payloads move{there_are}"
        raise ConfigurationError([Problem(file="--pin", message=message)])
    return [trying.pin]


def _show(rehearsal: Rehearsal, mapping: CompiledMapping, pin: str, now: datetime, settings: Settings) -> Shown:
    request = describe_update(settings.api_url, pin)
    state = rehearsal.tell_state(mapping, pin, now)
    try:
        rendered, changes_at = rehearsal.show(mapping.name, pin, now)
    except RenderError as error:
        return Shown(pin=pin, rendered=None, error=f"{error.place}: {error.message}", request=request, state=state)
    return Shown(pin=pin, rendered=rendered, error="", request=request, state=state, changes_at=changes_at)
