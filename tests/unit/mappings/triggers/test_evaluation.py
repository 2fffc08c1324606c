"""What an event changes: conditions, extraction, items, times, versions, keys, pins."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from support.events import an_event

from bridge.errors import ConfigurationError
from bridge.events import Event
from bridge.mappings import Change, Evaluation, MappingSet, NotAtOnce, Outcome, load_texts
from bridge.mappings.triggers.triggers import Results
from bridge.mappings.values.bounds import Work

NO_NUMBER = (
    "a text is never compared with a number; extract it with `as: number`, and write the condition on that variable"
)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(payload: object, **given: Any) -> Event:
    """Make an event of source `shop`, decoded as it would be from the wire."""
    body = json.dumps(payload).encode()
    fields: dict[str, Any] = {
        "type": "order.created",
        "received_at": NOW,
        "headers": {"x-kind": "test"},
        "query": {"team": "ops"},
        "body": body,
        "payload": orjson.loads(body),
    }
    return an_event(**fields | given)


def mapping(trigger: str, *, pin: str = "p-1", more: str = "") -> MappingSet:
    """Load a mapping with one trigger, given as lines of YAML."""
    lines = "".join(f"    {line}\n" for line in trigger.splitlines())
    text = f"pin: {pin}\n{more}\ntriggers:\n  - source: shop\n{lines}update: {{metadata: {{title: x}}}}\n"
    return load_texts({"m.yaml": text.encode()}, {})


def only_change(trigger: str, payload: object, **given: Any) -> Change:
    """Give the one change that an event makes."""
    (change,) = mapping(trigger).evaluate(event(payload, **given)).changes
    return change


def only_outcome(evaluation: Evaluation) -> Outcome:
    """Give the one outcome of an event that changed nothing."""
    assert evaluation.changes == ()
    (outcome,) = evaluation.outcomes
    return outcome


def test_a_change_says_what_when_and_where() -> None:
    """With an outcome beside it."""
    evaluation = mapping("extract: {amount: $.amount}").evaluate(event({"amount": 12.10}))
    (change,) = evaluation.changes
    assert (change.mapping, change.trigger, change.pin) == ("m", "m", "p-1")
    assert (change.at, change.version, change.item_key) == (NOW, (NOW,), None)
    assert change.variables == {"amount": Decimal("12.1")}
    assert evaluation.outcomes == (Outcome(mapping="m", trigger="m", kind="matched", reason="", pin="p-1"),)


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("order.created", True),
        ("order", True),
        ("ord", False),
        ("order.created.now", False),
        ("'*'", True),
        ("'*.created'", True),
        ("'ord*'", True),
        ("'*.deleted'", False),
        ("[other, order]", True),
        ("'o?der'", False),
    ],
)
def test_an_event_type_is_taken_by_name_family_or_glob(pattern: str, *, taken: bool) -> None:
    """A dotted prefix is a family; `*` alone is special."""
    assert bool(mapping(f"event: {pattern}").evaluate(event({})).changes) is taken


def test_events_of_other_sources_leave_no_trace() -> None:
    """A trigger hears its own source alone."""
    evaluation = mapping("").evaluate(event({}, source="other"))
    assert (evaluation.changes, evaluation.outcomes) == ((), ())


PAYLOAD = {
    "currency": "eur",
    "size": "17",
    "amount": 5,
    "price": 0.1,
    "paid": True,
    "nothing": None,
    "tags": ["a", "b"],
    "items": [{"n": 1}, {"n": 20}],
    "since": "2026-01-02T00:00:00Z",
}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{$.currency: eur}", True),
        ("{$.currency: usd}", False),
        ("{$.currency: [usd, eur]}", True),
        ("{$.currency: []}", False),
        ("{$.amount: 5}", True),
        ("{$.amount: 5.0}", True),
        ("{$.amount: '5'}", False),
        ("{$.price: 0.1}", True),
        ("{$.paid: true}", True),
        ("{$.paid: 1}", False),
        ("{$.amount: {gt: 4, lt: 6}}", True),
        ("{$.amount: {gt: 4, lt: 5}}", False),
        ("{$.amount: {gte: 5, lte: 5}}", True),
        ("{$.currency: {gt: 1}}", False),
        ("{$.amount: {gt: a}}", False),
        ("{$.currency: {gt: a}}", True),
        ("{$.since: {gt: 2026-01-01}}", True),
        ("{$.nothing: null}", True),
        ("{$.missing: null}", False),
        ("{$.nothing: {exists: true}}", True),
        ("{$.missing: {exists: true}}", False),
        ("{$.missing: {exists: false}}", True),
        ("{$.currency: {exists: false}}", False),
        ("{$.currency: {ne: usd}}", True),
        ("{$.nothing: {ne: usd}}", True),
        ("{$.missing: {ne: usd}}", False),
        ("{$.currency: {not_in: [usd]}}", True),
        ("{$.missing: {not_in: [usd]}}", False),
        ("{$.currency: {matches: '^e.r$'}}", True),
        ("{$.currency: {matches: u}}", True),
        ("{$.amount: {matches: '5'}}", False),
        ("{$.currency: {contains: u}}", True),
        ("{$.tags: {contains: b}}", True),
        ("{$.tags: {contains: c}}", False),
        ("{$.currency: {starts_with: e, ends_with: r}}", True),
        ("{$.tags: {eq: [a, b]}}", True),
        ("{'$.items[*].n': 20}", True),
        ("{'$.items[*].n': {gt: 1, lt: 20}}", False),
        ("{'$.items[*].x': {exists: false}}", True),
        ("{'$.items[?(@.n > 5)].n': 20}", True),
        ("{header.X-Kind: test, query.team: ops}", True),
        ("{header.x-other: {exists: false}}", True),
        ("{query.team: dev}", False),
        ("'{{ amount > 4 and currency == \"eur\" }}'", True),
        ("'{{ amount > 5 }}'", False),
        ("[{$.currency: eur}, '{{ amount > 4 }}', {doubled: {gte: 10}}]", True),
        ("{'{{ amount * 2 }}': 10}", True),
        ("{'{{ nothing }}': {exists: true}}", True),
        ("{started: {gt: 2026-01-01}}", True),
        ("{started: {lt: '2026-01-01T00:00:00Z'}}", False),
    ],
)
def test_a_condition_holds_or_not(when: str, *, holds: bool) -> None:
    """Numbers by value, no unlike types, many matches hold if any does, missing holds for `exists: false`."""
    extract = (
        "extract: {amount: $.amount, currency: $.currency, nothing: $.nothing, started: {path: $.since, as: time}}\n"
        "let: {doubled: '{{ amount * 2 }}'}\n"
    )
    evaluation = mapping(f"{extract}when: {when}").evaluate(event(PAYLOAD))
    assert bool(evaluation.changes) is holds
    assert [outcome.kind for outcome in evaluation.outcomes] == ["matched" if holds else "not_matched"]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{$.currency: usd}", "$.currency: wanted 'usd', found 'eur'"),
        ("{$.amount: {gt: 5}}", "$.amount: wanted gt 5, found 5"),
        ("{$.currency: [usd, chf]}", "$.currency: wanted one of 'usd', 'chf', found 'eur'"),
        ("{$.missing: 1}", "$.missing: wanted 1, found nothing"),
        ("{'$.items[*].n': 3}", "$.items[*].n: wanted 3, found 1, 20"),
        ("{header.X-Kind: live}", "header.X-Kind: wanted 'live', found 'test'"),
        ("{amount: 6}", "amount: wanted 6, found 5"),
        ("{$.currency: 6}", "$.currency: wanted 6, found 'eur'"),
        (
            "{$.size: {gte: 5}}",
            f"$.size: wanted gte 5, found '17'; {NO_NUMBER}",
        ),
        ('{$.amount: "6"}', "$.amount: wanted '6', found 5; '6' is a text; write the number without quotes"),
        ("{$.paid: no}", "$.paid: wanted 'no', found true; 'no' is a text; write true or false, without quotes"),
        ("'{{ amount > 5 }}'", "{{ amount > 5 }}: wanted true, found false"),
    ],
)
def test_an_outcome_says_which_condition_failed_and_what_was_found(when: str, reason: str) -> None:
    """In words that an author can act on."""
    outcome = only_outcome(mapping(f"extract: {{amount: $.amount}}\nwhen: {when}").evaluate(event(PAYLOAD)))
    assert (outcome.kind, outcome.reason) == ("not_matched", reason)


def test_an_unwanted_event_never_fails_in_extract() -> None:
    """Conditions on paths come first."""
    outcome = only_outcome(mapping("when: {$.kind: x}\nextract: {a: $.missing}").evaluate(event({"kind": "y"})))
    assert outcome.kind == "not_matched"


@pytest.mark.parametrize(
    ("extraction", "value"),
    [
        ("$.n", 5),
        ("$.price", Decimal("0.1")),
        ("$.nothing", None),
        ("'$.items[*].n'", [1, 2.5]),
        ("{path: $.missing, default: none here}", "none here"),
        ("{path: $.nothing, default: 1}", None),
        ("{path: $.text, as: integer}", 12),
        ("{path: $.encoded, as: json}", {"a": 1}),
        ("{path: $.base, as: [base64, json]}", [1]),
        ("{path: $.seconds, as: time}", datetime(2026, 1, 1, tzinfo=UTC)),
        ("{path: '$.items[*].n', take: sum}", Decimal("3.5")),
        ("{path: '$.items[*].n', take: max}", Decimal("2.5")),
        ("{path: '$.items[*].n', take: min}", 1),
        ("{path: '$.items[*].n', take: first}", 1),
        ("{path: '$.items[*].n', take: last}", Decimal("2.5")),
        ("{path: '$.items[*].n', take: count}", 2),
        ("{path: '$.items[*].n', take: join}", "1, 2.5"),
        ("{path: '$.items[*].n', as: string}", ["1", "2.5"]),
        ("{path: '$.none[*]', take: count}", 0),
        ("{path: '$.none[*]', take: sum, default: 0}", 0),
        ("{header: X-Kind}", "test"),
        ("{header: X-Other, default: ''}", ""),
        ("{query: team}", "ops"),
        ("{body: $.n}", 5),
    ],
)
def test_a_variable_is_extracted(extraction: str, value: object) -> None:
    """Every form of extraction; null is a value, not a miss."""
    payload = {
        "n": 5,
        "price": 0.1,
        "nothing": None,
        "items": [{"n": 1}, {"n": 2.5}],
        "text": "12",
        "encoded": '{"a": 1}',
        "base": "WzFd",
        "seconds": 1767225600,
    }
    assert only_change(f"extract: {{v: {extraction}}}", payload).variables == {"v": value}


@pytest.mark.parametrize(
    ("extraction", "reason"),
    [
        ("$.missing", "v: $.missing matches nothing; give it a default where it may be missing"),
        ("'$.items[*].n'", "v: $.items[*].n matches nothing; give it a default where it may be missing"),
        ("{path: $.text, as: number}", "v: $.text: 'abc' is not a number"),
        ("{header: X-Other}", "v: header.X-Other matches nothing; give it a default where it may be missing"),
    ],
)
def test_a_variable_that_cannot_be_extracted_is_the_triggers_error(extraction: str, reason: str) -> None:
    """It names the variable, the path and the value."""
    outcome = only_outcome(mapping(f"extract: {{v: {extraction}}}").evaluate(event({"text": "abc"})))
    assert (outcome.kind, outcome.reason) == ("error", reason)


def test_a_whole_number_that_json_has_rounded_is_told_apart() -> None:
    """It is no guess of the bridge what the number was."""
    large = event({"n": 123456789012345678901234567890})
    assert only_outcome(mapping("extract: {n: $.n}").evaluate(large)).kind == "inexact_number"


def test_let_computes_in_order() -> None:
    """Each line may use those above it, constants and the event's header."""
    found = mapping(
        "extract: {a: $.a}\nlet: {b: '{{ a * rate }}', c: '{{ b + 1 }}', kind: '{{ event.type }}'}",
        more="constants: {rate: 1.1}",
    ).evaluate(event({"a": 2}))
    assert found.changes[0].variables == {"a": 2, "b": Decimal("2.2"), "c": Decimal("3.2"), "kind": "order.created"}


