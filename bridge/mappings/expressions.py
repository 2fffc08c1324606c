"""Expressions: a single `{{ … }}`, compiled once, evaluated to a value of any kind.

Everything that an author can get wrong in writing is found when it is compiled: syntax,
unknown filters, tests and variables, and the parts of Jinja that the language leaves out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.utils import consume

from bridge.mappings.bounds import ExpressionError, NothingFound, Work, check_characters, measured
from bridge.mappings.dialect import FUNCTIONS, SURROUNDINGS, WORK, Surroundings, defined, localized
from bridge.mappings.filters import DIALECT
from bridge.mappings.template_check import TemplateSyntaxProblem, checked, undeclared
from bridge.mappings.values import UnusableValue, Value

__all__ = [
    "Expression",
    "ExpressionError",
    "NothingFound",
    "Surroundings",
    "TemplateSyntaxProblem",
    "compile_expression",
    "compile_text",
    "is_expression",
    "names_in",
    "scope_of",
]

_RESULT = "the_result_of_the_expression"
_EPOCH = Surroundings(now=datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled `{{ … }}`, or a template that gives text.

    `names` are the variables that it reads.
    """

    text: str
    names: frozenset[str]
    _template: Template = field(repr=False)
    _result: Callable[[Template, dict[str, Any]], Value] = field(repr=False)

    def evaluate(
        self, variables: Mapping[str, Value], surroundings: Surroundings = _EPOCH, work: Work | None = None
    ) -> Value:
        """Evaluate to a value; lists and objects in it are shared with the variables.

        Args:
            variables: a value for each of `names`.
            surroundings: locale, timezone and the moment that is now, for filters.
            work: what it may cost, shared by the expressions of one rendering.

        Raises:
            NothingFound: for a look-up that finds nothing.
            ExpressionError: for anything else that goes wrong, with a message for authors.
        """
        return self.run(scope_of(variables, surroundings, work or Work()))

    def run(self, scope: dict[str, Any]) -> Value:
        """Evaluate in a scope that `scope_of` made; raises as `evaluate` does."""
        try:
            return self._result(self._template, scope)
        except (TemplateError, UnusableValue) as error:
            raise ExpressionError(str(error)) from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ExpressionError(f"{type(error).__name__}: {error}") from error
        except RecursionError as error:
            raise ExpressionError("the expression nests too deeply") from error


def scope_of(variables: Mapping[str, Value], surroundings: Surroundings, work: Work) -> dict[str, Any]:
    """Put together what expressions see; times come in the mapping's timezone."""
    zone = surroundings.timezone
    local = {name: localized(value, zone) for name, value in variables.items()}
    return {**FUNCTIONS, **local, SURROUNDINGS: surroundings, WORK: work}


def is_expression(text: str) -> bool:
    """Tell whether a string is exactly one `{{ … }}`, spaces around it aside."""
    try:
        return _single(DIALECT.parse(text.strip())) is not None
    except TemplateSyntaxError:
        stripped = text.strip()
        return stripped.startswith("{{") and stripped.endswith("}}") and stripped.count("{{") == 1


def names_in(text: str) -> frozenset[str]:
    """List the variables that an expression or template reads; raises `TemplateSyntaxProblem`."""
    return frozenset(undeclared(checked(text)) - FUNCTIONS.keys())


def compile_expression(text: str, *, names: Collection[str]) -> Expression:
    """Compile a string that is exactly one `{{ … }}`.

    Raises:
        TemplateSyntaxProblem: for bad syntax, and names outside `names`.
    """
    stripped = text.strip()
    tree = checked(stripped, names)
    expression = _single(tree)
    if expression is None:
        raise TemplateSyntaxProblem('this must be exactly one expression, as in "{{ amount * 100 }}"')
    body: list[nodes.Node] = [nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=1)]
    assignment = nodes.Template(body, lineno=1)
    assignment.set_environment(DIALECT)
    return _compiled(text, assignment, _value)


def compile_text(text: str, *, names: Collection[str]) -> Expression:
    """Compile a template that gives text; raises `TemplateSyntaxProblem` as `compile_expression` does."""
    return _compiled(text, checked(text, names), _text)


def _compiled(text: str, tree: nodes.Template, result: Callable[[Template, dict[str, Any]], Value]) -> Expression:
    names = frozenset(undeclared(tree) - FUNCTIONS.keys())
    try:
        template = DIALECT.from_string(tree)
    except (RecursionError, SyntaxError) as error:
        raise TemplateSyntaxProblem("the expression nests too deeply") from error
    except TemplateSyntaxError as error:
        raise TemplateSyntaxProblem(str(error.message), line_offset=error.lineno - 1) from error
    return Expression(text=text, names=names, _template=template, _result=result)


def _single(tree: nodes.Template) -> nodes.Expr | None:
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as expression])] if not isinstance(expression, nodes.TemplateData):
            return expression
    return None


def _value(template: Template, variables: dict[str, Any]) -> Value:
    context = template.new_context(variables, shared=True)
    consume(template.root_render_func(context))
    value = defined(context.vars[_RESULT])
    if isinstance(value, list | tuple | dict):
        measured(value)
        return list(value) if isinstance(value, tuple) else value
    if value is not None and not isinstance(value, str | int | float | list | dict) and callable(value):
        raise ExpressionError("this is a method without its parentheses")
    result: Value = value
    return result


def _text(template: Template, variables: dict[str, Any]) -> Value:
    context = template.new_context(variables, shared=True)
    pieces, characters = [], 0
    for piece in template.root_render_func(context):
        characters += len(piece)
        check_characters(characters)
        pieces.append(piece)
    return "".join(pieces)
