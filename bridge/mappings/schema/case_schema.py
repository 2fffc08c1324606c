"""The shape of `tests`."""

from bridge.events import Json
from bridge.mappings.cases import ERROR, HEADER_NAME, NOTHING
from bridge.mappings.schema.descriptions import EXPECT, SAMPLE, TEST
from bridge.mappings.schema.shapes import FILLED, Schema, closed, described, either, listed, named, text

_SCALAR: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_TEXTS: Schema = {"type": ["string", "number", "boolean"]}
_TIME: Schema = {"type": ["string", "number"], "minLength": 1, "minimum": 0}
_HEADER_NAME: Schema = {"pattern": f"^{HEADER_NAME.pattern}$|{FILLED}"}
_ERROR_ALONE: Schema = {"type": "object", "required": [ERROR], "maxProperties": 1}


def cases_schema(pin_id: str) -> Schema:
    """Make the list of tests; `pin_id` is the pattern of one."""
    shapes: dict[str, Schema] = {
        "name": text(),
        "send": _one_or_more(_sample_schema()),
        "now": _TIME,
        "pin": text(pin_id, "a pin id, p- and letters, digits, _ or -"),
        "expect": _expect_schema(),
    }
    return listed(closed(described(shapes, TEST), required=["name"]))


def names_its_pin() -> Schema:
    """Ask of a test that it names a pin, unless it expects no body."""
    nothing: Schema = {"required": ["expect"], "properties": {"expect": {"const": NOTHING}}}
    error: Schema = {"required": ["expect"], "properties": {"expect": _ERROR_ALONE}}
    return {"anyOf": [{"required": ["pin"]}, nothing, error]}


def _one_or_more(sample: Schema) -> Schema:
    one = either(text(), sample)
    return either(one, listed(one))


def _sample_schema() -> Schema:
    shapes: dict[str, Schema] = {
        "file": text(),
        "body": {"type": ["object", "array", "string"]},
        "source": text(),
        "headers": named({**_TEXTS, "pattern": r"^[\t -~]*$"}, _HEADER_NAME),
        "query": named(_TEXTS, {}),
        "event": _SCALAR,
        "id": _SCALAR,
        "received_at": _TIME,
    }
    either_of: list[Json] = [{"required": ["file"]}, {"required": ["body"]}]
    whole = closed(described(shapes, SAMPLE))
    return {**whole, "if": {"type": "object"}, "then": {"oneOf": either_of}}


def _expect_schema() -> Schema:
    error: Schema = {"properties": {**described({ERROR: text()}, EXPECT)}}
    wanted = "Expected a part of the body, such as {metadata: …}, or none, or {error: text}."
    return {
        "type": ["object", "string", "null"],
        "pattern": f"^{NOTHING}$|{FILLED}",
        "patternErrorMessage": wanted,
        "if": _ERROR_ALONE,
        "then": error,
    }
