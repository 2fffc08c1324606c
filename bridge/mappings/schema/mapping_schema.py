"""The shape of a whole mapping."""

from bridge.events import Json
from bridge.mappings.entries.definitions import MAX_ENTRIES
from bridge.mappings.schema.case_schema import cases_schema, names_its_pin
from bridge.mappings.schema.descriptions import DELIVER, LOOP, MAPPING, METADATA
from bridge.mappings.schema.entry_schema import entry_schema
from bridge.mappings.schema.shapes import (
    EXPRESSION,
    Schema,
    closed,
    described,
    duration,
    either,
    flag,
    formed,
    listed,
    named,
    one_or_many,
    text,
    whole,
)
from bridge.mappings.schema.trigger_schema import conditions_schema, trigger_schema, variable_names
from bridge.mappings.triggers.pin_names import GLOB, MAX_MAX_PINS
from bridge.pin_model import PIN_TYPES

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that every editor knows; the YAML language server learnt the later ones in 2026."""

_TREE: Schema = {"$ref": "#/definitions/tree"}
_PIN_ID = r"^p-[A-Za-z0-9_-]{1,64}$"
_TEMPLATE = r"\{\{|\{%"
_LOOK_UP = r"^\s*\{\{\s*[^\s0-9!-/:-@\[-^`{-~][^\s!-/:-@\[-^`{-~]*\s*[\[.][\s\S]*\}\}\s*$"


def mapping_schema() -> Schema:
    """Make the schema of a mapping file."""
    types: list[Json] = [*sorted(PIN_TYPES)]
    shapes: dict[str, Schema] = {
        "pin": text(f"{_PIN_ID}|{_TEMPLATE}", "a pin id, p- and letters, digits, _ or -, or a template that gives one"),
        "pins": one_or_many(text(f"^{GLOB.pattern}$", "a glob of pin ids, such as p-shop-*")),
        "max_pins": whole(1, MAX_MAX_PINS),
        "type": {"anyOf": [{"enum": types}, text()]},
        "description": text(),
        "enabled": flag(),
        "timezone": text(),
        "locale": text(),
        "constants": named({}, variable_names()),
        "triggers": _triggers(),
        "state": named(entry_schema(), variable_names()) | {"maxProperties": MAX_ENTRIES},
        "update": _update(),
        "stale_after": duration(lowest=1),
        "deliver": closed(
            described({"min_interval": duration(lowest=0), "refresh": duration(lowest=1)}, DELIVER),
        ),
        "tests": cases_schema(_PIN_ID),
    }
    return {
        "$schema": DRAFT,
        "title": "A mapping of Pinbridge",
        "description": "One pin, or one family of pins: which webhooks feed it, and what it shows.",
        **closed(described(shapes, MAPPING), required=["pin", "update"]),
        "dependencies": {"stale_after": ["triggers"], "state": ["triggers"]},
        "allOf": _pins_and_triggers(),
        "definitions": {"conditions": conditions_schema(), "tree": _tree()},
    }


def _triggers() -> Schema:
    """Make the list of triggers; where there are several, each has a name."""
    several: Schema = {"if": {"minItems": 2}, "then": {"items": {"required": ["name"]}}}
    return listed(trigger_schema(), at_least=1) | several


def _pins_and_triggers() -> list[Json]:
    """Say what one key of a mapping asks of others."""
    one_pin: Schema = {"properties": {"pin": formed(_PIN_ID, "a pin id; a family also needs 'pins', and triggers")}}
    look_up: Schema = {"properties": {"pin": {"pattern": _LOOK_UP}}, "required": ["constants"]}
    family: Schema = {"properties": {"pin": formed(_TEMPLATE, "a template, since there is 'pins'")}}
    return [
        {
            "if": {"required": ["pins"]},
            "then": family,
            "else": {"anyOf": [one_pin, look_up], "not": {"required": ["max_pins"]}},
        },
        {
            "if": {"not": {"required": ["triggers"]}},
            "then": {**one_pin, "required": ["deliver"], "dependencies": {"deliver": _with_refresh()}},
        },
        {
            "if": {"required": ["pin"], "properties": {"pin": {"type": "string", "pattern": _TEMPLATE}}},
            "then": {"properties": {"tests": {"items": names_its_pin()}}},
        },
    ]


def _with_refresh() -> Schema:
    return {"properties": {"deliver": {"required": ["refresh"]}}}


def _update() -> Schema:
    inside: Schema = {**described({"title": {}, "tags": {}, "pin_config": {}}, METADATA)}
    return {"type": "object", "properties": {"metadata": {"properties": inside}}, "allOf": [_TREE]}


def _tree() -> Schema:
    """Make a tree of templates, in which an object with `each` is a list of shaped items."""
    loop: dict[str, Schema] = {
        "each": either(text(EXPRESSION, 'one expression, such as "{{ rows }}", or a list'), listed(_TREE)),
        "as": text("^[A-Za-z_][A-Za-z0-9_]*$", "a name of letters, digits and _"),
        "do": {"allOf": [_TREE]},
    }
    return {
        "if": {"type": "object", "required": ["each"]},
        "then": closed(described(loop, LOOP), required=["do"]),
        "else": {"items": _TREE, "additionalProperties": _TREE},
    }