@pytest.mark.parametrize(
    ("at", "payload", "expected"),
    [
        ("$.t", {"t": 1767225600}, datetime(2026, 1, 1, tzinfo=UTC)),
        ("$.t", {"t": "2026-01-01T01:00:00+01:00"}, datetime(2026, 1, 1, tzinfo=UTC)),
        ("'{{ b if a == 1 else c }}'", {"a": 1, "b": 1767225600, "c": 0}, datetime(2026, 1, 1, tzinfo=UTC)),
        ("a", {"a": 1767225600000}, datetime(2026, 1, 1, tzinfo=UTC)),
        ("$.t", {}, NOW - timedelta(hours=1)),
        ("$.t", {"t": None}, NOW - timedelta(hours=1)),
    ],
)
def test_an_event_counts_at_its_own_time(at: str, payload: dict[str, object], expected: datetime) -> None:
    """By path, expression or name; where that is missing or null, by the source's notion."""
    trigger = (
        "extract: {a: {path: $.a, default: 0}, b: {path: $.b, default: 0}, c: {path: $.c, default: 0}}\n"
        f"at: {at}"
    )
    change = only_change(trigger, payload, at=NOW - timedelta(hours=1))
    assert (change.at, change.version) == (expected, (expected,))


def test_an_unreadable_time_is_an_error() -> None:
    """It is not silently the time of arrival."""
    outcome = only_outcome(mapping("at: $.t").evaluate(event({"t": "noon"})))
    assert outcome.kind == "error"
    assert outcome.reason.startswith("'at': 'noon' is not a time")


