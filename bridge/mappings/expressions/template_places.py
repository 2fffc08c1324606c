"""From what is wrong in a template to the place in the file where its author wrote it."""

import re

from bridge.errors import Problem
from bridge.located import Place, ScalarNode
from bridge.mappings.expressions.template_check import TemplateSyntaxProblem

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def placed_problems(scalar: ScalarNode, problem: TemplateSyntaxProblem) -> list[Problem]:
    """Give each fault of a template that stands in this scalar its place."""
    return [_place_of(scalar, fault.index).problem(fault.message) for fault in problem.faults]


def place_of_line(scalar: ScalarNode, line: int) -> Place:
    """Give the place of a line of the text, counted from 0; of the text, where it has only one."""
    lines = scalar.text.rstrip().split("\n")
    return _place_of(scalar, sum(len(each) + 1 for each in lines[:line])) if len(lines) > 1 else scalar.place


def _place_of(scalar: ScalarNode, index: int) -> Place:
    """Give the place of a character; in a text that is filled in, the tag around it is looked for as it is written."""
    try:
        return scalar.place_of(index)
    except LookupError:
        for tag in _TAG.finditer(scalar.text):
            at = scalar.written.find(tag[0])
            if tag.start() <= index < tag.end() and at >= 0:
                return scalar.place_at(at + index - tag.start())
    return scalar.place
