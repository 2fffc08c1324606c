"""From what is wrong in a template to the place in the file where its author wrote it."""

import re

from bridge.errors import Problem
from bridge.located import Place, ScalarNode
from bridge.mappings.expressions.template_check import TemplateFault, TemplateSyntaxProblem

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def placed_problems(scalar: ScalarNode, problem: TemplateSyntaxProblem) -> list[Problem]:
    """Give each fault of a template that stands in this scalar its place."""
    return [_place_of(scalar, fault).problem(fault.message) for fault in problem.faults]


def place_of_line(scalar: ScalarNode, line_offset: int) -> Place:
    """Give the place of a line of the text, counted from 0.

    Only a literal text, after `|`, has the lines of the file; any other counts as a whole.
    """
    lines = scalar.written.splitlines(keepends=True)
    if not scalar.is_literal or line_offset + 1 >= len(lines):
        return scalar.place
    line = lines[line_offset + 1]
    return scalar.place_at(sum(map(len, lines[: line_offset + 1])) + len(line) - len(line.lstrip()))


def _place_of(scalar: ScalarNode, fault: TemplateFault) -> Place:
    """Find a misnamed word as it is written, because Jinja keeps lines only."""
    if fault.word is not None:
        is_word = fault.word.isidentifier()
        word = re.compile(rf"(?<![\w.]){fault.word}(?!\w)" if is_word else re.escape(fault.word))
        for tag in _TAG.finditer(scalar.written):
            if found := word.search(scalar.written, tag.start(), tag.end()):
                return scalar.place_at(found.start())
    return place_of_line(scalar, fault.line_offset)