def test_an_event_dated_too_far_ahead_counts_at_its_arrival() -> None:
    """Within the source's tolerance it keeps its own time."""
    ahead = mapping("at: $.t").evaluate(event({"t": "2026-03-01T12:05:01Z"}))
    assert ahead.changes[0].at == NOW
    assert ahead.outcomes[0].reason == "dated ahead (2026-03-01T12:05:01+00:00), so it counts at its arrival"
    near = mapping("at: $.t").evaluate(event({"t": "2026-03-01T12:05:00Z"}))
    assert (near.changes[0].at, near.outcomes[0].reason) == (NOW + timedelta(minutes=5), "")


def test_a_version_is_read_apart_from_the_time() -> None:
    """A path, or several parts; text that is a time or a number counts as one."""
    change = only_change("version: [$.updated, $.n, $.s]", {"updated": "2026-01-01T00:00:00Z", "n": "07", "s": "x"})
    assert change.version == (datetime(2026, 1, 1, tzinfo=UTC), 7, "x")
    assert change.at == NOW


def test_items_run_one_by_one() -> None:
    """`$` is the item, `body` the whole payload; an item's error is its own."""
    evaluation = mapping(
        "each: $.alerts[*]\nwhen: {$.skip: {exists: false}}\nextract: {name: $.name, group: {body: $.group}}\nkey: name"
    ).evaluate(
        event({"group": "g", "alerts": [{"name": "a"}, {"skip": 1}, {}, {"name": "b"}, {"name": "a"}]}),
    )
    assert [change.variables for change in evaluation.changes] == [
        {"name": "a", "group": "g"},
        {"name": "b", "group": "g"},
    ]
    assert [outcome.kind for outcome in evaluation.outcomes] == [
        "matched",
        "not_matched",
        "error",
        "matched",
        "duplicate_item",
    ]


