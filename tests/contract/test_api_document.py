"""The admin API keeps what its OpenAPI document says, whatever it is asked: a real bridge, asked by schemathesis."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from support.serving import serving

from bridge.api import Access, Allowance
from bridge.api.openapi import document

TOKEN = "a-token-that-nobody-guesses"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
EXAMPLES = 40
MAPPING = b"""
pin: "p-{{ shop }}"
pins: ["p-*"]
triggers:
  - {name: sale, source: shop, extract: {shop: $.shop, amount: {path: $.amount, as: number}}}
state:
  total: {sum: amount, every: hour}
  orders: {rows: {shop: shop, amount: amount}, key: shop}
update: {metadata: {pin_config: {content: "{{ total.value }}"}}}
deliver: {min_interval: 0s}
"""
BODIES = (
    '{"shop": "a", "amount": 5}',
    '{"shop": "b", "amount": 2.5}',
    '{"shop": "a"}',
    '{"shop": "\\u0000", "amount": 1}',
)

API = schemathesis.openapi.from_dict(document())
OPERATIONS: dict[str, Any] = {
    found.ok().label: found.ok() for found in API.get_all_operations() if isinstance(found, Ok)
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a bridge that has events of every kind, and asks for no patience."""
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "sales.yaml").write_bytes(MAPPING)
    (folder / "sources.yaml").write_text("shop: {verify: none, dedupe: off}")
    plenty = Allowance(burst=1e6, per_s=1e6)
    access = Access(start_token="unused", admin_token=TOKEN, anywhere=plenty, strangers=plenty)
    with serving(folder, access) as address:
        for body in BODIES:
            sent = httpx.post(f"{address}/hooks/shop", content=body, headers={"Content-Type": "application/json"})
            assert sent.status_code == 202
        yield address


def is_unsent(value: Any) -> bool:
    """Tell whether a parameter leaves no trace in an address, and so cannot be wrong: an empty list, or one of such."""
    return isinstance(value, list) and all(map(is_unsent, value))


@pytest.mark.parametrize("label", sorted(OPERATIONS))
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_described(url: str, label: str, mode: GenerationMode) -> None:
    """No fault of the bridge, no status, type, header or shape that is not described.

    What is as described is taken, what is not is refused.
    """
    operation = OPERATIONS[label]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        assume(not any(map(is_unsent, (case.query or {}).values())))
        case.call_and_validate(base_url=url, headers=BEARER, timeout=20)

    ask()


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("GET /api/events/{number}", {"path_parameters": {"number": 1}}),
        ("GET /api/events", {"query": {"mapping": "sales", "outcome": "error", "limit": 2}}),
        ("GET /api/pins/{pin}", {"path_parameters": {"pin": "p-a"}, "query": {"attempts": 3}}),
        ("GET /api/pins", {"query": {"mapping": "sales", "limit": 1}}),
        ("POST /api/replay", {"body": {"mapping": "sales"}}),
        ("POST /api/retry", {"body": {"pins": ["p-a"]}}),
    ],
)
def test_what_is_there_is_shown_as_described(url: str, label: str, asked: dict[str, Any]) -> None:
    """With names that random words do not hit."""
    case = OPERATIONS[label].Case(media_type="application/json" if "body" in asked else None, **asked)
    answer = case.call_and_validate(base_url=url, headers=BEARER)
    assert answer.status_code == 200


def test_a_rebuild_tells_line_by_line_as_described(url: str) -> None:
    """Each line by itself; the last says what was rebuilt."""
    answer = httpx.post(
        f"{url}/api/rebuild", headers=BEARER, json={"mapping": "sales", "since": "2026-01-01T00:00:00Z"}
    )
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    lines = [httpx.Response(200, content=line).json() for line in answer.text.splitlines()]
    schema = {"$ref": "#/components/schemas/RebuildLine", "components": document()["components"]}
    for line in lines:
        Draft202012Validator(schema).validate(line)
        assert set(line) <= set(document()["components"]["schemas"]["RebuildLine"]["properties"])
    assert (lines[0]["of"], lines[-1]) == (len(BODIES), {"rebuilt": "sales"})


