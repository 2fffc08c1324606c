"""Writing what came: as little as makes it pass, with the comments and the layout of the author."""

from dataclasses import replace
from textwrap import indent

import pytest
from support.rehearsing import results

from bridge.located import ScalarNode
from bridge.rehearsal import CaseResult, NotUpdated, update

SOURCES = b"shop: {verify: none, dedupe: off, event: $.type}"
MAPPING = """\
pin: p-sales
triggers:
  - {source: shop, event: sale, extract: {told: $.told}}
update: {metadata: {pin_config: {x: "{{ told }}"}}}
type: any-type
tests:
"""


def updated(expect: str, told: str) -> str:
    """Update a case that expects this, where that comes; give what it expects then."""
    head = f"{MAPPING}  - name: a\n    send: {{body: {{type: sale, told: {told}}}}}\n"
    after = update(
        f"{head}{expect}".encode(), [each for each in results(f"{head}{expect}", SOURCES) if each.faults]
    ).decode()
    assert after.startswith(head)
    assert [each.faults for each in results(after, SOURCES)] == [()], after
    return after.removeprefix(head)


def block(text: str, comment: str = "") -> str:
    """Write an expectation of `x` in block style."""
    return f"    expect:{comment}\n      metadata:\n        pin_config:\n{indent(text, ' ' * 10)}"


def flow(text: str) -> str:
    """Write one on a line."""
    return f"    expect: {{metadata: {{pin_config: {text}}}}}  # tail\n"


@pytest.mark.parametrize(
    ("expect", "told", "after"),
    [
        (
            block("x:  # all\n  a: 'x'  # one\n  # two\n  b: \"y\"\n"),
            "{a: it's, b: ö}",
            block("x:  # all\n  a: 'it''s'  # one\n  # two\n  b: \"ö\"\n"),
        ),
        (flow("{x: [1, 2]}"), "[1, 3, 4]", flow("{x: [1, 3, 4]}")),
        (flow("{x: [1, 2, 3]}"), "[5]", flow("{x: [5]}")),
        (flow("{x: {a: 1, gone: 2}}"), "{a: 3}", flow("{x: {a: 3}}")),
        (flow("{x: {contents: 1}}"), "{content: 3, more: 4}", flow("{x: {content: 3}}")),
        (flow("{x: {other: 1}}"), "{content: 3, more: 4}", flow("{x: {content: 3, more: 4}}")),
        (flow("{x: {}}"), "[]", flow("{x: []}")),
        (
            block("x:\n  - a: 1  # first\n  - b: 2\n"),
            "[{a: 1}, {b: 3}, {c: 4, d: [5]}]",
            block("x:\n  - a: 1  # first\n  - b: 3\n  - c: 4\n    d:\n      - 5\n"),
        ),
        (
            block("x:\n  - a: 1  # first\n  - b: 2  # second\n# end\n"),
            "[{a: 2}]",
            block("x:\n  - a: 2  # first\n# end\n"),
        ),
        (
            block("x:\n  a: |\n    old\n\n    text\n  b: 1\n"),
            '{a: "new\\n\\nlines\\n", b: 1}',
            block("x:\n  a: |\n    new\n\n    lines\n  b: 1\n"),
        ),
        (block("x: old  # why\n"), '"new\\ntext"', block("x: |-  # why\n  new\n  text\n")),
        ("    expect: none  # so far\n", "1", block("x: 1\n", "  # so far")),
        ("    expect: {error: no}\n", "1", "    expect: {metadata: {pin_config: {x: 1}}}\n"),
        ("    expect:\n", "[]", block("x: []\n")),
        ("    now: 2026-11-22  # noon\n", "{}", f"    now: 2026-11-22  # noon\n{block('x: {}')}\n"),
    ],
)
def test_as_little_as_makes_it_pass(expect: str, told: str, after: str) -> None:
    """Comments, quotes, brackets and blocks stay."""
    assert updated(expect, told) == after


def test_a_case_in_brackets_gets_its_expectation_there() -> None:
    """On its line."""
    text = f"{MAPPING}  - {{name: a, send: {{body: {{type: sale, told: 1}}}}}}  # x\n"
    assert update(text.encode(), results(text, SOURCES)).decode().splitlines()[-1] == (
        "  - {name: a, send: {body: {type: sale, told: 1}}, expect: {metadata: {pin_config: {x: 1}}}}  # x"
    )