@pytest.mark.parametrize(
    ("each", "payload", "count"),
    [
        ("$.alerts", {"alerts": [1, 2]}, 2),
        ("{path: $.alerts, as: json}", {"alerts": "[1, 2, 3]"}, 3),
        ("$.alerts[*]", {"alerts": []}, 0),
        ("$.alerts", {}, 0),
        ("$.alerts", {"alerts": None}, 0),
    ],
)
def test_each_finds_the_items(each: str, payload: dict[str, object], count: int) -> None:
    """At many places, in the list at one place, or inside a text; none is an outcome of its own."""
    evaluation = mapping(f"each: {each}").evaluate(event(payload))
    assert len(evaluation.changes) == count
    if not count:
        assert only_outcome(evaluation).kind == "no_items"


def test_items_are_bounded_and_so_is_what_is_told_of_them() -> None:
    """Ten thousand run; of those that do not match, a hundred outcomes are kept."""
    many = mapping("each: $[*]\nwhen: {$: 1}")
    evaluation = many.evaluate(event([0] * 10_000))
    assert len(evaluation.outcomes) == 100
    assert evaluation.outcomes[-1].reason == "and 9,901 more like these"
    outcome = only_outcome(many.evaluate(event([0] * 10_001)))
    assert outcome.reason == "'each' finds 10,001 items; at most 10,000 are allowed"


