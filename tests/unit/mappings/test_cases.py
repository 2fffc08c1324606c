"""`tests` of a mapping: what they say is read at load, and every mistake in it is told with its place."""

from datetime import UTC, datetime

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import Case, load_texts

ONE = "pin: p-1\ntriggers: [{source: shop}]\nupdate: {}\ntests:\n"
FAMILY = "pin: '{{ pins[event.type] }}'\nconstants: {pins: {a: p-a}}\n" + ONE.partition("\n")[2]
TWO_SOURCES = ONE.replace("[{source: shop}]", "[{name: a, source: shop}, {name: b, source: lab}]")


def cases(text: str) -> tuple[Case, ...]:
    """Load one mapping's cases."""
    return load_texts({"m.yaml": text.encode()}, {}).mappings["m"].cases


def problems(text: str) -> list[str]:
    """Give what is wrong with a mapping."""
    with pytest.raises(ConfigurationError) as caught:
        cases(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_case_in_full() -> None:
    """Every key, with the place of the case."""
    text = (
        "  - name: a sale\n"
        "    send:\n"
        "      - samples/sale.json\n"
        "      - {body: {n: 1.5}, source: shop, headers: {X-A: 1}, query: {env: live}, event: sale, id: 7,"
        " received_at: 2026-11-22}\n"
        "    now: 1795305600\n"
        "    expect: {metadata: {title: Sales}}\n"
    )
    (case,) = cases(ONE + text)
    first, second = case.samples
    assert (case.name, str(case.place), case.pin) == ("a sale", "m.yaml:5:5", "p-1")
    assert case.now == datetime(2026, 11, 22, tzinfo=UTC)
    assert (first.file, first.source, first.body) == ("samples/sale.json", None, None)
    assert (second.file, second.source, second.event, second.id) == (None, "shop", "sale", "7")
    assert (dict(second.headers), dict(second.query)) == ({"x-a": "1"}, {"env": "live"})
    assert second.received_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert (case.expect.kind, str(case.expect.node.place if case.expect.node else "")) == ("body", "m.yaml:10:13")


@pytest.mark.parametrize(
    ("expect", "kind"),
    [
        ("{}", "body"),
        ("{error: late, metadata: {}}", "body"),
        ("none", "nothing"),
        ("{error: late}", "error"),
        ("", "unwritten"),
    ],
)
def test_what_can_be_expected(expect: str, kind: str) -> None:
    """`error` alone is an error; beside other keys it is one of a body's."""
    (case,) = cases(f"{ONE}  - name: a\n    expect: {expect}\n")
    assert case.expect.kind == kind


def test_a_case_of_a_family_names_its_pin() -> None:
    """But where nothing is sent, or an error is expected, it may go without."""
    text = "  - {name: a, pin: p-a, expect: {}}\n  - {name: b, expect: none}\n  - {name: c, expect: {error: x}}\n"
    assert [case.pin for case in cases(FAMILY + text)] == ["p-a", None, None]
    assert problems(FAMILY + "  - {name: a, expect: {}}\n") == [
        "m.yaml:6:5: a test of a family needs the key 'pin', the one that it looks at"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  a: 1\n", "5:3: 'tests' is a list of cases, such as [{name: …, send: …, expect: …}], found an object"),
        ("  - a sale\n", "5:5: a test is an object with keys such as name, send, now, found 'a sale'"),
        ("  - {}\n", "5:5: a test needs the key 'name'"),
        ("  - {name: 7}\n", "5:12: 'name' is a text, found the number 7; quote it to make it text"),
        ("  - {name: a}\n  - {name: a}\n", "6:12: the test 'a' is there twice"),
        ("  - {name: a, sends: b}\n", "5:15: unknown key 'sends' in a test; did you mean 'send'?"),
        (
            "  - {name: a, expect: nothing}\n",
            "5:23: 'expect' is a part of the body, such as {metadata: …}, or 'none', ",
        ),
        ("  - {name: a, expect: [1]}\n", "5:23: 'expect' is a part of the body, "),
        ("  - {name: a, expect: {error: }}\n", "5:29: 'error' is a text, found nothing"),
        (
            "  - {name: a, now: soon}\n",
            "5:20: 'now': 'soon' is not a time: neither unix seconds nor ISO 8601; write one",
        ),
        ("  - {name: a, now: [1]}\n", "5:20: 'now': a list is not a time"),
        ("  - {name: a, pin: p-2}\n", "5:20: this mapping has the pin 'p-1'; leave 'pin' out"),
        ("  - {name: a, pin: two}\n", "5:20: 'two' is no pin id; one is p- and letters, digits, _ or -"),
        ("  - {name: a, send: [[b]]}\n", "5:22: a sample's file is a text, found a list"),
        ("  - {name: a, send: {}}\n", "5:21: a sample has either 'file' or 'body'"),
        ("  - {name: a, send: {file: b, body: {}}}\n", "5:21: a sample has either 'file' or 'body'"),
        ("  - {name: a, send: {body: 7}}\n", "5:28: 'body' is an object, a list or a text, found the number 7"),
        ("  - {name: a, send: {fil: b}}\n", "5:22: unknown key 'fil' in a sample; did you mean 'file'?"),
        (
            "  - {name: a, send: {file: b, source: shp}}\n",
            "5:39: no trigger has the source 'shp'; did you mean 'shop'?",
        ),
        ("  - {name: a, send: {file: b, source: ''}}\n", "5:39: 'source' is a text, found an empty text"),
        (
            "  - {name: a, send: {file: b, headers: [X]}}\n",
            "5:40: 'headers' is an object of names and their values, found a list",
        ),
        ("  - {name: a, send: {file: b, headers: {X Y: z}}}\n", "5:41: 'X Y' is not a header's name"),
        ("  - {name: a, send: {file: b, headers: {X: ü}}}\n", "5:44: the header 'X' has a value that is not ASCII"),
        ("  - {name: a, send: {file: b, query: {q: {}}}}\n", "5:42: 'q' is a text, found an object"),
        ("  - {name: a, send: {file: b, event: []}}\n", "5:38: 'event' is a text, found a list"),
        ("  - {name: a, send: {file: b, received_at: 1h}}\n", "5:44: 'received_at': '1h' is not a time"),
    ],
)
def test_every_mistake_is_told_with_its_place(text: str, told: str) -> None:
    """And with what is allowed."""
    (problem,) = problems(ONE + text)
    assert problem.startswith(f"m.yaml:{told}")


