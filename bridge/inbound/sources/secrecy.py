"""What is told of mistakes near a secret: never the secret.

Messages go to logs and to `/readyz`, and whoever looks for the place of a secret may well write it
into `sources.yaml`. So of a text that is nearly no known word, nothing is repeated there.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from bridge.errors import Problem
from bridge.located import MappingNode, Node, ScalarNode, SequenceNode
from bridge.located.fields import describe
from bridge.spelling import nearest

_VEIL = "'…'"
_NAMES = ("secret", "token", "password", "api_key")
_HOLDS_SECRET = re.compile(rf"\b({'|'.join(_NAMES)})[\"']?\s*:\s*[^\s{{]")
_OPEN = frozenset({"algorithm", "encoding", "format"})
"""Keys whose values nobody takes for the place of a secret."""

_NOT_HERE = "does not stand here"


def misplaced(variable: str) -> Mapping[str, str]:
    """Give the keys under which a secret is written by mistake, with what is said of each; `variable` is its place."""
    return dict.fromkeys(_NAMES, f"{_NOT_HERE}; set {variable}")


def misplaced_secret(node: Node, variable: str) -> Problem:
    """Make the problem of a secret that stands where only its form is described."""
    return replace(node.place.problem(f"the secret {_NOT_HERE}; set {variable}"), hides_line=True)


def veiled(problems: Iterable[Problem], node: Node, known: Collection[str]) -> list[Problem]:
    """Take out of messages what stands in a node, but for words that are one of the known ones, or nearly."""
    shown = {form for scalar in _scalars(node) if not nearest(scalar.text, known) for form in _forms(scalar)}
    is_bare = bool(shown) and not isinstance(node, MappingNode)
    return [_veil(problem, sorted(shown, key=len, reverse=True), is_bare=is_bare) for problem in problems]


def veiled_syntax(problems: Iterable[Problem], data: bytes) -> list[Problem]:
    """Tell nothing but the place of a mistake in a line that seems to hold a secret."""
    lines = data.decode("utf-8", "replace").splitlines()
    return [
        replace(problem, message=f"a secret {_NOT_HERE}; set <SOURCE>_WEBHOOK_SECRET", hides_line=True)
        if 0 < problem.line <= len(lines) and _HOLDS_SECRET.search(lines[problem.line - 1])
        else problem
        for problem in problems
    ]


def _veil(problem: Problem, shown: Iterable[str], *, is_bare: bool) -> Problem:
    message = problem.message
    for form in shown:
        message = message.replace(form, "a number" if form.startswith("the number") else _VEIL)
    hides_line = is_bare or message != problem.message or _NOT_HERE in message
    return replace(problem, message=message, hides_line=hides_line)


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """Give every value, and each key without one: in `{a b}` the text is a key."""
    match node:
        case ScalarNode():
            yield node
        case SequenceNode():
            for item in node.items:
                yield from _scalars(item)
        case MappingNode():
            for entry in node.entries:
                if entry.name not in _OPEN:
                    yield from _scalars(entry.key if describe(entry.value) == "nothing" else entry.value)


def _forms(scalar: ScalarNode) -> set[str]:
    """Give the ways in which messages show a value; null, true and false tell nothing."""
    if scalar.value is None or isinstance(scalar.value, bool) or not scalar.text:
        return set()
    return {describe(scalar), *(repr(scalar.text[:length]) for length in (80, 100, len(scalar.text)))}
