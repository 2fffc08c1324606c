"""The building blocks of the schema, each one small piece of JSON Schema.

In JSON Schema a keyword speaks of one kind and leaves the others alone, so pieces for unlike
kinds are put together key by key (`either`): an editor then tells what is wrong with the kind
that stands there, where with `anyOf` it would tell what is wrong with all of them.
Wherever a single value stands, a `${…}` that the loader fills in may stand as well.
"""

from collections.abc import Iterable, Mapping

from bridge.events import Json
from bridge.mappings.schema.descriptions import plain

Schema = dict[str, Json]

FILLED = r"\$\{"
PATH = r"^\$"
EXPRESSION = r"^\s*\{[{#][\s\S]*[}#]\}\s*$"
NAME = r"^[^\s0-9_!-/:-@\[-`{-~][^\s!-/:-@\[-^`{-~]*$"
"""A name that expressions can use: it begins with a letter, of any script."""

READING = f"{PATH}|{EXPRESSION}|{NAME}"
"""Where a value is read: a path, an expression, or a name that is known."""


def text(pattern: str = "", wanted: str = "") -> Schema:
    """Make a text that is not empty, of a form where one is given; `wanted` is what an editor says of another."""
    return {"type": "string", **formed(pattern, wanted)} if pattern else {"type": "string", "minLength": 1}


def formed(pattern: str, wanted: str) -> Schema:
    """Ask of a text that it has a form, or is filled in; `wanted` is what an editor says of another."""
    return {"pattern": f"{pattern}|{FILLED}" if pattern else FILLED, "patternErrorMessage": f"Expected {wanted}."}


def flag() -> Schema:
    """Make true or false."""
    return {"type": ["boolean", "string"], **formed("", "true or false")}


def whole(lowest: int, highest: int) -> Schema:
    """Make a whole number within bounds."""
    filled = formed("", f"a whole number from {lowest:,} to {highest:,}")
    return {"type": ["integer", "string"], "minimum": lowest, "maximum": highest, **filled}


def duration(*, lowest: int) -> Schema:
    """Make a length of time, of no or of at least one second; how long at most is the loader's to say."""
    digits = "[0-9]{1,15}" if lowest == 0 else "(?=.{2,16}$)0*[1-9][0-9]*"
    return text(f"^{digits}[smhdw]$", "a whole number and s, m, h, d or w, such as 90s or 15m")


def word(descriptions: Mapping[str, str]) -> Schema:
    """Make one of the words that a description is given for, with their descriptions."""
    choices: list[Json] = [{"const": name, "description": plain(said)} for name, said in descriptions.items()]
    return {"anyOf": [*choices, {"type": "string", "pattern": FILLED}]}


def closed(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Make an object that has no other keys than these."""
    must: Schema = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **must}


def named(values: Schema, names: Schema) -> Schema:
    """Make an object whose keys the author chooses."""
    return {"type": "object", "propertyNames": names, "additionalProperties": values}


def listed(item: Schema, *, at_least: int = 0) -> Schema:
    """Make a list."""
    fewest: Schema = {"minItems": at_least} if at_least else {}
    return {"type": "array", "items": item, **fewest}


def one_or_many(item: Schema) -> Schema:
    """Make a value, or a list of at least one."""
    return either(item, listed(item, at_least=1))


def either(*shapes: Schema) -> Schema:
    """Make what is of one of several shapes for unlike kinds."""
    kinds: list[Json] = []
    for shape in shapes:
        kind = shape["type"]
        kinds += kind if isinstance(kind, list) else [kind]
    return {key: value for shape in shapes for key, value in shape.items()} | {"type": kinds}


def described(properties: Mapping[str, Schema], descriptions: Mapping[str, str]) -> dict[str, Schema]:
    """Put its description to each key."""
    return {name: {"description": plain(descriptions[name]), **shape} for name, shape in properties.items()}
