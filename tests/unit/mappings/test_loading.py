"""A folder of mappings is loaded, or every problem in it is told with its place."""

from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import MappingSet, load_folder, load_texts

HEAD = "pin: p-1\n"
TRIGGER = "triggers:\n  - source: shop\n"
UPDATE = "update: {metadata: {title: x}}\n"
WHOLE = HEAD + TRIGGER + UPDATE


def load(text: str, **environ: str) -> MappingSet:
    """Load one mapping, `m.yaml`."""
    return load_texts({"m.yaml": text.encode()}, environ)


def problems(text: str | dict[str, str], **environ: str) -> list[str]:
    """Give every line of the error that one text, or several files, must cause."""
    files = {"m.yaml": text} if isinstance(text, str) else text
    with pytest.raises(ConfigurationError) as caught:
        load_texts({name: each.encode() for name, each in files.items()}, environ)
    return [str(problem) for problem in caught.value.problems]


def test_a_mapping_is_named_by_its_path_and_has_defaults() -> None:
    """Without more, it is enabled, checked by shape, and sent at most every five seconds."""
    mapping = load_texts({"ops/sales.yaml": WHOLE.encode()}, {}).mappings["ops/sales"]
    assert (mapping.name, mapping.file, mapping.pin) == ("ops/sales", "ops/sales.yaml", "p-1")
    assert (mapping.enabled, mapping.description, mapping.pin_type) == (True, "", None)
    assert (mapping.min_interval_s, mapping.refresh_s, mapping.max_pins) == (5, None, None)
    assert mapping.stale_after_s is None
    assert [trigger.name for trigger in mapping.triggers] == ["sales"]
    assert mapping.shared.timezone.key == "UTC"  # type: ignore[attr-defined]  # a ZoneInfo
    assert str(mapping.shared.locale) == "en_US"


