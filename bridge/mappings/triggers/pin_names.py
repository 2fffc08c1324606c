"""`pin`: which pin a change moves. Never one that the author did not allow.

A literal id; or, for a family, a look-up in the constants; or any template together with
`pins`, the globs that its result must match.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import Fields, Problems, one_or_many, read_text
from bridge.mappings.expressions.expressions import Expression, compile_template, is_expression
from bridge.mappings.triggers.facts import Facts, TriggerFault
from bridge.mappings.triggers.readings import Names, compile_with
from bridge.mappings.values.bounds import NothingFound
from bridge.mappings.values.values import excerpt
from bridge.pin_model import PIN_ID

DEFAULT_MAX_PINS = 1000
MAX_MAX_PINS = 100_000

_LOOK_UP = re.compile(r"\{\{\s*([^\W\d]\w*)\s*[\[.].*\}\}", re.DOTALL)
_MOST_KEYS = 10
_LONGEST_KEY = 40
_WILD = re.compile(r"[*?\[]")
_ID_FORM = "p- and letters, digits, _ or -"
GLOB = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,66}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedPins:
    """The ids that the pins of a mapping may have: these, and those that match a glob."""

    ids: frozenset[str] = frozenset()
    globs: tuple[str, ...] = ()

    def __contains__(self, pin: str) -> bool:
        """Tell whether the file allows a pin."""
        return pin in self.ids or any(fnmatch.fnmatchcase(pin, glob) for glob in self.globs)

    @classmethod
    def of(cls, written: Iterable[str]) -> "AllowedPins":
        """Allow ids and globs; an id need not be tried as a glob on each pin."""
        listed = tuple(written)
        globs = tuple(each for each in listed if _WILD.search(each))
        return cls(ids=frozenset(listed).difference(globs), globs=globs)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRule:
    """What `pin`, `pins` and `max_pins` say. `literal` is None for a family.

    `allowed` are the ids that the pins may have; `known` says which keys a look-up knows. `max_pins` bounds
    the distinct pins of a template family, None where the file itself bounds them.
    """

    node: ScalarNode
    text: str
    allowed: AllowedPins
    known: str = ""
    literal: str | None = None
    max_pins: int | None = None


def read_pin(fields: Fields, constants: Mapping[str, Node]) -> PinRule | None:
    """Read the keys of the pin; faults are noted."""
    node = fields.required("pin")
    text = "" if node is None else read_text(node, "'pin'", fields.problems)
    if not isinstance(node, ScalarNode) or not text:
        return None
    globs = _read_globs(fields)
    if "{{" not in text and "{%" not in text:
        return _read_literal(node, text, fields)
    max_pins = fields.whole("max_pins", default=DEFAULT_MAX_PINS, lowest=1, highest=MAX_MAX_PINS)
    if globs is not None:
        return PinRule(node=node, text=text, allowed=AllowedPins.of(globs), max_pins=max_pins)
    ids = _read_look_up(node, text, fields, constants)
    return PinRule(node=node, text=text, allowed=AllowedPins(ids=ids), known=_known(text, constants))


def _read_literal(node: ScalarNode, text: str, fields: Fields) -> PinRule:
    if not PIN_ID.match(text):
        advice = f"; write '${{{text[1:]}}}' for an environment variable" if re.fullmatch(r"\$\w+", text) else ""
        fields.problems.append(node.place.problem(f"{text[:80]!r} is no pin id; one is {_ID_FORM}{advice}"))
    for key in ("pins", "max_pins"):
        if other := fields.node(key):
            message = f"{key!r} belongs to a family, whose 'pin' is a template; {text[:80]!r} is one pin"
            fields.problems.append(other.place.problem(message))
    return PinRule(node=node, text=text, allowed=AllowedPins(ids=frozenset([text])), literal=text)


def _read_globs(fields: Fields) -> tuple[str, ...] | None:
    node = fields.node("pins")
    if node is None:
        return None
    if isinstance(node, SequenceNode) and not node.items:
        fields.problems.append(node.place.problem("'pins' names at least one pin id, or a glob such as p-shop-*"))
    globs = []
    for item in one_or_many(node):
        glob = read_text(item, "'pins'", fields.problems)
        if glob and not GLOB.fullmatch(glob):
            fields.problems.append(item.place.problem(f"{glob[:80]!r} is no glob of pin ids, such as p-shop-*"))
        globs.append(glob)
    return tuple(globs)


def _read_look_up(node: Node, text: str, fields: Fields, constants: Mapping[str, Node]) -> frozenset[str]:
    """Without globs, the ids must stand in the file: under the constant that the look-up begins with."""
    look_up = _LOOK_UP.fullmatch(text.strip())
    constant = constants.get(look_up[1]) if look_up and is_expression(text) else None
    if constant is None:
        message = "a pin family is a look-up in 'constants', such as \"{{ pins[repo] }}\", or a template with 'pins'"
        fields.problems.append(node.place.problem(message))
        return frozenset()
    if bound := fields.node("max_pins"):
        message = "'max_pins' belongs to a template with 'pins'; the constants bound a look-up"
        fields.problems.append(bound.place.problem(message))
    return frozenset(_read_ids(constant, fields.problems))


def _known(text: str, constants: Mapping[str, Node]) -> str:
    """Name the keys of the constant that a look-up begins with."""
    look_up = _LOOK_UP.fullmatch(text.strip())
    constant = constants.get(look_up[1]) if look_up else None
    if look_up is None or not isinstance(constant, MappingNode):
        return ""
    keys = [entry.name[:_LONGEST_KEY] for entry in constant.entries]
    more = ", …" if len(keys) > _MOST_KEYS else ""
    return f"; the constant {look_up[1]!r} has {', '.join(keys[:_MOST_KEYS])}{more}"


def _read_ids(node: Node, problems: Problems) -> Iterator[str]:
    """Read every id that a look-up can give; null says that there is no pin."""
    if not isinstance(node, ScalarNode):
        for child in node.items if isinstance(node, SequenceNode) else [entry.value for entry in node.entries]:
            yield from _read_ids(child, problems)
    elif isinstance(node.value, str) and PIN_ID.match(node.value):
        yield node.value
    elif node.value is not None:
        problems.append(node.place.problem(f"{node.text[:80]!r} is no pin id; one is {_ID_FORM}"))


def compile_pin(rule: PinRule, names: Names) -> Callable[[Facts], str]:
    """Compile what names the pin of a change; it raises `TriggerFault` where there is none."""
    if rule.literal is not None:
        literal = rule.literal
        return lambda _: literal
    expression = compile_with(names, rule.node, compile_template)
    if expression is None:
        return lambda _: rule.text
    return lambda facts: _allowed(_evaluate(expression, facts, rule.known), rule)


def _evaluate(expression: Expression, facts: Facts, known: str) -> str:
    try:
        name = facts.evaluate(expression)
    except NothingFound as error:
        raise TriggerFault(f"'pin' finds nothing: {error}{known}", "no_pin") from error
    if name is None:
        raise TriggerFault(f"'pin' finds nothing: {expression.text} gives none", "no_pin")
    if isinstance(name, str) and PIN_ID.match(name):
        return name
    raise TriggerFault(f"'pin' gives {excerpt(name)}, which is no pin id")


def _allowed(name: str, rule: PinRule) -> str:
    if name in rule.allowed:
        return name
    if rule.max_pins is None:
        raise TriggerFault(f"{name} is none of the ids in the constants that 'pin' looks up", "no_pin")
    allowed = [*rule.allowed.globs, *sorted(rule.allowed.ids)]
    raise TriggerFault(f"{name} matches none of 'pins': {excerpt(', '.join(allowed))}", "no_pin")
