"""What the documentation promises, held against what there is."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator

from bridge.events import Event, Receipt, Settle
from bridge.inbound import HookEndpoint, Sources, load_sources, sign
from bridge.located import parse_yaml
from bridge.mappings import EventHeader, Latest, MappingSet, load_folder, load_texts
from bridge.settings import Settings

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
    """In the pages, `pinbridge` is followed by a command that it has."""
    help_text = subprocess.run(
        [Path(sys.executable).with_name("pinbridge"), "--help"], capture_output=True, check=True, text=True
    )
    commands = set(re.findall(r"^\W*([a-z]+)  ", help_text.stdout, re.MULTILINE))
    for page in PAGES:
        shown = set(re.findall(r"(?:`|^|bin/)pinbridge ([a-z]+)\b", read(page), re.MULTILINE))
        assert shown <= commands, f"{page}: {sorted(shown - commands)}"


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
        f"| `{field.alias}` | {f'`{field.default}`' if field.default else 'none'} | {field.description} |"
        for field in Settings.model_fields.values()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def test_the_written_defaults_are_the_defaults() -> None:
    """What the table says, set by hand, changes nothing."""
    told = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", settings_table(), re.MULTILINE))
    assert Settings.from_environ(told) == Settings.from_environ({})


# --- the shipped mappings ------------------------------------------------------------------------------------------

SHOWN: dict[str, tuple[str, list[str | int]]] = {
    "stripe/payment.json": ("p-stripe-payments", ["€49.00", "ada@example.com", "20 Nov, 09:30", "paid", "up"]),
    "stripe/payment-failed.json": ("p-stripe-payments", ["¥12,000", "anonymous", "failed", "down", "–"]),
    "stripe/refund.json": ("p-stripe-payments", ["€15.00", "20 Nov, 09:50", "none yet"]),
    "github/push.json": (
        "p-github-pushes",
        ["ada pushed 3 to acme/shop, main", "Round prices half to even", "Show <b>net</b> & gross | in one table", 3],
    ),
    "alertmanager/firing.json": ("p-alerts-payments", ["Payments: 2 firing", "CheckoutSlow", "20 Nov, 09:20"]),
    "alertmanager/partly-resolved.json": ("p-alerts-payments", ["Payments: 1 firing", "resolved", "shop-2:9090"]),
    "alertmanager/platform.json": ("p-alerts-platform", ["Platform: 1 firing", "DiskFull"]),
}
LATEST_ALERT = {
    "alertmanager/firing.json": "InstanceDown is firing",
    "alertmanager/partly-resolved.json": "InstanceDown is resolved",
    "alertmanager/platform.json": "DiskFull is firing",
}


def test_every_sample_has_its_expectation() -> None:
    """No sample lies unused."""
    assert set(SAMPLES) == set(SHOWN)


def test_every_shipped_mapping_is_fed_by_a_sample() -> None:
    """And the catalogue knows its source."""
    mappings, _ = shipped()
    assert set(mappings.mappings) == {
        "alertmanager-groups",
        "alertmanager-latest",
        "github-pushes",
        "stripe-payments",
    }
    assert mappings.warnings == ()
    assert set(mappings.source_places) == {name.partition("/")[0] for name in SAMPLES}


@pytest.mark.parametrize("name", sorted(SHOWN))
async def test_a_sample_ends_on_its_pin(name: str) -> None:
    """Signed, received, matched and rendered, by the real parts, without a note."""
    mappings, sources = shipped()
    pin, wanted = SHOWN[name]
    event = await received(sources, name)
    shown = bodies(mappings, event)
    leaves = list(leaves_of(shown[pin]))
    assert [each for each in wanted if not any(each == leaf or str(each) in str(leaf) for leaf in leaves)] == []
    if name in LATEST_ALERT:
        assert LATEST_ALERT[name] in shown["p-alerts-latest"]["metadata"]["pin_config"]["content"]


@pytest.mark.parametrize("mapping", ["alertmanager-latest", "github-pushes", "stripe-payments"])
def test_a_wall_is_drawn_before_the_first_event(mapping: str) -> None:
    """A mapping with a pin of its own renders on nothing at all."""
    mappings, _ = shipped()
    pins = {name: pin for pin, name in mappings.literal_pins().items()}
    assert mappings.render(mapping, pins[mapping], {}, NOW).notes == ()


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


async def received(sources: Sources, name: str) -> Event:
    """Sign a sample as its source would and post it to the endpoint; gives the event that is accepted."""
    accepted: list[Event] = []

    def accept(event: Event, settle: Settle) -> None:
        accepted.append(event)
        settle(Receipt(status="accepted", id=event.id, number=1, mappings=()))

    source = sources[name.partition("/")[0]]
    path = ROOT / "mappings" / "samples" / name
    body = path.read_bytes()
    beside = path.with_suffix(".headers.json")
    headers: Mapping[str, str] = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    signed = {"Content-Type": "application/json", **headers, **sign(source, body, SECRET, NOW, headers=headers)}
    endpoint = HookEndpoint(sources, accept=accept, clock=lambda: NOW, max_body_bytes=2**20)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://bridge") as client:
        answer = await client.post(f"/hooks/{source.name}", content=body, headers=signed)
    assert answer.status_code == 202, answer.text
    return accepted[0]


def bodies(mappings: MappingSet, event: Event) -> dict[str, Any]:
    """Render every pin that an event moves, each with the newest change of each trigger."""
    evaluation = mappings.evaluate(event)
    assert not [each for each in evaluation.outcomes if each.kind == "error"]
    newest: dict[tuple[str, str], dict[str, Latest]] = {}
    for item, change in enumerate(sorted(evaluation.changes, key=lambda each: each.at)):
        header = EventHeader(
            source=event.source, type=event.type, id=event.id, at=change.at, received_at=event.received_at
        )
        newest.setdefault((change.mapping, change.pin), {})[change.trigger] = Latest(
            variables=change.variables, at=change.at, event=header, version=change.version, number=1, item=item
        )
    return {pin: mappings.render(mapping, pin, latest, NOW).body for (mapping, pin), latest in newest.items()}


def leaves_of(value: Any) -> list[Any]:
    """Give every text and number in a body."""
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in leaves_of(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in leaves_of(child)]
    return [value]