def test_every_key_is_read() -> None:
    """What is written stands in the mapping."""
    text = (
        "description: Sales\nenabled: false\ntype: stat-cards\ntimezone: Europe/Berlin\nlocale: de-DE\n"
        "constants: {goal: 10.50}\ndeliver: {min_interval: 1m, refresh: 15m}\nstale_after: 26h\n" + WHOLE
    )
    mapping = load(text).mappings["m"]
    assert (mapping.description, mapping.enabled, mapping.pin_type) == ("Sales", False, "stat-cards")
    assert (mapping.min_interval_s, mapping.refresh_s, mapping.stale_after_s) == (60, 900, 93_600)
    assert str(mapping.shared.locale) == "de_DE"
    assert str(mapping.shared.constants["goal"]) == "10.50"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["m.yaml:1:1: a mapping is an object with keys, found nothing"]),
        (
            "pin: p-1\nupdate: {}\n",
            ["m.yaml:1:1: a mapping needs 'triggers', or 'refresh' in 'deliver', or both"],
        ),
        (WHOLE + "trigers: []\n", ["m.yaml:5:1: unknown key 'trigers' in a mapping; did you mean 'triggers'?"]),
        (
            HEAD + UPDATE + "deliver: {refresh: 1h}\nstate: {}\n",
            ["m.yaml:4:8: 'state' needs 'triggers': without them nothing feeds it"],
        ),
        (
            WHOLE + "stale_after: 1 day\n",
            [
                (
                    "m.yaml:5:14: 'stale_after': '1 day' is not a length of time; "
                    "write a number and s, m, h, d or w, such as 90s or 24h"
                )
            ],
        ),
        (WHOLE + "stale_after: 0s\n", ["m.yaml:5:14: 'stale_after' is at least 1s, found '0s'"]),
        (
            WHOLE + "stale_after: 4000d\n",
            ["m.yaml:5:14: 'stale_after': '4000d' is too long; at most 3650d are allowed"],
        ),
        (
            HEAD + UPDATE + "deliver: {refresh: 1h}\nstale_after: 24h\n",
            ["m.yaml:4:14: 'stale_after' needs 'triggers': without them there is nothing to be heard"],
        ),
        (
            WHOLE.replace("p-1", "sales"),
            ["m.yaml:1:6: 'sales' is no pin id; one is p- and letters, digits, _ or -"],
        ),
        (WHOLE.replace("p-1", "7"), ["m.yaml:1:6: 'pin' is a text, found the number 7; quote it to make it text"]),
        (TRIGGER + UPDATE, ["m.yaml:1:1: a mapping needs the key 'pin'"]),
        (HEAD + TRIGGER, ["m.yaml:1:1: a mapping needs the key 'update'"]),
        (
            WHOLE + "enabled: yes\n",
            ["m.yaml:5:10: 'enabled' is true or false, found 'yes'; write true, without quotes"],
        ),
        (
            WHOLE + "timezone: Europe/Berlim\n",
            ["m.yaml:5:11: 'Europe/Berlim' is no time zone; did you mean 'Europe/Berlin'?"],
        ),
        (
            WHOLE + "locale: xx_XX\n",
            ["m.yaml:5:9: 'xx_XX' is no locale that is known; write one such as en_US or de_DE"],
        ),
        (
            WHOLE + "deliver: {min_interval: 5}\n",
            ["m.yaml:5:25: 'min_interval': '5' has no unit; write one of s, m, h, d and w behind it, such as 5m"],
        ),
        (
            WHOLE + "pins: [p-*]\n",
            ["m.yaml:5:7: 'pins' belongs to a family, whose 'pin' is a template; 'p-1' is one pin"],
        ),
        (
            WHOLE.replace("shop", "shop\n    name: a") + "constants: {event: 1}\n",
            ["m.yaml:6:13: 'event' cannot be the name of a constant: it has a meaning in expressions; choose another"],
        ),
        (HEAD + "triggers: {}\n" + UPDATE, ["m.yaml:2:11: 'triggers' is a list of triggers, found an object"]),
        (HEAD + "triggers: []\n" + UPDATE, ["m.yaml:2:11: 'triggers' is a list of triggers, found an empty one"]),
        (
            HEAD + "triggers: [{source: a}, {source: b}]\n" + UPDATE,
            [
                "m.yaml:2:12: a trigger needs a 'name' where there are several",
                "m.yaml:2:25: a trigger needs a 'name' where there are several",
            ],
        ),
        (
            HEAD + "triggers: [{source: a, name: x}, {source: b, name: x}]\n" + UPDATE,
            ["m.yaml:2:52: the trigger in line 2 has the name 'x' too"],
        ),
        (
            WHOLE.replace("{title: x}", "{title: '{{ amout }}'}").replace("shop", "shop\n    extract: {amount: $.a}"),
            ["m.yaml:5:32: unknown variable 'amout'; did you mean 'amount'?"],
        ),
    ],
)
def test_a_mistake_is_told_with_place_and_advice(text: str, expected: list[str]) -> None:
    """File, line, column, what was found, what is allowed, the nearest word."""
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("exctract: {}", "4:5: unknown key 'exctract' in a trigger; did you mean 'extract'?"),
        (
            "extract: {a: data.id}",
            "4:18: the variable 'a' is a JSONPath such as $.data.id, found 'data.id'; write '$.data.id'",
        ),
        (
            "extract: {a: {path: $.a, body: $.b}}",
            "4:18: the variable 'a' needs exactly one of path, body, header, query, found path, body",
        ),
        ("extract: {a: {path: $.a, as: numbr}}", "4:34: unknown conversion 'numbr'; did you mean 'number'?"),
        (
            "extract: {a: {path: $.a, take: sum}}",
            "4:36: 'take' folds many matches, and this finds one value; leave it out, or use a path such as $.items[*]",
        ),
        (
            "extract: {a: {path: '$.a[*]', take: summ}}",
            "4:41: 'take' is one of first, last, sum, count, min, max, join, found 'summ'; did you mean 'sum'?",
        ),
        (
            "extract: {1a: $.a}",
            "4:15: '1a' cannot be the name of a variable; use letters, digits and _, and begin with a letter",
        ),
        (
            "let: {a: '{{ 1 }}', now: '{{ 2 }}'}",
            "4:25: 'now' cannot be the name of a variable: it has a meaning in expressions; choose another",
        ),
        (
            "extract: {a: $.a}\n    let: {a: '{{ 1 }}'}",
            "5:11: 'a' is already the name of a variable of this trigger (line 4); choose another for a variable",
        ),
        ("let: {a: '{{ b }}'}", "4:18: unknown variable 'b'; known are event"),
        ("when: {$.a: {gtt: 1}}", "4:18: unknown operator 'gtt' in a condition; did you mean 'gt'?"),
        (
            "when: {$.a: {}}",
            (
                "4:17: a condition needs an operator: eq, ne, in, not_in, gt, gte, lt, lte, matches, contains, "
                "starts_with, ends_with, exists"
            ),
        ),
        ("when: {$.a: {gt: true}}", "4:22: 'gt' wants a number, a text or a time in ISO 8601, found true"),
        ("when: {$.a: {in: eur}}", "4:22: 'in' wants a list, found 'eur'"),
        ("when: {$.a: {exists: 1}}", "4:26: 'exists' wants true or false, found the number 1"),
        (
            "when: {$.a: {matches: '(a'}}",
            "4:27: 'matches' wants a regular expression in RE2's syntax (missing ): (a), found '(a'",
        ),
        (
            "when: {$.a: '{{ b }}'}",
            (
                "4:17: the right side of a condition is a literal; write the whole condition as an expression: "
                "'{{ a == b }}'"
            ),
        ),
        (
            "extract: {amount: $.a}\n    when: {amout: 1}",
            (
                "5:12: a condition begins with a JSONPath, header.Name, query.name, a variable or an expression; "
                "'amout' is none of them; did you mean 'amount'?"
            ),
        ),
        (
            "at: $.items[*].at",
            "4:9: 'at' needs one value, and $.items[*].at can match many; extract it with 'take' and name the variable",
        ),
        ("key: []", "4:10: 'key' has at least one part"),
        (
            "version: updatd\n    extract: {updated: $.u}",
            (
                "4:14: 'version' is a JSONPath, an expression in {{ }} or a known name; 'updatd' is none of them; "
                "did you mean 'updated'?"
            ),
        ),
        ("each: alerts", "4:11: 'each' is a JSONPath such as $.data.id, found 'alerts'; write '$.alerts'"),
        ("each: {as: json}", "4:11: 'each' needs the key 'path'"),
        ("event: []", "4:12: 'event' names at least one event type; leave it out to take all"),
        ("event: 5", "4:12: 'event' is a text, found the number 5; quote it to make it text"),
    ],
)
def test_a_mistake_in_a_trigger_is_told(trigger: str, expected: str) -> None:
    """The same for everything that a trigger can hold."""
    text = f"{HEAD}{TRIGGER.rstrip()}\n    {trigger}\n{UPDATE}"
    assert f"m.yaml:{expected}" in problems(text.replace("  - source: shop\n    ", "  - source: shop\n    "))


