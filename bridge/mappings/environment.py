"""`${NAME}` and `${NAME:-default}` are filled from the environment when a file is loaded.

Anywhere in a scalar, once: what is filled in is not searched again. An unquoted scalar is
then read as YAML reads it, so that `${LIMIT:-5}` is a number; a quoted one stays text. As in a
shell, the default also stands for an empty variable.
`$${` is a literal `${`. Names that hold secrets or settings are refused, so that a mapping
cannot put a key on a dashboard.
"""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import replace

from bridge.errors import Problem
from bridge.located import Entry, MappingNode, Node, ScalarNode, SequenceNode, read_plain, surrogate_in
from bridge.located.fields import MAX_PROBLEMS, BoundedProblems
from bridge.spelling import suggest

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REFUSED = ("PINBRIDGE_*", "PINDOWN_*", "*_SECRET", "*_KEY", "*_TOKEN", "*_FILE")
MAX_FILLED_CHARACTERS = 2**20


def fill(node: Node, environ: Mapping[str, str]) -> tuple[Node, list[Problem]]:
    """Give the tree with every reference filled in, and what could not be filled."""
    filling = _Filling(environ)
    return filling.node(node), filling.problems


class _Filling:
    """Walks one tree; shared nodes (aliases) are filled wherever they stand."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = BoundedProblems()
        self._environ = environ

    def node(self, node: Node) -> Node:
        match node:
            case ScalarNode():
                return self._scalar(node) if "${" in node.text else node
            case SequenceNode():
                return replace(node, items=tuple(self.node(item) for item in node.items))
            case MappingNode():
                return replace(node, entries=tuple(self._entries(node)))

    def _entries(self, node: MappingNode) -> list[Entry]:
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            key = self._scalar(entry.key) if "${" in entry.key.text else entry.key
            if key.text in entries:
                self.problems.append(
                    key.place.problem(
                        f"the key {key.text[:80]!r} stands in line {entries[key.text].key.place.line} already"
                    )
                )
            entries[key.text] = Entry(key, self.node(entry.value))
        return list(entries.values())

    def _scalar(self, scalar: ScalarNode) -> ScalarNode:
        faults: list[str] = []
        closed = (
            scalar.text.rfind("}") + 1
        )  # what opens behind the last one is not looked for to the end, over and over
        rest = scalar.text[closed:]
        text = _REFERENCE.sub(lambda match: self._filled(match, faults), scalar.text[:closed]) + rest.replace(
            "$${", "${"
        )
        if "${" in rest.replace("$${", " "):
            faults.append("'${' has no '}' after it; write '$${' for a literal '${'")
        value = text
        if len(text) > MAX_FILLED_CHARACTERS:
            faults.append(f"filled in, this has more than {MAX_FILLED_CHARACTERS:,} characters")
        elif surrogate_in(text) is not None and not faults:
            faults.append("filled in, this is not UTF-8 text")
        elif scalar.is_plain and not faults:
            try:
                return replace(scalar, value=read_plain(text), text=text)
            except ValueError as error:
                faults.append(str(error))
        self.problems.extend(map(scalar.place.problem, dict.fromkeys(faults)))
        return replace(scalar, value=value, text=text)

    def _filled(self, match: re.Match[str], faults: list[str]) -> str:
        """Give what one reference stands for; itself, where that is a mistake."""
        if match[0] == "$${":
            return "${"
        if len(faults) >= MAX_PROBLEMS:
            return match[0]
        name, separator, default = match[1].partition(":-")
        if not _NAME.fullmatch(name):
            known = re.match(r"(\w+)[^\w}]", name)
            advice = f"; a default is written as ${{{known[1]}:-default}}" if known else ""
            message = f"{name[:80]!r} cannot be the name of an environment variable"
            faults.append(f"{message}{advice}; write '$${{' for a literal '${{'")
        elif any(fnmatch.fnmatchcase(name.upper(), pattern) for pattern in _REFUSED):
            faults.append(
                f"${{{name}}} may hold a secret or a setting, which a mapping must not read; "
                f"refused are {', '.join(_REFUSED)}"
            )
        elif separator:
            return self._environ.get(name) or default
        elif name in self._environ:
            return self._environ[name]
        else:
            near = suggest(name, self._environ)
            faults.append(f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}{near}")
        return match[0]
