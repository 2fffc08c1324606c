"""Secrets are compared in constant time: read from the code itself, because no clock can show it reliably."""

import dis
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

import pytest

from bridge.inbound.sources import verify as schemes
from bridge.inbound.verification import Scheme, credentials, signatures
from bridge.inbound.verification.credentials import AuthorizationScheme, NoScheme, TokenScheme
from bridge.inbound.verification.signatures import HmacScheme, Template

SCHEMES: list[Scheme] = [
    HmacScheme(header="x-signature", algorithm="sha256", encoding="hex", signed=Template.parse("{body}")),
    TokenScheme(header="x-token"),
    AuthorizationScheme(name="Bearer"),
    AuthorizationScheme(name="Basic"),
]


def codes_of(function: Any) -> Iterator[CodeType]:
    """Give the code of a verifier, of the functions of its module that it calls, and of those inside them."""
    pending: list[Any] = [function.__code__]
    seen: set[CodeType] = set()
    while pending:
        code = pending.pop()
        if code in seen:
            continue
        seen.add(code)
        yield code
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        called = [function.__globals__.get(name) for name in code.co_names]
        pending += [each.__code__ for each in called if isinstance(each, FunctionType)]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
def test_every_scheme_compares_by_the_one_function_that_takes_its_time(scheme: Scheme) -> None:
    """And where it does, by nothing else: an `==` or `in` beside it would tell how much of a guess was right."""
    comparing = [
        code for code in codes_of(scheme.bind((b"user:secret",), tolerance_s=300)) if "compare_digest" in code.co_names
    ]
    assert len(comparing) == 1
    instructions = list(dis.get_instructions(comparing[0]))
    assert not any(each.opname == "CONTAINS_OP" for each in instructions)
    assert not any(
        each.opname == "COMPARE_OP" and ("==" in each.argrepr or "!=" in each.argrepr) for each in instructions
    )


def test_no_scheme_is_left_out_here() -> None:
    """A new kind of scheme must be looked at, too; the one that compares nothing says so by its name."""
    kinds = {
        kind
        for module in (credentials, signatures, schemes)
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "bind") and not getattr(kind, "_is_protocol", False)
    }
    assert kinds - {NoScheme} == {type(scheme) for scheme in SCHEMES}