def test_all_problems_of_all_files_are_told_at_once() -> None:
    """One reading finds a bad environment, a bad path and a bad key, in two files."""
    files = {
        "a.yaml": WHOLE.replace("p-1", "${NOPE}") + "nonsense: 1\n",
        "b.yaml": WHOLE.replace("shop", "shop\n    extract: {a: '$.['}"),
        "c.yaml": "a: [",
    }
    told = problems(files)
    assert [line.rsplit(":", 1)[0].split(": ")[0] for line in told][:2] == ["a.yaml:1:6", "a.yaml:5:1"]
    assert {line.split(":")[0] for line in told} == {"a.yaml", "b.yaml", "c.yaml"}


def test_a_pin_belongs_to_one_mapping() -> None:
    """The error names both files; a disabled mapping claims nothing."""
    assert problems({"a.yaml": WHOLE, "b.yaml": WHOLE}) == [
        "b.yaml:1:6: the pin 'p-1' belongs to a.yaml (line 1) already"
    ]
    loaded = load_texts({"a.yaml": WHOLE.encode(), "b.yaml": (WHOLE + "enabled: false\n").encode()}, {})
    assert dict(loaded.literal_pins()) == {"p-1": "a"}


def test_two_files_of_one_name_are_refused() -> None:
    """A name is a path without its suffix."""
    assert problems({"a.yaml": WHOLE, "a.yml": WHOLE}) == ["a.yml: a.yaml has the name 'a' already"]


def test_an_unknown_pin_type_and_a_costly_path_are_warnings() -> None:
    """Pindown knows more types than are public; `..` works, at its price."""
    text = "type: gauges\n" + WHOLE.replace("shop", "shop\n    extract: {a: $..id}")
    warnings = [str(warning) for warning in load(text).warnings]
    assert warnings[0] == ("m.yaml:1:7: the pin type 'gauges' is not known, so it is not checked")
    assert warnings[1].startswith("m.yaml:5:18: '..' walks the whole payload")


def test_sources_are_named_with_the_place_of_their_first_mention() -> None:
    """So that an unknown source can be reported where it was written; disabled mappings name none."""
    loaded = load_texts(
        {"a.yaml": WHOLE.encode(), "b.yaml": (WHOLE.replace("shop", "off") + "enabled: false\n").encode()}, {}
    )
    assert set(loaded.source_places) == {"shop"}
    assert str(loaded.source_places["shop"]) == "a.yaml:3:13"


