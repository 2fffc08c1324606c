"""A secret that stands in sources.yaml by mistake is told of, and never repeated."""

import pytest

from bridge.errors import ConfigurationError, Problem
from bridge.inbound import load_sources

SECRET = "hunter2-real-secret"


def refused(declared: str) -> tuple[Problem, ...]:
    """Give the problems of a declaration."""
    with pytest.raises(ConfigurationError) as caught:
        load_sources({}, declared.encode(), lambda _: (b"secret",))
    return caught.value.problems


@pytest.mark.parametrize(
    "declared",
    [
        f"plant: {SECRET}",
        f"plant: {{verify: {SECRET}}}",
        f"plant: {{verify: [{SECRET}]}}",
        f"plant: {{verify: {{bearer {SECRET}}}}}",
        f"plant: {{verify: {{scheme: {SECRET}}}}}",
        f"plant: {{verify: {{scheme: hmac, header: X, secret: {SECRET}}}, id: $.id}}",
        f"plant: {{verify: {{scheme: hmac, header: X, secret: {{encoding: utf8, {SECRET}}}}}, id: $.id}}",
        f"plant: {{verify: {{scheme: hmac, header: 'X: {SECRET}'}}, id: $.id}}",
        f"plant: {{verify: {{scheme: hmac, header: X, elements: {SECRET}}}, id: $.id}}",
        f"plant: {{verify: {{scheme: hmac, header: X, timestamp: {SECRET}}}, id: $.id}}",
        f"plant: {{verify: {{scheme: hmac, header: X, signed: {SECRET}}}, id: $.id}}",
        f"plant: {{verify: {{scheme: bearer, token: {SECRET}}}, id: $.id}}",
        f"plant: {{provider: stripe, secret: {SECRET}}}",
        f"plant: {{provider: stripe, secret: !{SECRET} x}}",
        f"plant: {{provider: stripe, secret: *{SECRET}}}",
    ],
)
def test_no_message_and_no_drawn_line_shows_a_secret(declared: str) -> None:
    """Wherever somebody may put it; the line is marked, so that `validate` does not draw it either."""
    problems = refused(declared)
    assert SECRET not in str(problems)
    assert any(problem.hides_line for problem in problems)


def test_it_is_said_where_the_secret_belongs() -> None:
    """In the variable of this source."""
    (problem,) = refused(f"lan-probe: {{verify: {{scheme: hmac, header: X, secret: {SECRET}}}, id: $.id}}")
    assert problem.message == "the secret does not stand here; set LAN_PROBE_WEBHOOK_SECRET"