def test_what_one_trigger_tells_hides_nothing_of_another() -> None:
    """However many items of however many fail, the first outcome of each is there, and the whole is bounded."""
    trigger = "pin: {pin}\ntriggers: [{{source: shop, each: '$[*]', extract: {{x: $.x}}}}]\nupdate: {{metadata: {{}}}}"
    files = {f"m{number:04}.yaml": trigger.format(pin=f"p-{number}").encode() for number in range(1_100)}
    evaluation = load_texts(files, {}).evaluate(event([0] * 101))
    first = {each.mapping for each in evaluation.outcomes}
    assert first == {f"m{number:04}" for number in range(1_000)} | {""}
    assert evaluation.outcomes[-1].reason == "and 10,100 more, of other triggers"
    assert len(evaluation.outcomes) == 1_000 + 1_000 + 1_000 + 1
    of_one = [each.reason for each in evaluation.outcomes if each.mapping == "m0000"]
    assert (len(of_one), of_one[-1]) == (100, "and 2 more like these")


def test_a_key_knows_an_item_again() -> None:
    """Equal parts give equal keys, however the number was written; other triggers have others."""
    first = only_change("key: [$.id, $.n]", {"id": "a", "n": 1}).item_key
    assert first is not None
    assert len(first) == 16
    assert only_change("key: [$.id, $.n]", {"id": "a", "n": 1.0}).item_key == first
    assert only_change("key: [$.id, $.n]", {"id": "a", "n": 2}).item_key != first
    assert only_change("name: other\nkey: [$.id, $.n]", {"id": "a", "n": 1}).item_key != first
    assert only_outcome(mapping("key: $.id").evaluate(event({"id": None}))).kind == "error"


LOOK_UP = "'{{ pins[repo] }}'"
CONSTANTS = "constants: {pins: {a: p-a, b: p-b, c: null}}"


