"""What the documentation promises, held against what there is."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from support import api_page, providers_page

from bridge.inbound import Sources, load_sources
from bridge.located import parse_yaml
from bridge.mappings import MappingSet, load_folder, load_texts
from bridge.rehearsal import Heard, Rehearsal, read_sample
from bridge.settings import Settings, declared_settings

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = b"user:made-up"
_LISTED = subprocess.run(
    ["/usr/bin/env", "git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
)
TRACKED = _LISTED.stdout.split("\0")[:-1]
PAGES = sorted(name for name in TRACKED if name.endswith(".md"))
SAMPLES = sorted(
    path.relative_to(ROOT / "mappings" / "samples").as_posix()
    for path in (ROOT / "mappings" / "samples").rglob("*.json")
    if not path.name.endswith(".headers.json")
)


def read(name: str) -> str:
    """Read a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


# --- the documents -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    """Within the project: to a file that is there, and to a heading that it has."""
    for target, heading in re.findall(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)", read(page)):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page} links to {target}, which is not there"
        assert not heading or heading in headings(path.read_text(encoding="utf-8")), f"{page} links to #{heading}"


def headings(text: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    """A promise whose test was renamed is found here."""
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", read(page)):
        assert re.search(rf"^ *(async )?def {name}\(", read(file), re.MULTILINE), f"{page} names {file}::{name}"
    for file in re.findall(r"`(tests/[\w/]+\.py)`", read(page)):
        assert (ROOT / file).is_file(), f"{page} names {file}"


def test_every_word_for_make_that_a_page_names_is_in_the_makefile() -> None:
    """The other way round, `make help` names them all."""
    words = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    assert {"demo", "test", "lint", "bench"} <= words
    for page in [*PAGES, ".ci/run"]:
        told = re.findall(r"(?:`|^)make ([a-z]+)\b", read(page), re.MULTILINE)
        assert set(told) <= words, page


def test_ci_runs_the_commands_of_the_readme() -> None:
    """What a user is told to run is what is tried on every change."""
    commands = re.findall(r"^make .+$", read(".ci/run"), re.MULTILINE)
    assert set(commands) == {"make lint", "make demo ARGS=--once", "make test"}
    assert all(word in read("README.md") for word in ("make demo", "make test", "make demo ARGS=--once"))


def test_every_command_that_is_shown_exists() -> None:
    """In the pages, `pinbridge` is followed by a command that it has; the README's table has all of them."""
    help_text = subprocess.run(
        [Path(sys.executable).with_name("pinbridge"), "--help"], capture_output=True, check=True, text=True
    )
    commands = set(re.findall(r"^[^\w-]*([a-z]+)  ", help_text.stdout, re.MULTILINE))
    for page in PAGES:
        shown = set(re.findall(r"(?:`|^|bin/)pinbridge ([a-z]+)\b", read(page), re.MULTILINE))
        assert shown <= commands, f"{page}: {sorted(shown - commands)}"
    rows = "\n".join(re.findall(r"^\| (`pinbridge .+?) \|", read("README.md"), re.MULTILINE))
    assert set(re.findall(r"`(?:pinbridge )?([a-z]+)\b", rows)) == commands


def test_every_page_of_the_docs_is_in_both_lists() -> None:
    """In the README's, and in that of the folder."""
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"| [docs/{name}](docs/{name}) |" not in read("README.md")} == set()
    assert {name for name in pages if f"[{name}]({name})" not in read("docs/README.md")} == set()


