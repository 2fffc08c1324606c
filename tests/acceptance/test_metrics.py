"""What a real process shows at `/metrics`."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post
from support.scraping import say_nonsense, scrape

NewBridge = Callable[..., BridgeProcess]


def test_what_came_and_what_became_of_it_is_counted(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """Each request once, by source, status and code; names that nobody configured are one value, whoever sends them."""
    bridge = new_bridge()
    bridge.start()
    before = scrape(bridge.url)
    for body in (payment("evt_1"), payment("evt_1"), payment("evt_2", currency="usd")):
        post(bridge.url, body)
    post(bridge.url, payment("evt_3"), secret="whsec_other")
    for name in ("a", "b", "c"):
        httpx.post(f"{bridge.url}/hooks/{name}", content=b"{}")
    say_nonsense(bridge.url)
    eventually(lambda: sandbox.values("p-shop") == ["1", "€20.00"])
    found = scrape(bridge.url)

    assert before.values("pinbridge_requests_total") == {("accepted", "stripe", "202"): 0}
    assert found.values("pinbridge_requests_total") == {
        ("accepted", "stripe", "202"): 2,
        ("duplicate", "stripe", "200"): 1,
        ("bad_signature", "stripe", "401"): 1,
        ("unknown_source", "(unknown)", "404"): 3,
    }
    assert found.values("pinbridge_verification_failures_total") == {("bad_signature", "stripe"): 1}
    assert found.values("pinbridge_connections_refused_total") == {("bad_request",): 1}
    assert found.values("pinbridge_outcomes_total") == {
        ("payments", "matched"): 1,
        ("payments", "not_matched"): 1,
        ("payments", "error"): 0,
    }
    assert (found.value("pinbridge_ack_seconds_count"), found.value("pinbridge_batch_events_sum")) == (3, 3)
    assert found.value("pinbridge_batch_seconds_count") == found.value("pinbridge_commit_seconds_count")
    assert 0 < (found.value("pinbridge_commit_seconds_sum") or 0) < (found.value("pinbridge_batch_seconds_sum") or 0)
    assert found.value("pinbridge_deliveries_total", outcome="delivered") == 1
    assert found.value("pinbridge_api_request_seconds_count") == 1
    assert found.value("pinbridge_pins", state="shown") == 1
    assert found.value("pinbridge_journal_events") == 2
    assert found.value("pinbridge_budget_tokens", window="60s") == 100_000
    assert found.value("pinbridge_budget_left_tokens", window="60s") == 99_998
    assert (found.value("pinbridge_database_bytes", file="database") or 0) >= 4096
    assert (found.value("pinbridge_disk_free_bytes") or 0) > 0
    assert found.value("pinbridge_store_up") == 1


def test_what_senders_call_themselves_becomes_no_label(new_bridge: NewBridge) -> None:
    """Thousands of names that nobody configured make one value, and neither the text nor the log grows with them."""
    bridge = new_bridge()
    bridge.start()
    names = [f"{number}-{'x' * (number % 200)}" for number in range(3000)] + ['"', "%0A", "%00", "stripe%20", "%FF"]
    httpx.post(f"{bridge.url}/hooks/nobody", content=b"")
    before = httpx.get(f"{bridge.url}/metrics").text
    with httpx.Client() as sender:
        for name in names:
            assert sender.post(f"{bridge.url}/hooks/{name}", content=b"").status_code == 404
    after = httpx.get(f"{bridge.url}/metrics").text

    found = scrape(bridge.url).values("pinbridge_requests_total")
    assert found[("unknown_source", "(unknown)", "404")] == len(names) + 1
    assert len(found) == 2
    assert len(after.splitlines()) == len(before.splitlines())
    assert len(bridge.lines("webhook_refused")) < 4


def test_a_mapping_may_have_an_odd_name(new_bridge: NewBridge) -> None:
    """What its file is called, as far as a name may go: the text is well-formed all the same."""
    bridge = new_bridge()
    names = ['a "quoted" \\ one', "on\ntwo lines", "Zähler {le=1} 📌", "n" * 240]
    for number, name in enumerate(names):
        (bridge.mappings / f"{name}.yaml").write_text(MAPPING.replace("p-", f"p-{number}-"))
    bridge.start()
    post(bridge.url, payment("evt_1"))

    outcomes = scrape(bridge.url).values("pinbridge_outcomes_total")
    assert {name for name, outcome in outcomes if outcome == "matched"} == {*names, "payments"}
    assert {outcomes[name, "matched"] for name in names} == {1}


def test_a_key_that_is_refused_and_a_pin_that_is_parked_are_seen(new_bridge: NewBridge, sandbox: Sandbox) -> None:
    """The pin of a refused key stays due, and grows older; the parked one is due no more."""
    bridge = new_bridge()
    bridge.start()
    sandbox.fault(kind="status", status=404, pin="p-gone", code="NOT_FOUND", message="Pin not found")
    post(bridge.url, payment("evt_1", key="gone"))
    eventually(lambda: scrape(bridge.url).value("pinbridge_pins", state="parked") == 1)
    sandbox.fault(kind="status", status=401, pin="p-shop")
    post(bridge.url, payment("evt_2"))
    eventually(lambda: scrape(bridge.url).value("pinbridge_key_state", state="refused") == 1)
    eventually(lambda: (scrape(bridge.url).value("pinbridge_oldest_due_age_seconds") or 0) > 0)
    found = scrape(bridge.url)

    assert found.value("pinbridge_key_state", state="open") == 0
    assert found.value("pinbridge_deliveries_total", outcome="parked") == 1
    assert found.value("pinbridge_deliveries_total", outcome="retry") == 1
    assert found.value("pinbridge_pins", state="due") == 1


def test_a_start_does_not_load_what_a_scrape_needs() -> None:
    """A cold start counts, and most of a scrape's library is for other uses of it."""
    told = "import sys, bridge.app; print('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=True, capture_output=True).stdout == b"False\n"