@pytest.mark.parametrize(
    ("repo", "pin", "kind"),
    [("a", "p-a", "matched"), ("b", "p-b", "matched"), ("z", None, "no_pin"), ("c", None, "no_pin")],
)
def test_a_family_looks_its_pin_up(repo: str, pin: str | None, kind: str) -> None:
    """What is not found is a harmless outcome."""
    family = mapping("extract: {repo: $.repo}", pin=LOOK_UP, more=CONSTANTS)
    (outcome,) = family.evaluate(event({"repo": repo})).outcomes
    assert (outcome.pin, outcome.kind) == (pin, kind)


@pytest.mark.parametrize("line", ["key", "version", "at", "let"])
def test_what_is_no_value_is_the_error_of_its_trigger(line: str) -> None:
    """Such as a helper of templates, in a list too: no pin, journal or database could hold it."""
    for written in ("{{ namespace(a=1) }}", "{{ [namespace(a=1)] }}", "{{ {'a': range} }}"):
        trigger = f'let: {{a: "{written}"}}' if line == "let" else f'{line}: "{written}"'
        outcome = only_outcome(mapping(trigger).evaluate(event({})))
        assert (outcome.kind, "this is no value" in outcome.reason) == ("error", True)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (object(), "TypeError: Type is not JSON serializable: object"),
        ("\ud800", "TypeError: str is not valid UTF-8: surrogates not allowed"),
        (Decimal("sNaN"), "InvalidOperation: "),
    ],
)
def test_no_fault_of_one_trigger_keeps_an_event_from_the_others(part: Any, reason: str) -> None:
    """Whatever its values turn out to be: it has an outcome, and goes no further."""
    (trigger,) = mapping("key: $.id").mappings["m"].triggers
    results = Results({})
    replace(trigger, key=(lambda _: part,)).run(event({}), results, Work())
    outcome = only_outcome(results.evaluation())
    assert (outcome.kind, outcome.reason[: len(reason)]) == ("error", reason)


def test_a_key_that_a_look_up_does_not_know_is_told_with_those_that_it_does() -> None:
    """By the name of the constant."""
    family = mapping("extract: {repo: $.repo}", pin=LOOK_UP, more=CONSTANTS)
    (outcome,) = family.evaluate(event({"repo": "z"})).outcomes
    assert outcome.reason == "'pin' finds nothing: an object has no 'z'; the constant 'pins' has a, b, c"


@pytest.mark.parametrize(
    ("repo", "kind"), [("x", "matched"), ("other", "no_pin"), ("not an id", "error"), (["x"], "error")]
)
def test_a_template_names_only_pins_that_its_globs_allow(repo: object, kind: str) -> None:
    """And only what is a pin id at all."""
    family = mapping("extract: {repo: $.repo}", pin="'p-shop-{{ repo }}'", more="pins: [p-shop-x*]")
    assert family.evaluate(event({"repo": repo})).outcomes[0].kind == kind


def test_a_pin_of_another_mapping_is_taken() -> None:
    """A literal id belongs to its mapping, whatever a family's template gives."""
    update = "update: {metadata: {title: x}}\n"
    owner = f"pin: p-own\ndeliver: {{refresh: 1h}}\n{update}"
    family = f"pin: 'p-{{{{ name }}}}'\npins: p-*\ntriggers: [{{source: shop, extract: {{name: $.name}}}}]\n{update}"
    loaded = load_texts({"owner.yaml": owner.encode(), "family.yaml": family.encode()}, {})
    outcome = only_outcome(loaded.evaluate(event({"name": "own"})))
    assert (outcome.kind, outcome.pin, outcome.reason) == ("pin_taken", "p-own", "p-own belongs to owner")


def test_a_disabled_mapping_does_not_run() -> None:
    """It loads and is checked, and leaves no trace."""
    assert mapping("", more="enabled: false").evaluate(event({})) == Evaluation(changes=(), outcomes=())


