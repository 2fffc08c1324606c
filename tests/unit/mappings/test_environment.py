"""References to the environment are filled in when a file is loaded."""

import os
from decimal import Decimal

import pytest

from bridge.located import parse_yaml
from bridge.mappings.environment import fill

ENVIRON = {"PIN": "p-1", "LIMIT": "5", "RATE": "0.10", "EMPTY": "", "NESTED": "${PIN}", "STRIPE_WEBHOOK_SECRET": "s"}


def filled(text: str) -> object:
    """Give the plain value of a text whose references all fill."""
    node, problems = fill(parse_yaml("m.yaml", text.encode()), ENVIRON)
    assert problems == []
    return node.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${PIN}", "p-1"),
        ("${OTHER:-p-2}", "p-2"),
        ("${OTHER:-}", None),
        ('"${OTHER:-}"', ""),
        ("${EMPTY}", None),
        ("${EMPTY:-x}", "x"),
        ("a ${PIN} and ${PIN}", "a p-1 and p-1"),
        ("${LIMIT}", 5),
        ('"${LIMIT}"', "5"),
        ("${RATE}", Decimal("0.10")),
        ("$${PIN}", "${PIN}"),
        ("$.a.b", "$.a.b"),
        ("${NESTED}", "${PIN}"),
        ("[x, '${PIN}']", ["x", "p-1"]),
        ("{'${PIN}': 1}", {"p-1": 1}),
    ],
)
def test_a_reference_is_filled(text: str, value: object) -> None:
    """In values and keys, once; unquoted text is then read as YAML reads it."""
    assert filled(f"v: {text}") == {"v": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${PINN}", "the environment variable PINN is not set; set it, or write ${PINN:-default}; did you mean 'PIN'?"),
        ('"${PIN"', "'${' has no '}' after it; write '$${' for a literal '${'"),
        ("${1x}", "'1x' cannot be the name of an environment variable; write '$${' for a literal '${'"),
    ],
)
def test_a_reference_that_cannot_be_filled_is_named(text: str, message: str) -> None:
    """With its place, and with what would help."""
    _, problems = fill(parse_yaml("m.yaml", f"v: {text}".encode()), ENVIRON)
    assert [str(problem) for problem in problems] == [f"m.yaml:1:4: {message}"]


@pytest.mark.parametrize(
    "name", ["STRIPE_WEBHOOK_SECRET", "PINDOWN_API_KEY", "PINBRIDGE_RATE", "AWS_KEY", "gh_token", "X_FILE"]
)
def test_secrets_and_settings_are_refused_even_with_a_default(name: str) -> None:
    """Whether set or not, and whatever the case; the value is not shown."""
    _, problems = fill(parse_yaml("m.yaml", f"v: ${{{name}:-x}}".encode()), {name: "hidden"})
    (problem,) = problems
    assert f"${{{name}}} may hold a secret" in problem.message
    assert "hidden" not in problem.message


def test_two_keys_that_become_one_are_refused() -> None:
    """Filling must not let one key hide another."""
    _, problems = fill(parse_yaml("m.yaml", b"p-1: a\n${PIN}: b\n"), ENVIRON)
    assert [str(problem) for problem in problems] == ["m.yaml:2:1: the key 'p-1' stands in line 1 already"]


def test_bytes_of_the_environment_that_are_no_text_are_refused() -> None:
    """They come as halves of surrogate pairs, which no journal and no pin can hold."""
    _, problems = fill(parse_yaml("m.yaml", b"${NAME}"), {"NAME": os.fsdecode(b"caf\xe9")})
    assert [str(problem) for problem in problems] == ["m.yaml:1:1: filled in, this is not UTF-8 text"]