def test_the_version_stands_at_the_top_of_the_changelog() -> None:
    """Of pyproject.toml and CHANGELOG.md neither moves alone."""
    newest = re.search(r"^## \[(.+?)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert newest
    assert newest[1] == tomllib.loads(read("pyproject.toml"))["project"]["version"]


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Dependencies come from wherever the user's installer is told to look; paths are the user's own."""
    hosts = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.deb" + "ian.org")
    machine = re.compile(r"(^|[^\w./])/(wo" + "rk|ro" + "ot|ho" + "me)/")
    for name in TRACKED:
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        assert not [host for host in hosts if host in text], name
        assert not machine.search(text), name


# --- the settings --------------------------------------------------------------------------------------------------


def test_every_setting_is_documented_as_it_is() -> None:
    """The table in docs/settings.md is made from `Settings`; where this fails, it prints the right one."""
    table = settings_table()
    assert table in read("docs/settings.md"), f"docs/settings.md should hold:\n\n{table}"


def settings_table() -> str:
    """Write the settings as a Markdown table."""
    rows = [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else 'none'} | {each.description} |"
        for each in declared_settings()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def test_the_written_defaults_are_the_defaults() -> None:
    """What the table says, set by hand, changes nothing."""
    told = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", settings_table(), re.MULTILINE))
    assert Settings.from_environ(told) == Settings.from_environ({})


def test_the_providers_are_documented_as_the_catalogue_has_them() -> None:
    """Where this fails: PYTHONPATH=tests:. python -m support.providers_page."""
    assert providers_page.written() == read("docs/providers.md")


def test_the_admin_api_is_documented_as_it_is() -> None:
    """Where this fails: PYTHONPATH=tests:. python -m support.api_page."""
    assert api_page.written(read("docs/api.md")) == read("docs/api.md")


# --- the shipped mappings ------------------------------------------------------------------------------------------

SHOWN: dict[str, dict[str, list[str | int]]] = {
    "stripe/payment.json": {
        "p-stripe-payments": ["Sales today", "€49.00", "€0.00 yesterday", "1"],
        "p-stripe-buyers": ["ada@example.com", "€49.00", "20 Nov, 09:30"],
        "p-stripe-failures": ["0.0%", "0 of 1"],
        "p-ads-against-revenue": ["€49.00"],
    },
    "stripe/payment-failed.json": {
        "p-stripe-payments": ["€0.00", "1", "the last: card declined"],
        "p-stripe-failures": ["100.0%", "€120.00", "Card declined"],
    },
    "stripe/dispute-created.json": {"p-stripe-disputes": ["Product not received", "€49.00", "30 Nov, 23:59"]},
    "stripe/dispute-won.json": {"p-stripe-disputes": ["No open dispute; this year 1 won, 0 lost"]},
    "stripe/refund.json": {"p-stripe-payments": ["-€15.00", "€15.00 refunded"], "p-stripe-buyers": ["Last buyers"]},
    "stripe/subscription-monthly.json": {"p-stripe-subscriptions": ["€29.00", "€348.00 a year", "1"]},
    "stripe/subscription-yearly.json": {"p-stripe-subscriptions": ["€24.17", "€290.00 a year", "1"]},
    "stripe/subscription-ended.json": {"p-stripe-subscriptions": ["€0.00", "0 begun, 1 ended this month"]},
    "github/push.json": {
        "p-github-pushes": [
            "ada pushed 3 to acme/shop, main",
            "Round prices half to even",
            "Show <b>net</b> & gross | in one table",
            3,
        ],
        "p-vercel-deploys": ["none yet"],
        "p-github-activity": ["**1 push** with **3 commits**; today **1 push**", "| Fri 20 Nov | ██████████ 1 |"],
    },
    "github/run-passed.json": {"p-github-ci": ["100.0%", "4m 5s", "the last passed"]},
    "github/run-failed.json": {"p-github-ci": ["0.0%", "2m 30s", "the last failed"]},
    "github/pull-opened.json": {
        "p-github-pulls": ["1 open pull request, 0 merged in 7 days", "#71 Charge VAT by country", "ada"]
    },
    "github/pull-merged.json": {"p-github-pulls": ["0 open pull requests, 1 merged in 7 days"]},
    "github/release.json": {"p-github-releases": ["Releases: 1 in November", "v1.4.0", "ada"]},
    "github/star.json": {"p-github-stars": ["1,042", "+1", "grace"]},
    "alertmanager/firing.json": {
        "p-alerts-firing": ["2 firing: 1 critical, 1 warning", "InstanceDown", "20 Nov, 09:12"],
        "p-alerts-payments": ["Payments: 2 firing", "CheckoutSlow", "20 Nov, 09:20"],
        "p-alerts-latest": ["InstanceDown is firing"],
        "p-status-page": ["Some systems have trouble", "| Shop | 🔴 Outage |"],
    },
    "alertmanager/partly-resolved.json": {
        "p-alerts-firing": ["1 firing: 1 warning", "shop-1:9090"],
        "p-alerts-payments": ["Payments: 1 firing", "resolved", "shop-2:9090"],
        "p-alerts-latest": ["InstanceDown is resolved"],
        "p-status-page": ["| Shop | 🟡 Impaired |"],
    },
    "alertmanager/resolved.json": {
        "p-alerts-firing": ["No alert is firing"],
        "p-alerts-payments": ["Payments: 0 firing", "resolved"],
        "p-alerts-latest": ["CheckoutSlow is resolved", "20 Nov, 09:48"],
        "p-status-page": ["All systems operational"],
    },
    "alertmanager/platform.json": {
        "p-alerts-firing": ["1 firing: 1 critical", "DiskFull", "db-1:9100"],
        "p-alerts-platform": ["Platform: 1 firing", "DiskFull"],
        "p-alerts-latest": ["DiskFull is firing"],
        "p-status-page": ["| Shop | 🔴 Outage |"],
    },
    "alertmanager/watchdog.json": {"p-alerts-watchdog": ["Alive"]},
    "pinbridge/pin-parked.json": {"p-bridge-trouble": ["1 thing wants somebody", "pin p-sales", "20 Nov, 02:14"]},
    "pinbridge/pin-recovered.json": {"p-bridge-trouble": ["The bridge is well"]},
    "pinbridge/key-paused.json": {"p-bridge-trouble": ["API key", "the API refuses the key"]},
    "pinbridge/key-resumed.json": {"p-bridge-trouble": ["The bridge is well"]},
    "pinbridge/source-silent.json": {"p-bridge-trouble": ["source of p-orders", "came from shopify"]},
    "pinbridge/source-heard.json": {"p-bridge-trouble": ["The bridge is well"]},
    "pinbridge/reload-refused.json": {"p-bridge-trouble": ["mappings", "sales.yaml:3:1", "20 Nov, 05:00"]},
    "pinbridge/reload-taken.json": {"p-bridge-trouble": ["The bridge is well"]},
    "shopify/order.json": {
        "p-shopify-products": ["Top products, November", "Desk lamp", "€71.82", 2, "€320.82"],
        "p-shopify-today": ["Shop today, 20 November", "€320.82", "3 pieces sold"],
    },
    "shopify/order-small.json": {
        "p-shopify-products": ["Engraving", "€12.00", "€51.90"],
        "p-shopify-today": ["€51.90", "2 pieces sold"],
    },
    "shopify/order-cancelled.json": {"p-shopify-today": ["the last: #1042"]},
    "gitlab/pipeline-passed.json": {"p-gitlab-pipelines": ["All pipelines are fine", "acme/shop", "4m 5s"]},
    "gitlab/pipeline-failed.json": {"p-gitlab-pipelines": ["1 of 1 failed", "acme/till", "Grace Hopper"]},
    "pagerduty/triggered.json": {
        "p-pagerduty-incidents": ["1 open, 1 not acknowledged; 1 this week", "#42 Checkout answers slowly"]
    },
    "pagerduty/acknowledged.json": {"p-pagerduty-incidents": ["1 open, 0 not acknowledged; 1 this week"]},
    "pagerduty/resolved.json": {"p-pagerduty-incidents": ["No open incident; 1 this week"]},
    "sentry/issue-created.json": {"p-sentry-issues": ["1 open issue; 7 days: 1 new, 0 resolved", "SHOP-1A"]},
    "sentry/issue-resolved.json": {"p-sentry-issues": ["0 open issues; 7 days: 0 new, 1 resolved"]},
    "linear/issue-created.json": {"p-linear-flow": ["more than was done"]},
    "linear/issue-started.json": {"p-linear-flow": ["oldest: WEB-8"]},
    "linear/issue-done.json": {"p-linear-flow": ["5h", "nothing"]},
    "jira/issue-started.json": {"p-jira-progress": ["SHOP-7 Charge VAT by country", "Ada Lovelace", "20 Nov"]},
    "jira/issue-done.json": {"p-jira-progress": ["0 in progress; done this week: 1, last week: 0"]},
    "vercel/deployed.json": {"p-vercel-deploys": ["1", "Drop the old cart"]},
    "vercel/failed.json": {"p-vercel-deploys": ["100% of all"]},
    "typeform/promoter.json": {"p-typeform-nps": ["100", "9 of 10", "The desk came within two days."]},
    "typeform/detractor.json": {"p-typeform-nps": ["-100", "3 of 10", "100% detractors"]},
    "postmark/delivery.json": {"p-postmark-delivery": ["100.0%", "1 of 1"]},
    "postmark/bounce.json": {"p-postmark-delivery": ["0.0%", "most: HardBounce"]},
    "postmark/complaint.json": {"p-postmark-delivery": ["1 of 0"]},
    "grafana/firing.json": {"p-grafana-firing": ["2 firing", "The queue does not move", "A 1,840, C 1"]},
    "grafana/resolved.json": {"p-grafana-firing": ["No alert is firing"]},
    "datadog/triggered.json": {"p-datadog-monitors": ["1 monitor alerts", "CPU is high", "host:web-1"]},
    "datadog/recovered.json": {"p-datadog-monitors": ["No monitor alerts"]},
    "uptime-kuma/down.json": {"p-uptime-monitors": ["1 of 1 down", "Shop", "20 Nov, 09:30"]},
    "uptime-kuma/up.json": {"p-uptime-monitors": ["All is up", "200 - OK"]},
    "better-stack/started.json": {"p-better-stack-incidents": ["1 down; 1 incident in 30 days", "Status 503"]},
    "better-stack/resolved.json": {"p-better-stack-incidents": ["All is up; 1 incident in 30 days"]},
    "ads/spend.json": {"p-ads-against-revenue": ["€12.50", "most on autumn"]},
    "counter/tick.json": {"p-counters": ["Signups", "1 today, 0 yesterday"]},
    "counter/several.json": {"p-counters": ["Downloads", "12 today, 0 yesterday"]},
    "cron/backup.json": {"p-cron-heartbeat": ["OK", "5m 12s"]},
    "cron/backup-failed.json": {"p-cron-heartbeat": ["Failed", "4s"]},
}


def test_every_sample_has_its_expectation() -> None:
    """No sample lies unused."""
    assert set(SAMPLES) == set(SHOWN)


def test_every_shipped_mapping_is_fed_by_a_sample() -> None:
    """And the catalogue knows its source."""
    mappings, _ = shipped()
    pins = {pin for shown in SHOWN.values() for pin in shown}
    assert set(mappings.literal_pins()) <= pins
    assert pins - set(mappings.literal_pins()) == {"p-alerts-payments", "p-alerts-platform"}
    assert mappings.warnings == ()
    assert set(mappings.source_places) == {name.partition("/")[0] for name in SAMPLES}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_sample_ends_on_its_pins(name: str) -> None:
    """Signed, received, matched, folded and rendered, by the real parts, without a note; it moves no other pin."""
    mappings, sources = shipped()
    rehearsal = Rehearsal(mappings, sources, horizon_s=35 * 86400, max_body_bytes=2**20)
    sample = read_sample(ROOT / "mappings" / "samples" / name, sources=sources, source=None)
    (delivery,) = rehearsal.deliver([sample], NOW)
    assert isinstance(delivery.heard, Heard)
    assert not [each for each in delivery.outcomes if each.kind == "error"]
    assert set(delivery.heard.moved) == set(SHOWN[name])
    for pin, mapping in delivery.heard.moved.items():
        rendered = rehearsal.render(mapping, pin, delivery.heard.event.at or delivery.heard.event.received_at)
        leaves = [*leaves_of(rendered.body)]
        missing = [
            each for each in SHOWN[name][pin] if not any(each == leaf or str(each) in str(leaf) for leaf in leaves)
        ]
        assert (rendered.notes, missing) == ((), []), pin


def test_every_wall_is_drawn_before_the_first_event() -> None:
    """A mapping with a pin of its own renders on nothing at all."""
    mappings, sources = shipped()
    rehearsal = Rehearsal(mappings, sources, horizon_s=35 * 86400, max_body_bytes=2**20)
    for pin, mapping in mappings.literal_pins().items():
        assert rehearsal.render(mapping, pin, NOW).notes == (), pin


def test_the_example_of_the_readme_loads() -> None:
    """As it is printed."""
    examples = re.findall(r"```yaml\n(.*?)```", read("README.md"), re.DOTALL)
    assert len(examples) == 1
    assert load_texts({"sales.yaml": examples[0].encode()}, {}).literal_pins() == {"p-abc123def456": "sales"}


@pytest.mark.parametrize("number", range(4))
def test_the_sources_that_are_commented_out_load(number: int) -> None:
    """Each example of sources.yaml, once it is uncommented."""
    text = read("mappings/sources.yaml")
    examples = re.findall(r"^#\n((?:# [a-z-]+:\n)(?:#   .*\n)+)", text, re.MULTILINE)
    assert len(examples) == 4
    example = re.sub("^# ", "", examples[number], flags=re.MULTILINE)
    assert len(load_sources({}, example.encode(), lambda _: (SECRET,))) == 1


def test_the_schema_beside_the_mappings_is_current() -> None:
    """Where this fails: pinbridge schema > mappings/schema.json."""
    printed = subprocess.run(
        [Path(sys.executable).with_name("pinbridge"), "schema"], capture_output=True, check=True, text=True
    )
    assert printed.stdout == read("mappings/schema.json")


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "mappings").glob("*.yaml") if path.name != "sources.yaml")
)
def test_every_shipped_mapping_names_the_schema_and_fits_it(name: str) -> None:
    """So that it is completed and checked in an editor from its first line."""
    text = read(f"mappings/{name}")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    Draft7Validator(json.loads(read("mappings/schema.json"))).validate(parse_yaml(name, text.encode()).plain())


def shipped() -> tuple[MappingSet, Sources]:
    """Load what is shipped, as `serve` does, each source with a secret."""
    mappings = load_folder(ROOT / "mappings", {})
    declared = (ROOT / "mappings" / "sources.yaml").read_bytes()
    return mappings, load_sources(mappings.source_places, declared, lambda _: (SECRET,))


def leaves_of(value: Any) -> list[Any]:
    """Give every text and number in a body."""
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in leaves_of(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in leaves_of(child)]
    return [value]