def test_an_error_in_an_expression_touches_its_own_trigger_alone() -> None:
    """The others of the same event go on."""
    text = (
        "pin: p-1\ntriggers:\n"
        "  - {name: bad, source: shop, extract: {a: $.a}, let: {b: '{{ a.x.y }}'}}\n"
        "  - {name: good, source: shop}\n"
        "update: {metadata: {title: x}}\n"
    )
    evaluation = load_texts({"m.yaml": text.encode()}, {}).evaluate(event({"a": {}}))
    assert [(outcome.trigger, outcome.kind) for outcome in evaluation.outcomes] == [
        ("bad", "error"),
        ("good", "matched"),
    ]


def test_a_changed_definition_of_a_key_knows_no_item_again() -> None:
    """Down to what it reads by name; what else the trigger says is no matter, nor variables named as a path's parts."""

    def item_key(trigger: str, more: str = "") -> bytes | None:
        (change,) = mapping(trigger, more=more).evaluate(event({"n": 1, "m": 1})).changes
        return change.item_key

    trigger = "key: id\nextract: {{n: $.{path}, o: $.m}}\nlet: {{id: '{{{{ n * factor }}}}'}}"
    first = item_key(trigger.format(path="n"), "constants: {factor: 1}")
    assert item_key(trigger.format(path="m"), "constants: {factor: 1}") != first
    assert item_key(trigger.format(path="n"), "constants: {factor: '1'}") != first
    assert item_key(trigger.format(path="n") + "\nevent: order.created", "constants: {factor: 1}") == first
    assert item_key("key: $.n\nextract: {n: $.m}") == item_key("key: $.n\nextract: {n: $.n}")
    assert item_key("key: $.n") != item_key("key: $.m")


def test_folding_a_long_list_for_each_item_is_too_much_work() -> None:
    """A fold counts what it goes through; for one event it may be long."""
    payload = {"n": list(range(100_000)), "items": list(range(50))}
    fold = "extract: {s: {body: '$.n[*]', take: sum}}"
    assert only_change(fold, payload).variables == {"s": 4_999_950_000}
    evaluation = mapping("each: $.items[*]\n" + fold).evaluate(event(payload))
    assert len(evaluation.changes) == 6
    assert evaluation.outcomes[-1].kind == "error"
    assert evaluation.outcomes[-1].reason.startswith("s: $.n[*]: this takes too long")


LARGE = {
    "n": [{"a": number, "t": "x" * 20} for number in range(20_000)],
    "long": "A" * 2**20,
    "items": list(range(300)),
}


@pytest.mark.parametrize(
    "lines",
    [
        "extract: {found: {body: '$..a', take: last}}",
        "extract: {found: {body: '$.n[?(@.a == 7)].t', take: first}}",
        "extract: {found: {body: $.n}}",
        "extract: {found: {body: $.long}}",
        "extract: {found: {body: $.long, as: base64, default: ''}}",
        "extract: {found: {body: $.long, default: ''}}\nwhen: {found: {matches: 'A+$'}}",
        "extract: {n: $}\nlet: {found: '{{ n ~ words }}'}",
    ],
)
def test_what_each_item_does_with_the_whole_body_is_counted(lines: str) -> None:
    """Thousands of items that look through 1 MiB each would take minutes; where the work ends, they have an error."""
    constants = "constants: {words: %s}" % ("w" * 200_000)
    evaluation = mapping(f"each: $.items[*]\n{lines}", more=constants).evaluate(event(LARGE))
    assert 1 <= len(evaluation.changes) <= 200
    assert any("this takes too long" in outcome.reason for outcome in evaluation.outcomes)


def matching(patterns: list[str]) -> str:
    """Write a file whose triggers want what these regular expressions match, each on its own path."""
    lines = "".join(
        f"  - name: t{each}\n    source: shop\n    when: {{$.a: {{matches: '{pattern}'}}}}\n"
        for each, pattern in enumerate(patterns)
    )
    return f"pin: p-1\ntriggers:\n{lines}update: {{metadata: {{title: x}}}}\n"


