"""The shape of a trigger: what it takes, its conditions, its variables."""

from bridge.mappings.expressions.names import RESERVED_NAMES, WORDS
from bridge.mappings.schema.descriptions import CONVERSIONS, EACH, FOLDS, OPERATORS, TRIGGER, VARIABLE
from bridge.mappings.schema.shapes import (
    EXPRESSION,
    NAME,
    PATH,
    READING,
    Schema,
    closed,
    described,
    either,
    flag,
    formed,
    listed,
    named,
    one_or_many,
    text,
    word,
)

CONDITIONS: Schema = {"$ref": "#/definitions/conditions"}

_NOT_AN_EXPRESSION = r"^(?!\s*\{\{[\s\S]*\}\}\s*$)"
_LEFT = rf"{PATH}|{EXPRESSION}|^(header|query)\.[\s\S]|{NAME}"


def variable_names() -> Schema:
    """Make the names that variables and constants may have."""
    taken = "|".join(sorted(RESERVED_NAMES | WORDS))
    wanted = "a name: letters, digits and _, beginning with a letter, and no word that has a meaning in expressions"
    return formed(rf"^(?!(?:{taken})$){NAME.removeprefix('^')}", wanted)


def trigger_schema() -> Schema:
    """Make a trigger."""
    reading = text(READING, "a JSONPath, an expression in {{ }} or a known name")
    shapes: dict[str, Schema] = {
        "name": text(),
        "source": text("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", "the name of a source: letters, digits, _ and -"),
        "event": one_or_many(text()),
        "when": {"allOf": [CONDITIONS]},
        "each": _each(),
        "extract": named(_variable(), variable_names()),
        "let": named(reading, variable_names()),
        "at": reading,
        "version": one_or_many(reading),
        "key": one_or_many(reading),
    }
    return closed(described(shapes, TRIGGER), required=["source"])


def conditions_schema() -> Schema:
    """Make `when`: an object of conditions, an expression, or a list of these."""
    left = formed(_LEFT, "a JSONPath, header.Name, query.name, a variable or an expression")
    expression = text(EXPRESSION, "an object of conditions, an expression in {{ }}, or a list of these")
    return either(named(_right(), left), expression, listed(CONDITIONS))


def _right() -> Schema:
    """Make the right side of a condition: a value, a list of values, or operators."""
    literal = _literal("string", "number", "boolean", "null")
    operators = closed(described(_operators(), OPERATORS))
    return either(literal, {"type": "array"}, {**operators, "minProperties": 1})


def _operators() -> dict[str, Schema]:
    wanted = _literal("string", "number", "boolean", "null", "array", "object")
    of_order, of_text = _literal("string", "number"), _literal("string")
    return {
        "eq": wanted,
        "ne": wanted,
        "in": {"type": "array"},
        "not_in": {"type": "array"},
        "gt": of_order,
        "gte": of_order,
        "lt": of_order,
        "lte": of_order,
        "matches": of_text,
        "contains": _literal("string", "number", "boolean", "null"),
        "starts_with": of_text,
        "ends_with": of_text,
        "exists": flag(),
    }


def _literal(*kinds: str) -> Schema:
    wanted = "Expected a literal; write the whole condition as an expression."
    return {"type": list(kinds), "pattern": _NOT_AN_EXPRESSION, "patternErrorMessage": wanted}


def _each() -> Schema:
    path = text(PATH, "a JSONPath such as $.items[*]")
    return either(path, closed(described({"path": path, "as": _kinds()}, EACH), required=["path"]))


def _kinds() -> Schema:
    kind = word(CONVERSIONS)
    return {"anyOf": [kind, listed(kind)]}


def _variable() -> Schema:
    """Make what is taken out of an event: a path, or an object with one place to read from."""
    path = text(PATH, "a JSONPath such as $.data.id, or an object with path, body, header or query")
    shapes: dict[str, Schema] = {
        "path": path,
        "body": path,
        "header": text(),
        "query": text(),
        "default": {},
        "as": _kinds(),
        "take": word(FOLDS),
    }
    places: list[Schema] = [{"required": [place]} for place in ("path", "body", "header", "query")]
    spelt_out = closed(described(shapes, VARIABLE))
    return either(path, spelt_out) | {
        "if": {"type": "object"},
        "then": {"oneOf": [*places]},
        "dependencies": {"take": {"anyOf": [*places[:2]]}},
    }