def test_a_database_out_of_reach_fails_no_scrape(new_bridge: NewBridge) -> None:
    """`pinbridge_store_up` says so; what can be read is told, and it is up again by itself."""
    bridge = new_bridge()
    bridge.start()
    with contextlib.closing(sqlite3.connect(bridge.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = scrape(bridge.url)
        other.execute("ROLLBACK")

    assert locked.value("pinbridge_store_up") == 0
    assert locked.value("pinbridge_pins", state="due") == 0
    assert scrape(bridge.url).value("pinbridge_store_up") == 1


def test_a_refused_reload_is_seen(new_bridge: NewBridge) -> None:
    """As long as it stands."""
    bridge = new_bridge()
    bridge.start()
    (bridge.mappings / "payments.yaml").write_text("pn: p-a")
    eventually(lambda: scrape(bridge.url).value("pinbridge_reload_refused") == 1)
    (bridge.mappings / "payments.yaml").write_text(MAPPING)
    eventually(lambda: scrape(bridge.url).value("pinbridge_reload_refused") == 0)


def test_openmetrics_for_whoever_asks(new_bridge: NewBridge) -> None:
    """The same metrics, and the text is well-formed by its stricter rules."""
    bridge = new_bridge()
    bridge.start()
    answer = httpx.get(f"{bridge.url}/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    plain = httpx.get(f"{bridge.url}/metrics")

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]  # it has no types
    names = {family.name for family in families}
    assert {"pinbridge_requests", "pinbridge_ack_seconds", "process_start_time_seconds"} <= names


@pytest.mark.parametrize(
    ("given", "status"), [("", 401), ("Bearer t0ken-of-others", 401), ("Bearer m3trics-token-of-us", 200)]
)
def test_a_token_closes_it(new_bridge: NewBridge, given: str, status: int) -> None:
    """Where `PINBRIDGE_METRICS_TOKEN` is set, nobody looks without it."""
    bridge = new_bridge(PINBRIDGE_METRICS_TOKEN="m3trics-token-of-us")
    bridge.start()
    assert httpx.get(f"{bridge.url}/metrics", headers={"Authorization": given}).status_code == status
