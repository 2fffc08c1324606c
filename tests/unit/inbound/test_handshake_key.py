"""The key `handshake` of a source: how mistakes in it are told, each with its place and what is allowed."""

import pytest

from bridge.errors import ConfigurationError, Problem
from bridge.inbound import load_sources

GET = "when: {method: GET, query: {c: {exists: true}}}"
TOKEN = "hunter2-verify-token"


def refused(handshake: str, verify: str = "{scheme: hmac, header: X-Sig}") -> tuple[Problem, ...]:
    """Give what is wrong with a handshake."""
    declared = f"plant:\n  verify: {verify}\n  dedupe: off\n  handshake: {handshake}\n"
    with pytest.raises(ConfigurationError) as caught:
        load_sources({}, declared.encode(), lambda _: (b"secret",))
    return caught.value.problems


@pytest.mark.parametrize(
    ("handshake", "message"),
    [
        ("[]", "a source has 1 to 8 handshakes, found 0"),
        ("[" + ", ".join(["{}"] * 9) + "]", "a source has 1 to 8 handshakes, found 9"),
        ("ping", "a handshake is an object with keys such as when, verified, reply"),
        ("{wen: {}}", "unknown key 'wen' in a handshake"),
        ("{reply: {text: ok}}", "a handshake by POST needs 'when'"),
        ("{when: {method: PUT}}", "'PUT' is not one of GET, HEAD, OPTIONS, POST"),
        ("{when: {method: GET, body: {$.c: 1}}}", "a GET has no body"),
        ("{when: {method: GET}, reply: {text: '{$.c}'}}", "a GET has no body"),
        ("{when: {body: {c: 1}}}", "'c' is not a plain path"),
        ("{when: {header: {'X Y': 1}}}", "'X Y' is not a header's name"),
        ("{when: {header: {}}}", "'header' is an object of places and what stands there"),
        ("{when: {header: {X: [1]}}}", "{exists: true}, {exists: false} or {equals: verify_token} is wanted here"),
        ("{when: {header: {X: {exists: maybe}}}}", "true or false is wanted here"),
        ("{when: {header: {X: {}}}}", "a condition is {exists: true}, {exists: false} or {equals: verify_token}"),
        (f"{{verified: perhaps, {GET}}}", "true or false is wanted here"),
        (f"{{{GET}, reply: {{text: a, json: b}}}}", "a reply is 'text' or 'json', not both"),
        (f"{{{GET}, reply: {{html: a}}}}", "unknown key 'html' in a reply"),
        (f"{{{GET}, reply: {{status: 302}}}}", "a number from 200 to 299"),
        (f"{{{GET}, reply: {{headers: {{Location: x}}}}}}", "headers that begin with X- or WebHook- only"),
        (f"{{{GET}, reply: {{headers: {{Set-Cookie: x}}}}}}", "headers that begin with X- or WebHook- only"),
        (f"{{{GET}, reply: {{headers: {{Access-Control-Allow-Origin: x}}}}}}", "begin with X- or WebHook- only"),
        (f'{{{GET}, reply: {{headers: {{X-A: "a\\r\\nb"}}}}}}', "a header holds printable ASCII text"),
        (f"{{{GET}, reply: {{text: '{{query:c'}}}}", "a brace stands alone"),
        (f"{{{GET}, reply: {{text: '{{c}}'}}}}", "write query:name, header:Name or a path"),
        (f"{{{GET}, reply: {{text: '{{query:c | md5}}'}}}}", "hmac_hex and hmac_base64 do"),
        (f"{{verified: false, {GET}, reply: {{text: '{{query:c | hmac_hex}}'}}}}", "a reply with an HMAC is verified"),
        ("{verified: true, when: {body: {$.k: {exists: true}}}, offers: $.k}", "leave 'verified' out"),
        (f"{{{GET}, offers: {{header: X-Key}}}}", "a key is offered by a POST"),
        (f"{{paste: true, {GET}}}", "'paste' belongs to a handshake that 'offers' a key"),
        ("{when: {body: {$.k: {exists: true}}}, offers: {query: k}}", "a key stands at a path such as $.token"),
    ],
)
def test_a_mistake_is_told_with_its_place(handshake: str, message: str) -> None:
    """In the line of the handshake, with what is allowed."""
    problems = refused(handshake)
    assert message in str(problems[0])
    assert problems[0].line == 4


@pytest.mark.parametrize("condition", [f"{{hub.verify_token: {TOKEN}}}", f"{{hub.verify_token: {{equals: {TOKEN}}}}}"])
def test_a_token_that_stands_there_is_not_repeated(condition: str) -> None:
    """It is said which variable it belongs into; the line is not drawn."""
    (problem,) = refused(f"{{verified: false, when: {{method: GET, query: {condition}}}}}")
    assert TOKEN not in str(problem)
    assert problem.hides_line
    assert "PLANT_VERIFY_TOKEN" in problem.message


def test_an_hmac_needs_a_secret() -> None:
    """A source that verifies nobody has none to sign with."""
    (problem,) = refused("{when: {body: {$.c: 1}}, reply: {text: '{$.c | hmac_hex}'}}", verify="none")
    assert "a reply with an HMAC needs a secret" in problem.message


def test_all_mistakes_are_told_at_once() -> None:
    """Of every handshake of the list."""
    problems = refused("[{verified: 1, when: {method: PUT}}, {when: {body: {c: 1}}, reply: {status: 500}}]")
    assert len(problems) == 4