@pytest.mark.parametrize(
    ("patterns", "line", "message"),
    [
        ([r"\pL{400}N"], 5, "this one takes too much memory; repeat what stands for many characters fewer times"),
        ([rf"\pL{{20}}{each}" for each in range(100)], 254, "of this file take too much memory together"),
        (["a"] * 257, 773, "a file has at most 256 conditions with 'matches'"),
    ],
)
def test_the_memory_of_regular_expressions_is_bounded(patterns: list[str], line: int, message: str) -> None:
    """A short one may be compiled to megabytes; reading ends where those of a file are too many."""
    with pytest.raises(ConfigurationError) as caught:
        load_texts({"m.yaml": matching(patterns).encode()}, {})
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.line == line


def test_many_short_regular_expressions_load() -> None:
    """As many as anybody writes, with classes of letters of every script in them."""
    patterns = [rf"^(\p{{L}}|[0-9]){{1,8}}-{each}$" for each in range(100)]
    assert load_texts({"m.yaml": matching(patterns).encode()}, {}).evaluate(event({"a": "éa1-7"})).changes


def test_a_pattern_of_event_types_is_short() -> None:
    """A long one would be too large an expression; it is a mistake with a place, and no crash."""
    with pytest.raises(ConfigurationError) as caught:
        mapping(f"event: '{'*' * 257}'")
    assert str(caught.value) == "m.yaml:5:12: an event type has at most 256 characters"
    assert mapping(f"event: '{'*' * 256}'").evaluate(event({})).changes


SUMS = "let: {" + ", ".join(f"v{each}: '{{{{ 1 + 1 }}}}'" for each in range(5)) + "}"
RANGES = (
    "let: {" + ", ".join(f"v{each}: '{{{{ range(9999) | map(''round'', 20) | sum }}}}'" for each in range(60)) + "}"
)


def heavy_and_light() -> MappingSet:
    """Load a mapping with two triggers that ask for too much, and another that asks for next to nothing."""
    heavy = "".join(f"  - name: t{each}\n    source: shop\n    {RANGES}\n" for each in range(2))
    light = f"  - source: shop\n    {SUMS}\n"
    return load_texts(
        {
            "a.yaml": f"pin: p-a\ntriggers:\n{heavy}update: {{metadata: {{title: x}}}}\n".encode(),
            "b.yaml": f"pin: p-b\ntriggers:\n{light}update: {{metadata: {{title: x}}}}\n".encode(),
        },
        {},
    )


def test_the_triggers_of_a_mapping_share_its_budget_and_none_takes_from_another_mapping() -> None:
    """However many triggers it has, one mapping costs an event no more than its budget."""
    evaluation = heavy_and_light().evaluate(event({}))
    assert [change.pin for change in evaluation.changes] == ["p-b"]
    told = [(outcome.trigger, outcome.kind) for outcome in evaluation.outcomes if outcome.mapping == "a"]
    assert told == [("t0", "error"), ("t1", "error")]


def test_what_takes_longer_than_a_moment_is_not_evaluated_at_once() -> None:
    """Whatever the size of its body: nothing comes of it, and what is short gives what it always gives."""
    with pytest.raises(NotAtOnce):
        heavy_and_light().evaluate_at_once(event({}))
    light = heavy_and_light().alone("b")
    assert light.evaluate_at_once(event({})) == light.evaluate(event({}))


def test_many_short_triggers_are_together_more_than_a_moment() -> None:
    """The moment is the event's, not each trigger's."""
    count = 300
    triggers = "".join(f"  - name: t{each}\n    source: shop\n    {SUMS}\n" for each in range(count))
    mappings = load_texts(
        {"m.yaml": f"pin: p-1\ntriggers:\n{triggers}update: {{metadata: {{title: x}}}}\n".encode()}, {}
    )
    with pytest.raises(NotAtOnce):
        mappings.evaluate_at_once(event({}))
    assert len(mappings.evaluate(event({})).changes) == count