def test_every_page_is_reached_by_its_next(url: str) -> None:
    """Of events and of pins, each once."""
    with httpx.Client(base_url=url, headers=BEARER) as http:
        for path, cursor, key in (("/api/events", "before", "number"), ("/api/pins", "after", "pin")):
            whole = [each[key] for each in http.get(path).json()[path.rpartition("/")[2]]]
            found: list[Any] = []
            page = http.get(path, params={"limit": 1}).json()
            while page["next"] is not None:
                found += page[path.rpartition("/")[2]]
                page = http.get(path, params={"limit": 1, cursor: page["next"]}).json()
            found += page[path.rpartition("/")[2]]
            assert [each[key] for each in found] == whole
            assert len(whole) >= 2


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_nothing_is_told_without_the_token(url: str, label: str) -> None:
    """Not even what is missing or wrong in the request."""
    method, _, path = label.partition(" ")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"X-Token": TOKEN}):
        for where in (path, f"{path}?token={TOKEN}&access_token={TOKEN}"):
            answer = httpx.request(method, f"{url}{where}", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/events?limit=0", None, 400),
        ("GET", "/api/events?limit=100000000000000000000000", None, 400),
        ("GET", "/api/events?limit=1_0", None, 400),
        ("GET", "/api/events?limit=%2B5", None, 400),
        ("GET", "/api/events?before=-1", None, 400),
        ("GET", "/api/events?before=1e3", None, 400),
        ("GET", "/api/events?before=9223372036854775808", None, 400),
        ("GET", "/api/events?limit=1&limit=2", None, 400),
        ("GET", "/api/events?since=2026-01-01", None, 400),
        ("GET", "/api/events?since=0", None, 400),
        ("GET", "/api/events?sort=asc", None, 400),
        ("GET", f"/api/events?source={'x' * 201}", None, 400),
        ("GET", f"/api/events?{'&'.join(f'x{number}=1' for number in range(5000))}", None, 400),
        ("GET", "/api/events?source=%00&pin=%ED%A0%80&mapping=%FF%22%27%25", None, 200),
        ("GET", "/api/events/0", None, 400),
        ("GET", "/api/events/1?number=2", None, 400),
        ("GET", "/api/events/1%2F2", None, 404),
        ("GET", "/api/events/../healthz", None, 404),
        ("GET", "/api/pins/%ED%A0%80", None, 404),
        ("GET", "/api/pins/%00", None, 404),
        ("GET", "/api/pins/..%2F..%2Fetc%2Fpasswd", None, 404),
        ("GET", "/api/pins/%2e%2e", None, 404),
        ("GET", "/api/pins/p-a/", None, 404),
        ("GET", "/api/pins?after=%F4%8F%BF%BF", None, 200),
        ("GET", "/api//events", None, 404),
        ("HEAD", "/api/events", None, 200),
        ("OPTIONS", "/api/events", None, 405),
        ("DELETE", "/api/events/1", None, 405),
        ("TRACE", "/api/events", None, 405),
        ("POST", "/api/retry", b"", 200),
        ("POST", "/api/retry", b"null", 400),
        ("POST", "/api/retry", b"[]", 400),
        ("POST", "/api/retry", b'{"pins": "p-a"}', 400),
        ("POST", "/api/retry", b'{"pins": ["\\ud800"]}', 400),
        ("POST", "/api/retry", b'{"pins": ["\\u0000"]}', 200),
        ("POST", "/api/retry", b'{"pins": [' + b'"p",' * 1000 + b'"p"]}', 400),
        ("POST", "/api/retry", b"[" * 30_000, 400),
        ("POST", "/api/retry", b"{" + b" " * 300_000 + b"}", 413),
        ("POST", "/api/retry", b"\xff\xfe{}", 400),
        ("POST", "/api/rebuild", b"{}", 400),
        ("POST", "/api/rebuild", b'{"mapping": "none"}', 404),
        ("POST", "/api/rebuild", b'{"mapping": "sales", "since": 5}', 400),
        ("POST", "/api/rebuild", b'{"mapping": "sales", "since": "2199-12-31T23:59:59-23:59"}', 200),
        ("POST", "/api/rebuild", b'{"mapping": "sales", "since": "1970-01-01T00:00:00+23:59"}', 200),
        ("POST", "/api/rebuild", b'{"mapping": "sales", "since": "2026-02-30T00:00:00Z"}', 400),
        ("POST", "/api/replay", b'{"mapping": ""}', 400),
    ],
    ids=lambda each: repr(each)[:60],
)
def test_odd_requests_are_answered_in_the_one_shape(
    url: str, method: str, path: str, body: bytes | None, status: int
) -> None:
    """None is a fault, and no answer gives back all that was sent."""
    headers = BEARER if body is None else {**BEARER, "Content-Type": "application/json; charset=utf-8"}
    answer = ask_raw(url, method, path, headers, body or b"")
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message"}
        assert len(answer.content) < 4000


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("GET", "/api/parked?sort=asc", None, "sort: is not taken here; what is: limit, after"),
        ("GET", "/api/pins/p-a?limit=1", None, "limit: is not taken here; what is: attempts"),
        ("GET", "/api/events/1?limit=1", None, "limit: is not taken here; what is: nothing"),
        ("POST", "/api/retry", b'{"pin": "p-a"}', "pin: is not taken here; what is: pins"),
        ("POST", "/api/flush", b'{"pin": "p-a"}', "pin: is not taken here; what is: nothing"),
    ],
)
def test_what_is_not_described_is_answered_with_what_is(
    url: str, method: str, path: str, body: bytes | None, message: str
) -> None:
    """A misspelt filter shows every event else, and nobody looks twice."""
    headers = BEARER if body is None else {**BEARER, "Content-Type": "application/json"}
    answer = ask_raw(url, method, path, headers, body or b"")
    assert answer.json() == {"error": {"code": "bad_request", "message": message}}


def test_a_body_must_say_that_it_is_json(url: str) -> None:
    """So that what curl sends without a word is no surprise."""
    for media in ("application/x-www-form-urlencoded", "text/json", ""):
        headers = {**BEARER, "Content-Type": media}
        answer = httpx.post(f"{url}/api/retry", headers=headers, content=b'{"pins": []}')
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_type")


def ask_raw(url: str, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    """Ask with a path that no client tidies up."""
    target = httpx.URL(url).copy_with(raw_path=path.encode())
    with httpx.Client() as http:
        request = http.build_request(method, url, headers=headers, content=body)
        request.url = target
        return http.send(request)
