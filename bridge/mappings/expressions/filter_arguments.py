"""The arguments of filters, checked when a template is read: their number and names, and literal values.

A filter whose arguments are all literal is tried on a value that suits it, so that what it
refuses is told by itself and in one place.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from inspect import Parameter, Signature
from typing import Any, Final

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.runtime import Context

from bridge.errors import PinbridgeError
from bridge.mappings.expressions.dialect import SURROUNDINGS, WORK, Surroundings
from bridge.mappings.expressions.filters import DIALECT, LIST_FILTERS, PARAMETERS
from bridge.mappings.values.bounds import Work
from bridge.spelling import suggest

_A_TIME: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_SAMPLES: Final[dict[str, Any]] = {
    **dict.fromkeys(("datetime", "ago", "floor"), _A_TIME),
    **{name: [] for name in LIST_FILTERS},
    "items": {},
    "dictsort": {},
}
"""A value that suits a filter; a number suits the others."""

_WORDS: Final = {True: "true", False: "false", None: "none"}


def argument_faults(part: nodes.Filter) -> Iterator[tuple[str, nodes.Node, str]]:
    """Say what is wrong with the arguments of a filter that is known, as far as they are written out.

    Beside the message come the part of the template that it is about, and a word in it.
    """
    signature = PARAMETERS.get(part.name)
    if signature is None or part.dyn_args is not None or part.dyn_kwargs is not None or _is_open(signature):
        return
    if (misfit := _misfit(signature, part)) is not None:
        message, stray = misfit
        yield f"{part.name} {message}", part, stray
    elif part.args or part.kwargs:
        try:
            positional = [_literal(argument) for argument in part.args]
            named = {str(argument.key): _literal(argument.value) for argument in part.kwargs}
        except nodes.Impossible:
            return
        culprit = [*part.args, *part.kwargs][0] if len(positional) + len(named) == 1 else part
        for message in _tried(part.name, positional, named):
            yield message, culprit, ""


def _misfit(signature: Signature, part: nodes.Filter) -> tuple[str, str] | None:
    """Say which argument is unknown, missing or too many, and the word that is; None where they fit."""
    known = signature.parameters
    usage = f"; it is written as {_usage(part.name, signature)}" if known else ""
    given = {str(argument.key) for argument in part.kwargs}
    positional = list(known)
    if stray := sorted(given - known.keys()):
        return f"has no argument {stray[0]!r}{suggest(stray[0], known) or usage}", stray[0]
    if len(part.args) > len(positional):
        taken = f"{len(positional) or 'no'} argument{'' if len(positional) == 1 else 's'}"
        return f"takes {taken}, found {len(part.args)}{usage}", ""
    given.update(positional[: len(part.args)])
    missing = [name for name, each in known.items() if each.default is Parameter.empty and name not in given]
    return (f"needs the argument {missing[0]!r}{usage}", "") if missing else None


def _is_open(signature: Signature) -> bool:
    """Tell a filter that hands its arguments on, such as `map` and `select`."""
    return any(each.kind is Parameter.VAR_POSITIONAL for each in signature.parameters.values())


def _usage(name: str, signature: Signature) -> str:
    shown = [
        each.name if each.default is Parameter.empty else f"{each.name}={_written(each.default)}"
        for each in signature.parameters.values()
    ]
    return f"{name}({', '.join(shown)})"


def _written(default: Any) -> str:
    """Write a default as a template would; as a key of a table 1 would be the same as true."""
    return _WORDS[default] if default is None or isinstance(default, bool) else repr(default)


def _tried(name: str, positional: list[Any], named: dict[str, Any]) -> Iterator[str]:
    surroundings = {SURROUNDINGS: Surroundings(now=_A_TIME), WORK: Work()}
    context = Context(DIALECT, surroundings, None, {})
    try:
        DIALECT.filters[name](context, _SAMPLES.get(name, 1), *positional, **named)
    except (
        PinbridgeError,
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:
        told = str(error)
        yield told if told.startswith(name) else f"{name}: {told}"


def _literal(part: nodes.Expr) -> Any:
    """Give what is written out; raises `Impossible` for what only an event tells."""
    if isinstance(part, nodes.Neg | nodes.Pos) and isinstance(part.node, nodes.Const):
        value = _literal(part.node)
        if isinstance(value, int | Decimal):
            return -value if isinstance(part, nodes.Neg) else value
    if not isinstance(part, nodes.Const):
        raise nodes.Impossible
    return Decimal(repr(part.value)) if isinstance(part.value, float) else part.value
