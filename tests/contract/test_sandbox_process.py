"""The sandbox as a process, over real sockets: what it answers, how it fails on demand, how it ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

GOOD = {"metadata": {"title": "Sales", "pin_config": {"cards": [{"title": "Sales", "value": "1"}]}}}


def start(*options: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """Start a sandbox and give it with what it announced."""
    command = [sys.executable, "-m", "bridge.sandbox", "--until-stdin-closes", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    return process, orjson.loads(process.stdout.readline())


def end(process: subprocess.Popen[bytes]) -> int:
    """Close its stdin, and with it the sandbox."""
    process.communicate(timeout=10)
    return process.returncode


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of one sandbox for this module."""
    process, announced = start("--auto-create", "--key", "pk_test")
    yield announced["url"]
    assert end(process) == 0


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Give a client with a good key; the sandbox begins anew for each test."""
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer pk_test"}, timeout=5) as client:
        assert client.post("/_sandbox/reset").status_code == 204
        yield client


def put(client: httpx.Client, body: object = GOOD, pin: str = "p-a", **options: Any) -> httpx.Response:
    """Update a pin."""
    return client.put(f"/v1/pins/{pin}", json=body, **options)


def set_fault(client: httpx.Client, kind: str, **fault: Any) -> None:
    """Let the next request go wrong."""
    assert client.post("/_sandbox/faults", json={"kind": kind, "times": 1, **fault}).status_code == 201


def title(client: httpx.Client) -> str | None:
    """Give the title of p-a as it is now, None where there is no such pin."""
    pins = client.get("/_sandbox/pins").json()["pins"]
    return pins[0]["metadata"]["title"] if pins else None


def last_request(client: httpx.Client) -> dict[str, Any]:
    """Give the newest entry of the log."""
    newest: dict[str, Any] = client.get("/_sandbox/requests").json()["requests"][-1]
    return newest


def test_an_update_is_answered_with_its_time_in_milliseconds(client: httpx.Client) -> None:
    """And the pin then reads as it was written."""
    answer = put(client)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert answer.json()["data"]["id"] == "p-a"
    assert abs(answer.json()["data"]["updated_at"] / 1000 - time.time()) < 60
    assert client.get("/v1/pins/p-a").json()["data"]["metadata"]["pin_config"] == GOOD["metadata"]["pin_config"]


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": GOOD, "headers": {"Authorization": "Bearer no"}}, 401, "UNAUTHORIZED"),
        ({"json": {"metadata": {"pin_config": {"cards": []}}}}, 400, "VALIDATION_FAILED"),
        ({"content": b"{nan"}, 400, "VALIDATION_FAILED"),
        ({"content": b'{"a": NaN}'}, 400, "VALIDATION_FAILED"),
        ({"content": b"[" * 200_000}, 400, "VALIDATION_FAILED"),
        ({"content": b'{"metadata": {"title": "\xff"}}'}, 400, "VALIDATION_FAILED"),
        ({"content": b""}, 400, "VALIDATION_FAILED"),
        ({"content": b" " * (2**20 + 1)}, 413, "VALIDATION_FAILED"),
    ],
)
def test_a_wrong_request_is_refused_by_its_code(
    client: httpx.Client, request_: dict[str, Any], status: int, code: str
) -> None:
    """In the envelope of the Update Pin page: an error with code and message, and no `success`."""
    answer = client.put("/v1/pins/p-a", **request_)
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"]["code"] == code
    assert title(client) is None


def test_scopes_are_those_of_the_key(client: httpx.Client) -> None:
    """A key that may only read cannot write."""
    put(client)
    assert client.put("/_sandbox/keys", json={"pk_test": ["pins:read"]}).status_code == 204
    refused = put(client)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "SCOPE_REQUIRED")
    assert client.get("/v1/pins/p-a").status_code == 200


def test_the_budget_is_spent_two_tokens_at_a_time_and_its_violations_are_counted(client: httpx.Client) -> None:
    """A read costs one; Retry-After says when there is room."""
    assert client.put("/_sandbox/rate", json={"rate": "5/60s"}).status_code == 204
    assert [put(client).status_code, put(client).status_code, client.get("/v1/pins/p-a").status_code] == [200] * 3
    refused = put(client)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 55 <= int(refused.headers["retry-after"]) <= 60
    state = client.get("/_sandbox/state").json()
    assert (state["violations"], state["windows"][0]["spent"]) == (1, 5)


def test_the_log_says_what_arrived_and_what_became_of_it(client: httpx.Client) -> None:
    """By number, so that a test can ask for what came after."""
    put(client)
    put(client, {"metadata": {"title": "Later"}}, pin="p-b")
    (entry,) = client.get("/_sandbox/requests", params={"after": 1}).json()["requests"]
    assert entry["body"] == {"metadata": {"title": "Later"}}
    assert (entry["number"], entry["pin"], entry["status"], entry["applied"]) == (2, "p-b", 200, True)
    assert entry["started_at"] <= entry["ended_at"]
    assert len(client.get("/_sandbox/requests", params={"pin": "p-a"}).json()["requests"]) == 1


def test_slow_applies_after_its_delay(client: httpx.Client) -> None:
    """The answer is the usual one."""
    set_fault(client, "slow", delay_s=0.2)
    began = time.monotonic()
    assert put(client).status_code == 200
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("applied", [True, False])
def test_hang_never_answers(client: httpx.Client, applied: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Whether the update took effect is for the fault to say, as it is unknown in life."""
    set_fault(client, "hang", applied=applied)
    with pytest.raises(httpx.ReadTimeout):
        put(client, timeout=0.2)
    assert title(client) == ("Sales" if applied else None)
    assert (last_request(client)["status"], last_request(client)["fault"]) == (None, "hang")