def text_of(result: CaseResult) -> object:
    """Give the text that is the last sample's body."""
    body = result.case.samples[-1].body
    assert isinstance(body, ScalarNode)
    return body.value


@pytest.mark.parametrize("ending", ["|+\n          {JSON}\n\n\n", "|\n          {JSON}"])
def test_a_block_of_text_at_the_end_keeps_its_lines(ending: str) -> None:
    """Blank lines behind it, and an end without a line break, are what is sent."""
    ending = ending.replace("{JSON}", '{"told": 1, "type": "sale"}')
    first = "{source: shop, body: {type: sale, told: 2}}"
    file = f"{MAPPING}  - name: a\n    send:\n      - {first}\n      - body: {ending}"
    (before,) = results(file, SOURCES)
    after = update(file.encode(), [before]).decode()
    (result,) = results(after, SOURCES)
    assert result.faults == ()
    assert [text_of(result), text_of(before)] == [text_of(before)] * 2
    assert after.endswith(ending)
    assert "    expect:\n      metadata:\n" in after


def test_nothing_sent_is_written_as_none() -> None:
    """Where nothing was expected yet."""
    text = f"{MAPPING}  - {{name: a, send: {{body: {{type: other, told: 1}}}}}}\n"
    assert ", expect: none}" in update(text.encode(), results(text, SOURCES)).decode()


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("{name: a, send: {body: {type: sale}}, expect: {metadata: 1}}", "there is an error: "),
        ("{name: a, send: missing.json, expect: {metadata: 1}}", "its samples cannot be read"),
        (
            "{name: a, send: {body: {type: other}}, expect: {metadata: {pin_config: {x: 1}}}}",
            "it expects what p-sales shows, and no event moves that pin now; if that is right, write `expect: none`",
        ),
        ("{name: a, send: {body: {type: sale, told: 1}}, expect: {metadata: &x 2}}", "an anchor or an alias stands"),
    ],
)
def test_what_is_not_written(case: str, why: str) -> None:
    """It is told where, and why."""
    text = f"{MAPPING}  - {case}\n"
    with pytest.raises(NotUpdated, match=rf"m\.yaml:7:\d+: 'a' is not updated: {why}"):
        update(text.encode(), results(text, SOURCES))


def test_an_aliased_expectation_is_left_to_its_author() -> None:
    """Writing to it would change another case's."""
    first = "{name: a, send: {body: {type: sale, told: 1}}, expect: {metadata: {pin_config: {x: &x 1}}}}"
    second = "{name: b, send: {body: {type: sale, told: 2}}, expect: {metadata: {pin_config: {x: *x}}}}"
    text = f"{MAPPING}  - {first}\n  - {second}\n"
    with pytest.raises(NotUpdated, match="'b' is not updated"):
        update(text.encode(), [each for each in results(text, SOURCES) if each.faults])


def test_an_error_is_written_where_one_was_expected() -> None:
    """With the words that came."""
    text = f"{MAPPING}  - {{name: a, send: {{body: {{type: sale}}}}, expect: {{error: other}}}}\n"
    after = update(text.encode(), results(text, SOURCES)).decode()
    assert "$.told" in after.splitlines()[-1]
    assert [each.faults for each in results(after, SOURCES)] == [()]


def test_results_are_found_by_their_place_not_by_their_name() -> None:
    """Whatever the mapping's own name says."""
    text = f"{MAPPING}  - {{name: a, send: {{body: {{type: sale, told: 1}}}}}}\n"
    (result,) = results(text, SOURCES)
    renamed = replace(result, mapping=replace(result.mapping, name="other"))
    assert update(text.encode(), [renamed]) == update(text.encode(), [result])


def test_a_space_that_is_none_is_written_so_that_it_is_seen() -> None:
    """A locale puts one between a number and its currency; copied by eye it would not be the same."""
    came = updated('    expect: {metadata: {pin_config: {x: "1 €"}}}\n', '"1\\u00a0\\u202f€"')
    assert came == '    expect: {metadata: {pin_config: {x: "1\\u00a0\\u202f€"}}}\n'
