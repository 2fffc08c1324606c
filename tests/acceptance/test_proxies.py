"""A real bridge behind a proxy: who asks, where the proxy is trusted and where it is not."""

import json
from collections.abc import Callable

import httpx
from support.processes import BridgeProcess

THROUGH = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com"}


def start_token(bridge: BridgeProcess) -> dict[str, str]:
    """Give the header with the token of this start, which counts from this machine alone."""
    running = json.loads((bridge.database.parent / "pinbridge.db.running").read_text())
    return {"Authorization": f"Bearer {running['token']}"}


def test_who_comes_through_a_trusted_proxy_is_who_he_is(new_bridge: Callable[..., BridgeProcess]) -> None:
    """The token of this start does not count for him, the log tells his address, and links lead where he is."""
    bridge = new_bridge(PINBRIDGE_TRUSTED_PROXIES="127.0.0.0/8, ::1")
    bridge.start("--sandbox")
    token = start_token(bridge)
    assert httpx.get(f"{bridge.url}/api/status", headers=token).status_code == 200
    assert httpx.get(f"{bridge.url}/api/status", headers={**token, **THROUGH}).status_code == 401
    assert [line["peer"] for line in bridge.lines("api_refused")] == ["203.0.113.9"]
    moved = httpx.get(f"{bridge.url}/sandbox", headers=THROUGH)
    assert moved.headers["location"] == "https://hooks.example.com/sandbox/"


def test_forwarded_headers_of_anybody_else_are_ignored(new_bridge: Callable[..., BridgeProcess]) -> None:
    """Also from this machine, where nothing was said of it."""
    bridge = new_bridge(PINBRIDGE_TRUSTED_PROXIES="192.0.2.0/24")
    bridge.start("--sandbox")
    answer = httpx.get(f"{bridge.url}/api/status", headers={**start_token(bridge), **THROUGH})
    assert answer.status_code == 200
    assert httpx.get(f"{bridge.url}/sandbox", headers=THROUGH).headers["location"] == f"{bridge.url}/sandbox/"
