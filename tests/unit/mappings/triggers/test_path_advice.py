"""A path that finds nothing is answered with the one that was meant, where the payload shows it."""

from datetime import UTC, datetime

import pytest
from support.events import an_event

from bridge.events import Json
from bridge.mappings import load_texts
from bridge.mappings.triggers.explanation import Pass, explain
from bridge.mappings.triggers.path_advice import advise, advise_on_items

ISSUE: Json = {"data": {"issue": {"title": "Down", "labels": [{"name": "bug"}]}}, "id": 1}
ALERT: Json = {"labels": {"team": "web"}, "status": "firing"}
ALERTS: Json = {"title": "two", "alerts": [ALERT, ALERT]}


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("$.title", "did you mean $.data.issue.title?"),
        ("$.issue.title", "did you mean $.data.issue.title?"),
        ("$.data.title", "did you mean $.data.issue.title?"),
        ("$.data.isue.title", "did you mean $.data.issue.title?"),
        ("$.data.issue.label[*].name", "did you mean $.data.issue.labels[*].name?"),
        ("$.issue", "did you mean $.data.issue?"),
        ("$.price", ""),
        ("$.a.b.c", ""),
    ],
)
def test_a_near_path_of_the_payload(path: str, meant: str) -> None:
    """One that ends alike, or is spelt nearly so; nothing far."""
    assert advise(path, ISSUE, ISSUE) == meant


@pytest.mark.parametrize(
    ("each", "path", "meant"),
    [
        ("$.alerts[*]", "$.alerts[*].labels.team", "`$` is the item here: write $.labels.team"),
        ("$.alerts[*]", "$.alerts[0].labels.team", "`$` is the item here: write $.labels.team"),
        ("$.alerts", "$.alerts[*].labels.team", "`$` is the item here: write $.labels.team"),
        (
            "$.alerts[*]",
            "$.title",
            "`$` is the item here: write {body: $.title} in 'extract' for what stands beside the items",
        ),
        ("$.alerts[*]", "$.team", "did you mean $.labels.team?"),
        ("$.alerts[*]", "$.titel", "did you mean {body: $.title}?"),
    ],
)
def test_inside_each_the_item_is_meant(each: str, path: str, meant: str) -> None:
    """The whole payload's paths, pasted, are told apart from misspelt ones."""
    assert advise(path, ALERT, ALERTS, each) == meant


def test_a_path_to_items() -> None:
    """A near one; but a list that is there and empty is no mistake."""
    assert advise_on_items("$.alert[*]", ALERTS) == "did you mean $.alerts[*]?"
    assert advise_on_items("$.alerts[*]", {"alerts": []}) == ""
    assert advise_on_items("$.orders[*]", ALERTS) == ""


def explained(trigger: str) -> Pass:
    """Explain what a trigger sees in the alerts."""
    text = f"pin: p-a\ntriggers:\n  - {{name: t, source: shop, {trigger}}}\nupdate: {{}}\n"
    event = an_event(type="alert", received_at=datetime(2026, 11, 22, tzinfo=UTC), headers={}, payload=ALERTS)
    return explain(load_texts({"a.yaml": text.encode()}, {}).mappings["a"].triggers[0], event).passes[0]


def test_an_explanation_has_the_advice() -> None:
    """For a variable, a condition and the items."""
    each = "each: '$.alerts[*]'"
    team = "{path: '$.alerts[*].labels.team', take: first}"
    assert explained(f"{each}, extract: {{x: {team}}}").advice == "`$` is the item here: write $.labels.team"
    assert explained(f"{each}, when: {{'$.alerts[0].status': firing}}").advice == "`$` is the item here: write $.status"
    assert explained("each: '$.alert[*]'").advice == "did you mean $.alerts[*]?"
    assert explained("extract: {x: $.titel}").advice == "did you mean $.title?"
    assert explained("when: {$.title: three}").advice == ""
