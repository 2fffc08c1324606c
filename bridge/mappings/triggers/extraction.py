"""`extract` and `let`: variables, taken out of an event or computed from others.

    amount: $.data.amount                             a path
    buyer: {path: $.email, default: anonymous}        with a default, a conversion, a fold
    total: {path: "$.items[*].price", take: sum, as: number}
    sender: {header: X-Sender}  ·  team: {query: team}  ·  group: {body: $.groupKey}

A path that matches nothing is an error unless there is a default (but counting nothing gives
0); null is a value. Every number is exact from here on.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bridge.located import MappingNode, Node, ScalarNode
from bridge.located.fields import Fields, describe, one_or_many, read_entries, read_text
from bridge.mappings.expressions.names import read_name
from bridge.mappings.queries.queries import MISSING, Query
from bridge.mappings.triggers.facts import Facts, Found, TriggerFault
from bridge.mappings.triggers.readings import Names, Reading, read_query, read_single
from bridge.mappings.values.bounds import ExpressionError, Work
from bridge.mappings.values.conversion import KINDS, ConversionError, convert
from bridge.mappings.values.folding import extreme, total
from bridge.mappings.values.values import Value, exact
from bridge.spelling import suggest

_SOURCES = ("path", "body", "header", "query")
_KEYS = (*_SOURCES, "default", "as", "take")
_OTHER_KINDS = {
    "float": "number",
    "decimal": "number",
    "int": "integer",
    "str": "string",
    "text": "string",
    "bool": "boolean",
    "date": "time",
    "datetime": "time",
    "timestamp": "time",
}
"""What other languages call a kind, and what it is called here."""

ASKS_FOR_DEFAULT = "give it a default where it may be missing"

_MAX_JOINED = 2**16


class Variable(NamedTuple):
    """A variable and how its value is read; `read` raises `TriggerFault` or an error of values."""

    name: str
    read: Callable[[Facts], Value]


def compile_extract(node: Node, names: Names) -> list[Variable]:
    """Compile `extract`; the names become known to what is compiled afterwards."""
    return _compile_variables(node, "'extract'", names, _compile_extraction)


def compile_let(node: Node, names: Names) -> list[Variable]:
    """Compile `let`, in order: each expression may use the names above it."""
    return _compile_variables(node, "'let'", names, _compile_let)


def written_variables(node: Node) -> dict[str, str]:
    """Give how each variable under `extract` or `let` is written, for people: where its value stands, and the rest."""
    return {entry.name: _written(entry.value) for entry in node.entries} if isinstance(node, MappingNode) else {}


def _written(node: Node) -> str:
    if not isinstance(node, MappingNode):
        return node.text if isinstance(node, ScalarNode) else describe(node)
    texts = {entry.name: entry.value.text if isinstance(entry.value, ScalarNode) else "…" for entry in node.entries}
    places = [
        text if name in ("path", "body") else f"{name}.{text}" for name, text in texts.items() if name in _SOURCES
    ]
    return ", ".join(
        [*places, *(f"{name} {text or repr(text)}" for name, text in texts.items() if name not in _SOURCES)]
    )


def _compile_variables(
    node: Node, what: str, names: Names, compile_one: Callable[[str, Node, Names], Callable[[Facts], Value] | None]
) -> list[Variable]:
    variables = []
    for key, value in read_entries(node, what, names.problems):
        name = read_name(key, "a variable", names.bearer, names.problems)
        read = compile_one(key.text, value, names)
        if name is not None:
            names.variables[name] = key.place
        if name is not None and read is not None:
            variables.append(Variable(name=name, read=read))
    return variables


def _compile_let(name: str, node: Node, names: Names) -> Callable[[Facts], Value] | None:
    read = read_single(node, f"the variable {name!r}", names)
    return None if read is None else required(read, name, describe(node))


def required(read: Reading, name: str, shown: str) -> Callable[[Facts], Value]:
    """Make a look-up that leads nowhere the trigger's error."""

    def value(facts: Facts) -> Value:
        found = read(facts)
        if found is MISSING:
            raise TriggerFault(f"{name}: {shown} matches nothing")
        return found

    return value


def _compile_extraction(name: str, node: Node, names: Names) -> Callable[[Facts], Value] | None:
    if isinstance(node, MappingNode):
        return _compile_object(name, node, names)
    query = read_query(node, f"the variable {name!r}", names)
    if query is None:
        return None
    if query.single:
        return _plain_path(name, query)
    read = _query_reading(query, is_body=False)
    return _full_reading(f"{name}: {query.text}", read, _finishing((), None, is_many=True), MISSING)


def _plain_path(name: str, query: Query) -> Callable[[Facts], Value]:
    """Take the short road of nearly every variable: one place, no conversion."""
    get, text = query.get, query.text

    def read(facts: Facts) -> Value:
        found = get(facts.item)
        kind = type(found)
        if kind is str or kind is int:
            return found  # type: ignore[return-value]  # a text or an integer, as nearly always
        if found is MISSING:
            raise TriggerFault(f"{name}: {text} matches nothing; give it a default where it may be missing")
        facts.charge(found)
        return exact(found)

    return read


