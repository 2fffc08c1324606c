"""Secrets are compared in constant time: read from the code itself, because no clock can show it reliably."""

import dis
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import CodeType, FunctionType
from typing import Any

import pytest
from jwt.algorithms import HMACAlgorithm

from bridge.inbound import verification
from bridge.inbound.layouts import Items
from bridge.inbound.locations import PathPlace
from bridge.inbound.verification import Scheme
from bridge.inbound.verification.content import Template
from bridge.inbound.verification.credentials import AuthorizationScheme, NoScheme, TokenScheme
from bridge.inbound.verification.elements import Elements
from bridge.inbound.verification.hmacs import Hmac
from bridge.inbound.verification.jwt_scheme import JwtScheme
from bridge.inbound.verification.places import InHeaders, InPayload, InQuery
from bridge.inbound.verification.secret_forms import KeyTemplate, SecretForm
from bridge.inbound.verification.signatures import SignatureScheme
from bridge.inbound.verification.timestamps import Timestamp

BODY = Template.parse("{body}")
HEADER = InHeaders(("x-signature",))
BY_TIME = Hmac(secret=SecretForm(key=KeyTemplate.parse("{timestamp}{secret}")))
SCHEMES: dict[str, Scheme] = {
    "hmac": SignatureScheme(place=HEADER, proof=Hmac(), signed=BODY),
    "hmac of elements": SignatureScheme(
        place=HEADER,
        proof=Hmac(),
        signed=Template.parse("{timestamp}{body}"),
        elements=Elements(separator=",", key_separator="=", signatures=("v1",), timestamp="t"),
        timestamp=Timestamp(),
    ),
    "hmac by time": SignatureScheme(
        place=HEADER, proof=BY_TIME, signed=BODY, timestamp=Timestamp(place=InHeaders(("x-time",)))
    ),
    "hmac of items": SignatureScheme(
        place=InPayload(PathPlace(("signature",))),
        proof=Hmac(),
        signed=Template.parse("{json:$.id}"),
        each=Items(("items", None)),
    ),
    "token": TokenScheme(place=InHeaders(("x-token",))),
    "token in the query": TokenScheme(place=InQuery("token")),
    "bearer": AuthorizationScheme(name="Bearer"),
    "basic": AuthorizationScheme(name="Basic"),
}


def codes_of(function: Any) -> Iterator[CodeType]:
    """Give the code of a verifier, of the functions that it calls or has closed over, and of those inside them."""
    pending: list[FunctionType] = [function]
    seen: set[CodeType] = set()
    while pending:
        each = pending.pop()
        for code in _with_those_inside(each.__code__):
            if code not in seen:
                seen.add(code)
                yield code
                held = [cell.cell_contents for cell in each.__closure__ or ()]
                found = [*held, *(each.__globals__.get(name) for name in code.co_names)]
                pending += [one for one in found if isinstance(one, FunctionType)]


def _with_those_inside(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_those_inside(constant)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
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


def test_the_signature_of_a_token_is_compared_by_that_function_too() -> None:
    """By PyJWT, which the scheme leaves it to."""
    assert "compare_digest" in HMACAlgorithm.verify.__code__.co_names


def test_no_scheme_is_left_out_here() -> None:
    """A new kind of scheme must be looked at, too; the one that compares nothing says so by its name."""
    modules = [import_module(f"{verification.__name__}.{found.name}") for found in iter_modules(verification.__path__)]
    kinds = {
        kind
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and name.endswith("Scheme") and hasattr(kind, "bind") and kind is not Scheme
    }
    assert kinds - {NoScheme, JwtScheme} == {type(scheme) for scheme in SCHEMES.values()}
