"""Expressions: a single `{{ … }}`, compiled once, evaluated to a value of any kind.

Everything that an author can get wrong in writing is found when it is compiled: syntax,
unknown filters, tests and variables, and the parts of Jinja that the language leaves out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from traceback import walk_tb
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.utils import consume

from bridge.mappings.expressions.dialect import FUNCTIONS, SURROUNDINGS, WORK, Surroundings, defined, localized, work_of
from bridge.mappings.expressions.dialect_code import compile_nodes
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.expressions.template_check import TemplateSyntaxProblem, checked, misnamed_variables, refused
from bridge.mappings.values.bounds import (
    ExpressionError,
    NothingFound,
    Work,
    check_characters,
    check_scalar,
    check_text,
    measured,
)
from bridge.mappings.values.values import UnusableValue, Value
from bridge.mappings.values.views import Seen, View

__all__ = [
    "Expression",
    "ExpressionError",
    "NothingFound",
    "Surroundings",
    "TemplateSyntaxProblem",
    "compile_expression",
    "compile_template",
    "compile_text",
    "is_expression",
    "scope_of",
]

_RESULT = "the_result_of_the_expression"
_REMEMBERED = 8192
"""Templates that are kept compiled: they are immutable, the same ones stand in many mappings, and
a folder that is read again has nearly all of them unchanged. One costs half a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled `{{ … }}`, or a template that gives text.

    `names` are the variables that it reads.
    """

    text: str
    names: frozenset[str]
    _template: Template = field(repr=False)
    _result: Callable[[Template, dict[str, Any]], Value] = field(repr=False)

    def run(self, scope: dict[str, Any]) -> Value:
        """Evaluate to a value in a scope that `scope_of` made; lists and objects in it are shared with that.

        Raises:
            NothingFound: for a look-up that finds nothing.
            ExpressionError: for anything else that goes wrong, with a message for authors.
        """
        try:
            return self._result(self._template, scope)
        except (TemplateError, UnusableValue) as error:
            raise ExpressionError(str(error)) from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ExpressionError(f"{type(error).__name__}: {error}") from error
        except RecursionError as error:
            raise ExpressionError("the expression nests too deeply") from error

    def line_of(self, error: BaseException) -> int:
        """Tell in which line of the text, counted from 0, an error came up; 0 where nothing tells."""
        code_globals = self._template.root_render_func.__globals__
        for each in (error, error.__cause__):
            traced = walk_tb(each.__traceback__ if each else None)
            lines = [line for frame, line in traced if frame.f_globals is code_globals]
            if lines:
                return self._template.get_corresponding_lineno(lines[-1]) - 1
        return 0


def scope_of(variables: Mapping[str, Seen], surroundings: Surroundings, work: Work) -> dict[str, Any]:
    """Put together what expressions see: a value for each name that they may read.

    Times come in the mapping's timezone, wherever they stand. `work` is what all expressions
    of one rendering may cost.
    """
    zone = surroundings.timezone
    local = {name: value if isinstance(value, View) else localized(value, zone) for name, value in variables.items()}
    return {**FUNCTIONS, **local, SURROUNDINGS: surroundings, WORK: work}


@lru_cache(maxsize=_REMEMBERED)
def is_expression(text: str) -> bool:
    """Tell whether a string is exactly one `{{ … }}`, spaces around it aside."""
    inner = text.strip()
    if not inner.startswith(("{{", "{#")) or not inner.endswith(("}}", "#}")):
        return False
    if inner.startswith("{{") and inner.count("{{") == inner.count("}}") == 1:
        return True
    try:
        return _single(DIALECT.parse(text)) is not None
    except (TemplateSyntaxError, RecursionError, ValueError):
        return inner.startswith("{{") and inner.count("{{") == 1


def compile_template(text: str, *, names: Collection[str] | None) -> Expression:
    """Compile a string as an expression where it is exactly one, else as a template that gives text.

    Raises:
        TemplateSyntaxProblem: for bad syntax, and names outside `names`, with all faults.
    """
    return (compile_expression if is_expression(text) else compile_text)(text, names=names)


def compile_expression(text: str, *, names: Collection[str] | None) -> Expression:
    """Compile a string that is exactly one `{{ … }}`; raises as `compile_template` does."""
    return _with_known_names(_compile_value, text, names)


def compile_text(text: str, *, names: Collection[str] | None) -> Expression:
    """Compile a template that gives text; raises as `compile_template` does."""
    return _with_known_names(_compile_text, text, names)


def _with_known_names(compiler: Callable[[str], Expression], text: str, names: Collection[str] | None) -> Expression:
    """Compile, and tell the unknown variables beside all other faults; without `names` any will do."""
    try:
        compiled = compiler(text)
    except TemplateSyntaxProblem as problem:
        unknown = [] if names is None else misnamed_variables(text, problem.names, names)
        raise TemplateSyntaxProblem(*problem.faults, *unknown) from problem
    unknown = [] if names is None else misnamed_variables(text, compiled.names, names)
    if unknown:
        raise TemplateSyntaxProblem(*unknown)
    return compiled


@lru_cache(maxsize=_REMEMBERED)
def _compile_value(text: str) -> Expression:
    expression = _single(checked(text))
    if expression is None:
        raise refused('this must be exactly one expression, as in "{{ amount * 100 }}"')
    line = expression.lineno
    body: list[nodes.Node] = [nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=line)]
    assignment = nodes.Template(body, lineno=line)
    assignment.set_environment(DIALECT)
    return _compiled(text, assignment, _value)


@lru_cache(maxsize=_REMEMBERED)
def _compile_text(text: str) -> Expression:
    return _compiled(text, checked(text), _text)


def _compiled(text: str, tree: nodes.Template, result: Callable[[Template, dict[str, Any]], Value]) -> Expression:
    try:
        template, names = compile_nodes(DIALECT, tree)
    except (RecursionError, SyntaxError) as error:
        raise refused("the expression nests too deeply") from error
    except TemplateSyntaxError as error:
        raise refused(str(error.message)) from error
    return Expression(text=text, names=names - FUNCTIONS.keys(), _template=template, _result=result)


def _single(tree: nodes.Template) -> nodes.Expr | None:
    """Give the one expression of a template, None where there is more than spaces beside it."""
    match tree.body:
        case [nodes.Output(nodes=parts)]:
            shown = [part for part in parts if not (isinstance(part, nodes.TemplateData) and part.data.isspace())]
            if len(shown) == 1 and not isinstance(shown[0], nodes.TemplateData):
                return shown[0]
    return None


def _value(template: Template, variables: dict[str, Any]) -> Value:
    context = template.new_context(variables, shared=True)
    consume(template.root_render_func(context))
    value = defined(context.vars[_RESULT])
    if isinstance(value, list | tuple | dict):
        work_of(context).spend_on_all(value)
        measured(value)
        return list(value) if isinstance(value, tuple) else value
    if callable(value):
        raise ExpressionError("this is a method without its parentheses")
    check_scalar(value)
    result: Value = value
    return result


def _text(template: Template, variables: dict[str, Any]) -> Value:
    context = template.new_context(variables, shared=True)
    pieces, characters = [], 0
    for piece in template.root_render_func(context):
        characters += len(piece)
        check_characters(characters)
        pieces.append(piece)
    text = "".join(pieces)
    check_text(text)
    return text
