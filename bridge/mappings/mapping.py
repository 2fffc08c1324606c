"""A mapping: one file, compiled. What its keys mean, and everything that is wrong with it.

`compile_mapping` finds all the mistakes of a file in one go; a mapping that it gives has none.
"""

import hashlib
import json
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from bridge.errors import ConfigurationError
from bridge.located import MappingNode, Node, Place
from bridge.located.fields import BoundedProblems, Fields, Problems, describe, read_entries
from bridge.mappings.cases import Case, compile_cases
from bridge.mappings.entries.definitions import Definition
from bridge.mappings.entries.field_check import check_fields
from bridge.mappings.entries.item_check import check_items
from bridge.mappings.entries.state import compile_state
from bridge.mappings.expressions.names import OWN_NAMES, read_name
from bridge.mappings.expressions.skeleton import check_literal
from bridge.mappings.expressions.templates import Tree, compile_tree
from bridge.mappings.triggers.facts import Shared
from bridge.mappings.triggers.pin_names import AllowedPins, PinRule, read_pin
from bridge.mappings.triggers.trigger_definition import compile_triggers
from bridge.mappings.triggers.triggers import Trigger
from bridge.pin_model import PIN_TYPES
from bridge.spelling import is_slip, suggest

DEFAULT_MIN_INTERVAL_S = 5
RENDERED_BY = 2
"""Part of the fingerprint: raised when the same mapping and variables come to render otherwise."""

