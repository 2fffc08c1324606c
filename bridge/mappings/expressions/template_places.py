"""From what is wrong in a template to the place in the file where its author wrote it."""

import re
from collections.abc import Iterator

from bridge.errors import Problem
from bridge.located import Place, ScalarNode
from bridge.mappings.expressions.template_check import TemplateSyntaxProblem

_OPENING = re.compile(r"\{(?=[{%])")
_CLOSING = {"{{": "}}", "{%": "%}"}


def tags_of(text: str) -> Iterator[tuple[int, int]]:
    """Give where each `{{ … }}` and `{% … %}` begins and ends; each is looked for to its end once."""
    end, last = 0, {opening: text.rfind(closing) for opening, closing in _CLOSING.items()}
    for found in _OPENING.finditer(text):
        start, opening = found.start(), text[found.start() : found.start() + 2]
        if end <= start <= last[opening] - 2:
            end = text.index(_CLOSING[opening], start + 2) + 2
            yield start, end


def placed_problems(scalar: ScalarNode, problem: TemplateSyntaxProblem) -> Iterator[Problem]:
    """Give each fault of a template that stands in this scalar its place."""
    return (_place_of(scalar, fault.index).problem(fault.message) for fault in problem.faults)


def place_of_line(scalar: ScalarNode, line: int) -> Place:
    """Give the place of a line of the text, counted from 0; of the text, where it has only one."""
    lines = scalar.text.rstrip().split("\n")
    return _place_of(scalar, sum(len(each) + 1 for each in lines[:line])) if len(lines) > 1 else scalar.place


def _place_of(scalar: ScalarNode, index: int) -> Place:
    """Give the place of a character; in a text that is filled in, the tag around it is looked for as it is written."""
    try:
        return scalar.place_of(index)
    except LookupError:
        for start, end in tags_of(scalar.text):
            if start <= index < end and (at := scalar.written.find(scalar.text[start:end])) >= 0:
                return scalar.place_at(at + index - start)
    return scalar.place