@pytest.mark.parametrize(
    ("pin", "message"),
    [
        ("pin: '{{ pins[repo] }}'\nconstants: {pins: {a: p-1, b: nope}}", "'nope' is no pin id"),
        ("pin: '{{ teams[repo] }}'\nconstants: {pins: {a: p-1}}", "a pin family is a look-up in 'constants'"),
        ("pin: 'p-{{ repo }}'", "a pin family is a look-up in 'constants'"),
        ("pin: 'p-{{ repo }}'\npins: ['x y']", "'x y' is no glob of pin ids"),
        ("pin: 'p-{{ repo }}'\npins: []", "'pins' names at least one pin id"),
        ("pin: 'p-{{ repp }}'\npins: [p-*]", "unknown variable 'repp'; did you mean 'repo'?"),
        (
            "pin: '{{ pins[repo] }}'\nmax_pins: 5\nconstants: {pins: {a: p-1}}",
            "'max_pins' belongs to a template with 'pins'; the constants bound a look-up",
        ),
        ("pin: 'p-{{ repo }}'\npins: [p-*]\nmax_pins: 0", "'max_pins' is a whole number from 1 to 100,000"),
    ],
)
def test_a_family_may_only_reach_pins_that_the_file_allows(pin: str, message: str) -> None:
    """By the constants it looks up, or by globs."""
    told = problems(f"{pin}\n{TRIGGER}    extract: {{repo: $.repo}}\n{UPDATE}")
    assert any(message in line for line in told), told


def test_a_template_family_is_bounded() -> None:
    """By a thousand pins, unless it says otherwise; a look-up is bounded by its constants."""
    trigger = f"{TRIGGER}    extract: {{repo: $.repo}}\n{UPDATE}"
    assert load(f"pin: 'p-{{{{ repo }}}}'\npins: [p-*]\n{trigger}").mappings["m"].max_pins == 1000
    assert load(f"pin: 'p-{{{{ repo }}}}'\npins: p-*\nmax_pins: 5\n{trigger}").mappings["m"].max_pins == 5
    look_up = load(f"pin: '{{{{ pins[repo] }}}}'\nconstants: {{pins: {{a: p-1}}}}\n{trigger}").mappings["m"]
    assert (look_up.pin, look_up.max_pins) == (None, None)


def test_the_fingerprint_follows_what_is_rendered() -> None:
    """Prose, comments and triggers leave it; texts, constants and intervals change it."""
    fingerprint = load(WHOLE).mappings["m"].render_fingerprint
    assert len(fingerprint) == 16
    assert load("# new\ndescription: y\n" + WHOLE).mappings["m"].render_fingerprint == fingerprint
    assert load(WHOLE.replace("shop", "shop\n    event: a")).mappings["m"].render_fingerprint == fingerprint
    for changed in (WHOLE.replace("x}", "y}"), "locale: de\n" + WHOLE, "constants: {a: 1}\n" + WHOLE):
        assert load(changed).mappings["m"].render_fingerprint != fingerprint


def test_a_folder_is_read_with_what_belongs_in_it(tmp_path: Path) -> None:
    """Below the folder, but not `sources.yaml`, samples and hidden files; messages show the path."""
    for name in ("a.yaml", "ops/b.yml", "sources.yaml", "samples/c.yaml", ".hidden.yaml", "schema.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(WHOLE.replace("p-1", f"p-{path.stem}"))
    assert set(load_folder(tmp_path, {}).mappings) == {"a", "ops/b"}
    (tmp_path / "a.yaml").write_text("pin: x y\n")
    with pytest.raises(ConfigurationError) as caught:
        load_folder(tmp_path, {})
    assert str(caught.value.problems[-1]).startswith(f"{tmp_path / 'a.yaml'}:1:6: 'x y' is no pin id")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Nothing is served by mistake."""
    with pytest.raises(ConfigurationError, match="there is no such folder of mappings"):
        load_folder(tmp_path / "nope", {})


@pytest.mark.parametrize("text", ["$5", "$.", "US$ 3", "{ other }", "{amount} of 3", "100%"])
def test_a_text_that_is_one_is_not_warned_of(text: str) -> None:
    """Money and braces may stand in a text."""
    assert load(WHOLE.replace("title: x", f"title: '{text}'")).warnings == ()