KEYS = (
    "pin",
    "type",
    "pins",
    "max_pins",
    "description",
    "enabled",
    "timezone",
    "locale",
    "constants",
    "triggers",
    "state",
    "update",
    "deliver",
    "stale_after",
    "tests",
)
_FINGERPRINTED = ("update", "state", "deliver", "type", "locale", "timezone", "constants", "pin", "stale_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One mapping, ready to run.

    `pin` is the literal pin id, None for a family, whose distinct pins `max_pins` bounds
    where that is not None; `allowed_pins` are the ids that it may write to. `min_interval_s`,
    `refresh_s` and `stale_after_s` are seconds. `render_fingerprint` (16 bytes) changes with
    all that decides how a pin looks, `latest_fingerprint` (16 bytes) with all that decides what
    the newest events say. `state` has the entries in the author's order. `variables` are the
    names that any trigger declares.
    `cases` are its tests, which change nothing of what it does.
    """

    name: str
    file: str
    place: Place
    description: str
    enabled: bool
    pin: str | None
    allowed_pins: AllowedPins
    max_pins: int | None
    pin_type: str | None
    min_interval_s: int
    refresh_s: int | None
    stale_after_s: int | None
    render_fingerprint: bytes
    triggers: tuple[Trigger, ...]
    state: MappingABC[str, Definition]
    state_place: Place
    latest_fingerprint: bytes
    shared: Shared
    variables: frozenset[str]
    update: Tree
    source_places: MappingABC[str, Place]
    cases: tuple[Case, ...]


def compile_mapping(name: str, node: Node, warnings: Problems) -> Mapping:
    """Compile one file's tree; raises `ConfigurationError` with every problem in it."""
    problems: Problems = BoundedProblems()
    if not isinstance(node, MappingNode):
        raise ConfigurationError([node.place.problem(f"a mapping is an object with keys, found {describe(node)}")])
    fields = Fields(node, "a mapping", KEYS, problems)
    constants = _read_constants(fields)
    shared = _read_shared(fields, constants)
    noted = len(problems)
    rule = read_pin(fields, constants)
    sound_rule = rule if len(problems) == noted else None
    triggers = compile_triggers(name, fields, rule, shared, warnings)
    state = compile_state(fields, triggers, shared, warnings)
    head = _read_head(fields, warnings)
    names = {*triggers.variables, *constants, *state.names, *OWN_NAMES}
    update = _compile_update(fields, names, state.definitions, head, warnings)
    pace = _read_pace(fields)
    _check_purpose(fields, rule, pace)
    cases = compile_cases(fields, sound_rule, triggers.sources)
    if problems or rule is None or update is None:
        raise ConfigurationError(problems)
    warnings.extend(update.warnings)
    return Mapping(
        name=name,
        file=node.place.file,
        place=rule.node.place,
        description=head.description,
        enabled=head.enabled,
        pin=rule.literal,
        allowed_pins=rule.allowed,
        max_pins=rule.max_pins,
        pin_type=head.pin_type,
        min_interval_s=pace.min_interval_s,
        refresh_s=pace.refresh_s,
        stale_after_s=pace.stale_after_s,
        render_fingerprint=_fingerprint(fields),
        triggers=state.triggers,
        state=state.definitions,
        state_place=fields.key_place("state"),
        latest_fingerprint=state.latest_fingerprint,
        shared=shared,
        variables=triggers.variables,
        update=update,
        source_places=triggers.source_places,
        cases=cases,
    )


@dataclass(frozen=True, slots=True)
class _Head:
    description: str
    enabled: bool
    pin_type: str | None


def _read_head(fields: Fields, warnings: Problems) -> _Head:
    pin_type = fields.text("type") or None
    node = fields.node("type")
    if node is not None and pin_type is not None and pin_type not in PIN_TYPES:
        if meant := next((known for known in sorted(PIN_TYPES) if is_slip(pin_type, known)), None):
            fields.problems.append(node.place.problem(f"unknown pin type {pin_type!r}; did you mean {meant!r}?"))
            return _Head(fields.text("description"), fields.flag("enabled", default=True), meant)
        advice = suggest(pin_type, PIN_TYPES)
        warnings.append(
            node.place.problem(f"the pin type {pin_type[:80]!r} is not known, so it is not checked{advice}")
        )
    return _Head(fields.text("description"), fields.flag("enabled", default=True), pin_type)


def _read_constants(fields: Fields) -> dict[str, Node]:
    node = fields.node("constants")
    constants: dict[str, Node] = {}
    if node is not None:
        for key, value in read_entries(node, "'constants'", fields.problems):
            if name := read_name(key, "a constant", lambda _: None, fields.problems):
                constants[name] = value
    return constants


def _read_shared(fields: Fields, constants: MappingABC[str, Node]) -> Shared:
    return Shared(
        constants={key: value.plain() for key, value in constants.items()},
        locale=_read_locale(fields),
        timezone=_read_timezone(fields),
    )


def _read_timezone(fields: Fields) -> tzinfo:
    name = fields.text("timezone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        advice = suggest(name, available_timezones()) or "; write one such as Europe/Berlin"
        _fault(fields, "timezone", f"{name[:80]!r} is no time zone{advice}")
        return UTC


def _read_locale(fields: Fields) -> Locale:
    name = fields.text("locale", "en_US")
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        advice = suggest(name, sorted(locale_identifiers())) or "; write one such as en_US or de_DE"
        _fault(fields, "locale", f"{name[:80]!r} is no locale that is known{advice}")
        return Locale("en", "US")


def _fault(fields: Fields, name: str, message: str) -> None:
    node = fields.node(name)
    fields.problems.append((node.place if node else fields.place).problem(message))


@dataclass(frozen=True, slots=True)
class _Pace:
    min_interval_s: int
    refresh_s: int | None
    stale_after_s: int | None


def _read_pace(fields: Fields) -> _Pace:
    stale_after_s = _read_stale_after(fields)
    node = fields.node("deliver")
    if node is None:
        return _Pace(DEFAULT_MIN_INTERVAL_S, None, stale_after_s)
    keys = Fields(node, "'deliver'", ("min_interval", "refresh"), fields.problems)
    min_interval_s = keys.duration_s("min_interval", lowest=0)
    refresh_s = keys.duration_s("refresh", lowest=1)
    return _Pace(DEFAULT_MIN_INTERVAL_S if min_interval_s is None else min_interval_s, refresh_s, stale_after_s)


def _read_stale_after(fields: Fields) -> int | None:
    if "stale_after" in fields and "triggers" not in fields and not fields.is_misspelt("triggers"):
        _fault(fields, "stale_after", "'stale_after' needs 'triggers': without them there is nothing to be heard")
    return fields.duration_s("stale_after", lowest=1)


def _check_purpose(fields: Fields, rule: PinRule | None, pace: _Pace) -> None:
    """Without triggers, only time can move a pin, and nothing names the pins of a family."""
    if "triggers" in fields or rule is None:
        return
    if rule.literal is None:
        fields.problems.append(fields.place.problem("a family of pins needs 'triggers': events name its pins"))
    elif pace.refresh_s is None:
        fields.problems.append(fields.place.problem("a mapping needs 'triggers', or 'refresh' in 'deliver', or both"))


def _compile_update(
    fields: Fields, names: set[str], state: MappingABC[str, Definition], head: _Head, warnings: Problems
) -> Tree | None:
    node = fields.required("update")
    if node is None:
        return None
    if not isinstance(node, MappingNode):
        message = f"'update' is an object, such as {{metadata: …}}, found {describe(node)}"
        fields.problems.append(node.place.problem(message))
        return None
    literal = check_literal(node, head.pin_type)
    fields.problems.extend(literal.problems)
    warnings.extend(literal.warnings)
    entries = {name: definition.entry for name, definition in state.items()}
    check_fields(node, entries, fields.problems, warnings)
    check_items(node, entries, fields.problems, warnings)
    try:
        return compile_tree(node, names=names)
    except ConfigurationError as error:
        fields.problems.extend(error.problems)
        return None


def _fingerprint(fields: Fields) -> bytes:
    """Hash all that decides how a pin looks, given the same variables; the file's layout does not count."""
    nodes = {name: fields.node(name) for name in _FINGERPRINTED}
    told = [RENDERED_BY, {name: node.plain() for name, node in nodes.items() if node is not None}]
    return hashlib.blake2b(json.dumps(told, default=str).encode(), digest_size=16).digest()