def test_a_body_of_several_sources_says_which() -> None:
    """With those that there are."""
    assert problems(TWO_SOURCES + "  - {name: a, send: {body: {}}}\n") == [
        "m.yaml:5:21: a sample with a 'body' needs its 'source'; the triggers have lab, shop"
    ]


def test_what_hangs_on_a_mistake_elsewhere_is_not_told() -> None:
    """Where the triggers are wrong themselves, nobody knows their sources; other mistakes of a case are told."""
    text = ONE.replace("source: shop", "sorce: shop") + "  - {name: a, send: {body: {}, source: shop}, now: x}\n"
    assert [problem.partition(": ")[2][:20] for problem in problems(text)] == [
        "unknown key 'sorce' ",
        "'now': 'x' is not a ",
    ]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("update: {n: 1}", "an update has no field 'n'"),
        ("timezone: Nowhere\nupdate: {}", "'Nowhere' is no time zone"),
        ("deliver: {refresh: 0s}\nupdate: {}", "'refresh' is at least 1s"),
    ],
)
def test_a_mistake_elsewhere_hides_none_of_a_case(mistake: str, told: str) -> None:
    """Its pin and its source are looked at all the same: all mistakes of a file are told in one go."""
    case = "  - {name: a, send: {body: {}, source: shpo}}\n"
    first, *others = problems(FAMILY.replace("update: {}", mistake) + case)
    assert told in first
    assert [problem.partition(": ")[2] for problem in others] == [
        "a test of a family needs the key 'pin', the one that it looks at",
        "no trigger has the source 'shpo'; did you mean 'shop'?",
    ]


def test_the_pin_and_the_sources_are_known_apart() -> None:
    """Where one of them is wrong, what hangs on the other is told."""
    case = "  - {name: a, pin: p-2, send: {body: {}, source: lab}}\n"
    wrong_pin, wrong_source = ONE.replace("p-1", "q-1"), ONE.replace("source: shop", "source: [shop]")
    assert problems(wrong_pin + case) == [
        "m.yaml:1:6: 'q-1' is no pin id; one is p- and letters, digits, _ or -",
        "m.yaml:5:50: no trigger has the source 'lab'; the triggers have shop",
    ]
    assert problems(wrong_source + case) == [
        "m.yaml:2:21: 'source' is one source, found a list; write a trigger for each of them",
        "m.yaml:5:20: this mapping has the pin 'p-1'; leave 'pin' out",
    ]


def test_tests_change_nothing_of_what_the_bridge_does() -> None:
    """Not even the fingerprint, by which pins are drawn anew."""
    with_tests, without = (
        load_texts({"m.yaml": text.encode()}, {}).mappings["m"].render_fingerprint
        for text in (ONE + "  - name: a\n", ONE.removesuffix("tests:\n"))
    )
    assert with_tests == without