def _compile_object(name: str, node: MappingNode, names: Names) -> Callable[[Facts], Value] | None:
    fields = Fields(node, f"the variable {name!r}", _KEYS, names.problems)
    given = [key for key in _SOURCES if key in fields]
    if not given and any(map(fields.is_misspelt, _SOURCES)):
        return None
    if len(given) != 1:
        message = (
            f"the variable {name!r} needs exactly one of {', '.join(_SOURCES)}, found {', '.join(given) or 'none'}"
        )
        names.problems.append(node.place.problem(message))
        return None
    place = _compile_place(given[0], fields, names)
    kinds = read_kinds(fields)
    default = fields.node("default")
    if place is None:
        return None
    read, shown, is_many = place
    fold = _read_take(fields, is_many=is_many)
    fallback: Found = 0 if fold is len else MISSING
    if default is not None:
        fallback = default.plain()
    return _full_reading(f"{name}: {shown}", read, _finishing(kinds, fold, is_many=is_many), fallback)


def _full_reading(
    what: str, read: Reading, finish: Callable[[Value, Work], Value], fallback: Found
) -> Callable[[Facts], Value]:
    def value(facts: Facts) -> Value:
        try:
            found = read(facts)
            if found is MISSING:
                if fallback is MISSING:
                    raise TriggerFault(f"{what} matches nothing; {ASKS_FOR_DEFAULT}")
                return fallback
            facts.charge(found)
            return finish(exact(found), facts.work)
        except (ConversionError, ExpressionError) as error:
            raise TriggerFault(f"{what}: {error}") from error

    return value


def _finishing(kinds: tuple[str, ...], fold: "_Fold | None", *, is_many: bool) -> Callable[[Value, Work], Value]:
    """Convert each of many matches, then fold them, and count that; convert a single one."""
    steps = 1 + len(kinds) + (fold is not None)

    def finish(found: Value, work: Work) -> Value:
        if not (is_many and isinstance(found, list)):
            return convert(found, kinds)
        work.spend(steps * len(found))
        converted = [convert(each, kinds) for each in found] if kinds else found
        return converted if fold is None else fold(converted)

    return finish


def _compile_place(key: str, fields: Fields, names: Names) -> tuple[Reading, str, bool] | None:
    """Compile where the value stands: how to read it, how to name it, and whether it is a list of matches."""
    node = fields.required(key)
    if node is None:
        return None
    if key in ("path", "body"):
        query = read_query(node, f"{key!r}", names)
        return None if query is None else (_query_reading(query, is_body=key == "body"), query.text, not query.single)
    name = read_text(node, f"{key!r}", names.problems)
    lower = name.lower()
    if key == "header":
        return (lambda facts: facts.event.headers.get(lower, MISSING)), f"header.{name}", False
    return (lambda facts: facts.event.query.get(name, MISSING)), f"query.{name}", False


def _query_reading(query: Query, *, is_body: bool) -> Reading:
    """Read from the item, or from the whole payload; where many matches find none, that is missing."""
    get, find = query.get, query.find
    if query.single:
        return (lambda facts: get(facts.event.payload)) if is_body else (lambda facts: get(facts.item))

    def read(facts: Facts) -> Found:
        return list(find(facts.event.payload if is_body else facts.item, facts.work)) or MISSING

    return read


def read_kinds(fields: Fields) -> tuple[str, ...]:
    """Read `as`: one conversion, or a list of them in order."""
    node = fields.node("as")
    if node is None:
        return ()
    kinds = []
    for item in one_or_many(node):
        kind = read_text(item, "'as'", fields.problems)
        if kind in KINDS:
            kinds.append(kind)
        elif kind:
            meant = _OTHER_KINDS.get(kind.lower())
            advice = f"; did you mean {meant!r}?" if meant else suggest(kind, KINDS)
            advice = advice or f"; allowed are {', '.join(KINDS)}"
            fields.problems.append(item.place.problem(f"unknown conversion {kind[:80]!r}{advice}"))
    return tuple(kinds)


_Fold = Callable[[Sequence[Value]], Value]


def _read_take(fields: Fields, *, is_many: bool) -> _Fold | None:
    node = fields.node("take")
    if node is None:
        return None
    word = node.value if isinstance(node, ScalarNode) else None
    fold = FOLDS.get(word) if isinstance(word, str) else None
    if fold is None:
        advice = suggest(word, FOLDS) if isinstance(word, str) else ""
        message = f"'take' is one of {', '.join(FOLDS)}, found {describe(node)}{advice}"
        fields.problems.append(node.place.problem(message))
    elif not is_many:
        message = "'take' folds many matches, and this finds one value; leave it out, or use a path such as $.items[*]"
        fields.problems.append(node.place.problem(message))
    return fold


def _join(values: Sequence[Value]) -> Value:
    text = ", ".join(str(convert(value, ("string",))) for value in values if value is not None)
    if len(text) > _MAX_JOINED:
        raise ConversionError(f"the joined text has {len(text):,} characters; at most {_MAX_JOINED:,} are allowed")
    return text


FOLDS: Mapping[str, _Fold] = MappingProxyType(
    {
        "first": lambda values: values[0] if values else None,
        "last": lambda values: values[-1] if values else None,
        "sum": total,
        "count": len,
        "min": lambda values: extreme(values, min),
        "max": lambda values: extreme(values, max),
        "join": _join,
    }
)
"""How `take` makes one value of many; nulls are skipped by all but first, last and count."""
