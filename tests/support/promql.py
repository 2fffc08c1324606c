"""What an expression of PromQL asks for: which samples, by which labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, Expr, MatrixSelector, VectorSelector


@dataclass(frozen=True)
class Asked:
    """The samples of an expression by name, with the labels that choose each; and the labels that it is grouped by."""

    selected: tuple[tuple[str, frozenset[str]], ...]
    grouped: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """Give the names alone."""
        return frozenset(name for name, _ in self.selected)


def asked(expression: str) -> Asked:
    """Read an expression; raises `ValueError` where it is none."""
    found: list[Expr] = []

    def take(part: Expr) -> None:
        found.append(part)

    promql_parser.walk(promql_parser.parse(expression), take)
    selectors = {
        (part.name or "", frozenset(matcher.name for matcher in part.matchers.matchers)) for part in _selectors(found)
    }
    return Asked(tuple(sorted(selectors, key=str)), frozenset(_grouped(found)))


def _selectors(parts: list[Expr]) -> Iterator[VectorSelector]:
    for part in parts:
        if isinstance(part, VectorSelector):
            yield part
        elif isinstance(part, MatrixSelector):
            yield part.vector_selector


def _grouped(parts: list[Expr]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, AggregateExpr) and part.modifier is not None:
            yield from part.modifier.labels
        elif isinstance(part, BinaryExpr) and part.modifier is not None and part.modifier.matching is not None:
            yield from part.modifier.matching.labels