@pytest.mark.parametrize("applied", [True, False])
def test_reset_ends_the_connection_with_a_tcp_reset(
    client: httpx.Client,
    applied: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Not with an orderly end: the client's kernel reports ECONNRESET."""
    set_fault(client, "reset", applied=applied)
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        put(client)
    assert title(client) == ("Sales" if applied else None)


def test_half_a_response_breaks_off_in_its_body(client: httpx.Client) -> None:
    """The status has arrived by then, and the update took effect."""
    set_fault(client, "half")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        put(client)
    assert title(client) == "Sales"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({}, 500, "INTERNAL_SERVER_ERROR"),
        ({"status": 401}, 401, "UNAUTHORIZED"),
        ({"status": 403}, 403, "PERMISSION_DENIED"),
        ({"status": 403, "code": "SCOPE_REQUIRED"}, 403, "SCOPE_REQUIRED"),
        ({"status": 404}, 404, "NOT_FOUND"),
    ],
)
def test_any_status_with_any_code(client: httpx.Client, fault: dict[str, Any], status: int, code: str) -> None:
    """Nothing takes effect unless the fault says so."""
    set_fault(client, "status", **fault)
    answer = put(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert title(client) is None


def test_a_storm_of_429_lasts_until_it_is_cleared(client: httpx.Client) -> None:
    """It counts no violation: the client did nothing wrong."""
    set_fault(client, "status", status=429, retry_after_s=7, times=None)
    answers = [put(client) for _ in range(3)]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(429, "7")] * 3
    assert client.delete("/_sandbox/faults").status_code == 204
    assert put(client).status_code == 200
    assert client.get("/_sandbox/state").json()["violations"] == 0


def test_a_500_may_have_taken_effect(client: httpx.Client) -> None:
    """As with a gateway that gives up on a server that does not."""
    set_fault(client, "status", status=502, applied=True, body="<h1>Bad gateway</h1>")
    assert put(client).text == "<h1>Bad gateway</h1>"
    assert title(client) == "Sales"


def test_garbage_is_a_200_that_is_no_json(client: httpx.Client) -> None:
    """The body is HTML."""
    set_fault(client, "garbage")
    answer = put(client)
    assert answer.status_code == 200
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.content)


def test_a_redirect_leads_to_another_pin(client: httpx.Client) -> None:
    """Whoever follows it leaves a trace in the log."""
    set_fault(client, "redirect")
    answer = put(client)
    assert (answer.status_code, answer.headers["location"]) == (307, "p-a-moved")
    assert title(client) is None


def test_a_huge_body_is_announced_and_sent(client: httpx.Client) -> None:
    """Read only as far as a careful client would."""
    set_fault(client, "huge")
    with client.stream("PUT", "/v1/pins/p-a", json=GOOD) as answer:
        assert answer.headers["content-length"] == str(64 * 2**20)
        assert len(next(answer.iter_raw())) > 0
    assert put(client).status_code == 200


def test_a_fault_for_one_pin_spares_the_others(client: httpx.Client) -> None:
    """One poison pin among good ones."""
    set_fault(client, "status", pin="p-bad", times=None)
    assert [put(client, pin=pin).status_code for pin in ("p-bad", "p-a", "p-bad")] == [500, 200, 500]


def test_pins_are_made_and_removed_by_hand(client: httpx.Client) -> None:
    """With a type that the content then must have."""
    assert client.put("/_sandbox/pins/p-a", json={"pin_type": "markdown"}).status_code == 201
    assert put(client).json()["error"]["message"].startswith("Invalid content structure for pin card type 'markdown'")
    assert client.delete("/_sandbox/pins/p-a").status_code == 204
    assert client.delete("/_sandbox/pins/p-a").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"kind": "slwo"}),
        ("PUT", "rate", {"rate": "many"}),
        ("PUT", "keys", ["pk_a"]),
        ("PUT", "pins/q", {}),
        ("GET", "requests?after=x", None),
    ],
)
def test_a_wrong_word_to_the_control_is_refused(client: httpx.Client, method: str, path: str, body: object) -> None:
    """Or a test would wait for a fault that never comes."""
    answer = client.request(method, f"/_sandbox/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_FAILED")


def test_a_head_is_a_get_without_its_body(client: httpx.Client) -> None:
    """It changes nothing and costs what a GET costs."""
    put(client)
    answer = client.head("/v1/pins/p-a")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get("/_sandbox/state").json()["windows"][0]["spent"] == 3


def test_other_methods_and_paths_are_refused_in_the_same_envelope(client: httpx.Client) -> None:
    """A client reads one shape of error only."""
    assert client.post("/v1/pins/p-a").json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert client.get("/v1/pin/p-a").json()["error"]["code"] == "NOT_FOUND"


def test_without_auto_create_an_unknown_pin_is_a_404_and_sigterm_ends_it_well() -> None:
    """Even while a request hangs."""
    process, announced = start()
    with httpx.Client(headers={"Authorization": f"Bearer {announced['key']}"}) as client:
        answer = client.put(f"{announced['api_url']}/pins/p-a", json=GOOD)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
        client.post(f"{announced['url']}/_sandbox/faults", json={"kind": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            client.put(f"{announced['api_url']}/pins/p-a", json=GOOD, timeout=0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    process.communicate()


def test_a_wrong_rate_is_refused_with_advice() -> None:
    """Before anything listens."""
    command = [sys.executable, "-m", "bridge.sandbox", "--rate", "many"]
    ended = subprocess.run(command, capture_output=True, check=False, text=True, timeout=20)
    assert ended.returncode == 2
    assert "'many' is not a rate" in ended.stderr
