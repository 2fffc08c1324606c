"""Reading what authors write: the keys of a node, one by one, every fault noted with its place.

A `Fields` never raises: a fault goes to the list of problems, and the default takes the
value's place, so that one reading finds all the mistakes of a file.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from bridge.errors import ConfigurationError, Problem
from bridge.located.tree import Entry, MappingNode, Node, Place, ScalarNode, SequenceNode
from bridge.spelling import nearest, suggest
from bridge.units import parse_duration_s

Problems = list[Problem]

MAX_PROBLEMS = 200
"""How many problems of one file are told: advice is dear, and nobody reads more."""


class BoundedProblems(list[Problem]):
    """The problems of one file; one too many ends the reading with a `ConfigurationError`."""

    def append(self, problem: Problem, /) -> None:
        """Note a problem."""
        if len(self) >= MAX_PROBLEMS:
            more = replace(problem, message="and more mistakes from here on; mend those above first")
            raise ConfigurationError([*self, more])
        super().append(problem)

    def extend(self, problems: Iterable[Problem], /) -> None:
        """Note several problems."""
        for problem in problems:
            self.append(problem)


NO_OTHERS: Mapping[str, str] = MappingProxyType({})
COMES_LATER = "comes with a later release; leave it out"
"""What is said of a key that the language knows, and this release does not."""

_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
"""What other tools take for true and false."""

_CLEARLY = 0.8
"""How near an unknown key must be to a known one to be read as that."""


class Fields:
    """The keys of one node that must be an object with known keys; `what` names it, as in `a trigger`.

    `others` are keys that mean something, but not here, with what is said of each.
    """

    def __init__(
        self,
        node: Node,
        what: str,
        allowed: Collection[str],
        problems: Problems,
        others: Mapping[str, str] = NO_OTHERS,
    ) -> None:
        self.place = node.place
        self.problems = problems
        self._what = what
        self._nodes: dict[str, Node] = {}
        self._keys: dict[str, Place] = {}
        self._misspelt: set[str] = set()
        if not isinstance(node, MappingNode):
            some = ", ".join([*allowed][:3])
            problems.append(node.place.problem(f"{what} is an object with keys such as {some}, found {describe(node)}"))
            return
        for entry in node.entries:
            if entry.name in allowed:
                self._nodes[entry.name] = entry.value
                self._keys[entry.name] = entry.key.place
            elif entry.name in others:
                problems.append(entry.key.place.problem(f"{entry.name!r} {others[entry.name]}"))
            else:
                self._refuse(entry, allowed)

    def _refuse(self, entry: Entry, allowed: Collection[str]) -> None:
        """Tell an unknown key; one that is nearly another is read as that, so that nothing seems to be missing."""
        advice = suggest(entry.name, allowed) or f"; allowed are {', '.join(allowed)}"
        message = f"unknown key {entry.name[:80]!r} in {self._what}{advice}"
        self.problems.append(entry.key.place.problem(message))
        if (near := nearest(entry.name, allowed)) is not None:
            self._misspelt.add(near)
        if (meant := nearest(entry.name, allowed, at_least=_CLEARLY)) is not None:
            self._nodes.setdefault(meant, entry.value)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def node(self, name: str) -> Node | None:
        """Give the node of a key, None where it is not written."""
        return self._nodes.get(name)

    def key_place(self, name: str) -> Place:
        """Give the place of a key; that of the whole where it is not written, or misspelt."""
        return self._keys.get(name, self.place)

    def required(self, name: str) -> Node | None:
        """Give the node of a key that must be written; one that was misspelt is told already."""
        if name not in self._nodes and not self.is_misspelt(name):
            self.problems.append(self.place.problem(f"{self._what} needs the key {name!r}"))
        return self._nodes.get(name)

    def is_misspelt(self, name: str) -> bool:
        """Tell whether an unknown key seems to mean this one."""
        return name in self._misspelt

    def text(self, name: str, default: str = "") -> str:
        """Give a text that is not empty."""
        node = self._nodes.get(name)
        return default if node is None else read_text(node, f"{name!r}", self.problems) or default

    def flag(self, name: str, *, default: bool) -> bool:
        """Give true or false."""
        node = self._nodes.get(name)
        if node is None:
            return default
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        meant = _TRUTHS.get(node.text.lower()) if isinstance(node, ScalarNode) else None
        hint = f"; write {meant}, without quotes" if meant else ""
        self.problems.append(node.place.problem(f"{name!r} is true or false, found {describe(node)}{hint}"))
        return default

    def whole(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        """Give a whole number within bounds."""
        node = self._nodes.get(name)
        if node is None:
            return default
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        message = f"{name!r} is a whole number from {lowest:,} to {highest:,}, found {describe(node)}"
        self.problems.append(node.place.problem(message))
        return default

    def duration_s(self, name: str, *, lowest: int) -> int | None:
        """Give a length of time in seconds, None where it is not written."""
        node = self._nodes.get(name)
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or node.value is None:
            message = f"{name!r} is a length of time, such as 90s or 24h, found {describe(node)}"
            self.problems.append(node.place.problem(message))
            return None
        try:
            length_s = parse_duration_s(node.text)
        except ValueError as error:
            self.problems.append(node.place.problem(f"{name!r}: {error}"))
            return None
        if length_s < lowest:
            self.problems.append(node.place.problem(f"{name!r} is at least {lowest}s, found {describe(node)}"))
        return length_s


def read_text(node: Node, what: str, problems: Problems) -> str:
    """Give a text that is not empty; the empty text where it is something else, which is noted."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
        return node.value
    hint = "; quote it to make it text" if isinstance(node, ScalarNode) and node.is_plain and node.text else ""
    problems.append(node.place.problem(f"{what} is a text, found {describe(node)}{hint}"))
    return ""


def read_entries(node: Node, what: str, problems: Problems) -> Iterator[tuple[ScalarNode, Node]]:
    """Give keys and values of an object whose keys the author chooses."""
    if not isinstance(node, MappingNode):
        problems.append(node.place.problem(f"{what} is an object of names and their values, found {describe(node)}"))
        return
    for entry in node.entries:
        yield entry.key, entry.value


def one_or_many(node: Node) -> tuple[Node, ...]:
    """Give the items of a list, or the one thing that stands there instead of a list."""
    return node.items if isinstance(node, SequenceNode) else (node,)


def describe(node: Node) -> str:
    """Say what stands in a node, in an author's words."""
    match node:
        case SequenceNode():
            return "a list"
        case MappingNode():
            return "an object"
        case ScalarNode(value=None | ""):
            return "nothing" if node.value is None else "an empty text"
        case ScalarNode(value=bool()):
            return node.text
        case ScalarNode(value=str()):
            return repr(node.text if len(node.text) <= 80 else node.text[:79] + "…")
    return f"the number {node.text}"
