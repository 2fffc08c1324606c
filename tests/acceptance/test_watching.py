"""What watches the bridge, held against what a real process exposes: alert rules, dashboard, operations page."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox, eventually, payment, post
from support.promql import Asked, asked
from support.scraping import Scrape, say_nonsense, scrape

from bridge.located import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
OF_PROMETHEUS = frozenset({"job", "instance"})
"""Labels that Prometheus itself adds."""


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrape]:
    """Scrape a bridge to which everything happened that has a label of its own."""
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "mappings").mkdir()
    (folder / "mappings" / "payments.yaml").write_text(MAPPING)
    with closing(Sandbox()) as sandbox, closing(BridgeProcess(folder, f"{sandbox.url}/v1")) as bridge:
        bridge.start()
        post(bridge.url, payment("evt_1"))
        post(bridge.url, payment("evt_2"), secret="whsec_other")
        say_nonsense(bridge.url)
        eventually(lambda: scrape(bridge.url).value("pinbridge_deliveries_total", outcome="delivered") == 1)
        yield scrape(bridge.url)


def rules() -> list[dict[str, Any]]:
    """Read the alert rules."""
    text = (ROOT / "deploy/prometheus/alerts.yaml").read_bytes()
    plain: Any = parse_yaml("alerts.yaml", text).plain()
    return [rule for group in plain["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Read the panels of the dashboard that show something."""
    board = json.loads((ROOT / "deploy/grafana/pinbridge.json").read_bytes())
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def check(found: Asked, exposed: Scrape) -> None:
    """Hold what an expression asks for against what there is."""
    assert found.names, "it asks for nothing"
    assert found.names - {"up"} <= set(exposed.labels)
    for name, labels in found.selected:
        assert labels <= exposed.labels.get(name, frozenset()) | OF_PROMETHEUS, name
    known = frozenset().union(*(exposed.labels.get(name, frozenset()) for name in found.names))
    assert found.grouped <= known | OF_PROMETHEUS


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is(rule: dict[str, Any], exposed: Scrape) -> None:
    """Its syntax is right, its metrics and labels are exposed, and its runbook is a heading of the page."""
    found = asked(rule["expr"])
    check(found, exposed)
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    kept = found.grouped or frozenset().union(*(exposed.labels.get(name, frozenset()) for name in found.names))
    assert told <= kept | OF_PROMETHEUS
    assert rule["labels"]["severity"] in {"critical", "warning"}
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    assert heading in headings(page)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any], exposed: Scrape) -> None:
    """With the dashboard's own variables filled in; what its legend names is kept."""
    for target in panel["targets"]:
        found = asked(
            re.sub(r"\$__rate_interval", "5m", target["expr"]).replace("$job", ".*").replace("$instance", ".*")
        )
        check(found, exposed)
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= found.grouped
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24


def test_every_metric_stands_in_the_page(exposed: Scrape) -> None:
    """With all of its labels; and the page names none that is not there."""
    rows = [
        row.split("|") for row in page("docs/operations.md").splitlines() if re.match(r"\| `(pinbridge|process)_", row)
    ]
    table = {names: labels for _, names, labels, *_ in rows}
    told = {
        name: frozenset(re.findall(r"`(\w+)`", labels))
        for names, labels in table.items()
        for name in re.findall(r"`(\w+)`", names)
    }
    there: dict[str, frozenset[str]] = {}
    for name, labels in exposed.labels.items():
        family = re.sub("_(bucket|count|sum)$", "", name)
        is_histogram = exposed.types.get(family) == "histogram"
        key = family if is_histogram else name
        there[key] = there.get(key, frozenset()) | labels - {"le"}
    assert told == there


def test_the_page_names_every_alert() -> None:
    """So that whoever is called by one finds it there."""
    text = page("docs/operations.md")
    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in text] == []


def page(name: str) -> str:
    """Read a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def headings(name: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
