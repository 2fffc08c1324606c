"""Mistakes that authors make, each with the message that is to teach them."""

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import load_texts

WHOLE = """\
pin: p-sales
constants: {pins: {a: p-a}}
triggers:
  - name: sale
    source: stripe
    event: charge.succeeded
    extract:
      amount: $.data.object.amount
      buyer: {path: $.data.object.email, default: nobody}
    let:
      big: "{{ amount > 1000 }}"
update:
  metadata:
    title: Sales
    pin_config:
      content: "{{ amount }}"
"""
NO_PATH = "a path stands in 'extract', and the name of its variable here"
BRACKETS = "every '{{' needs its '}}', and every bracket its other"
FLOW = "expected ',' or '}', but got '<scalar>'; "
FLOW += "in one line, '[' needs its ']' and '{' its '}', and a text with one of []{}, in it is quoted"


def told(before: str, after: str) -> list[str]:
    """Make one change to the mapping above; give what the loader says."""
    assert before in WHOLE
    with pytest.raises(ConfigurationError) as caught:
        load_texts({"m.yaml": WHOLE.replace(before, after, 1).encode()}, {})
    return [str(problem).removeprefix("m.yaml:") for problem in caught.value.problems]


def test_the_mapping_without_mistakes_loads() -> None:
    """So that each message below comes from its own mistake; and nothing is warned of."""
    assert load_texts({"m.yaml": WHOLE.encode()}, {}).warnings == ()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "    source",
            "\tsource",
            (
                "5:1: not valid YAML while scanning for the next token: found character '\\t' that cannot start "
                "any token; YAML is indented with spaces, not with tabs"
            ),
        ),
        (
            '"{{ amount }}"',
            "{{ amount }}",
            "16:17: a key must be a single word or text, not a list or mapping; a text with '{{' in it is quoted",
        ),
        (
            "source: stripe",
            "source stripe",
            (
                "5:5: not valid YAML while scanning a simple key: could not find expected ':'; "
                "a key is followed by ':' and a space"
            ),
        ),
        (
            "title: Sales",
            "title: Sales: today",
            (
                "14:17: not valid YAML: mapping values are not allowed here; "
                "a text with ': ' in it is quoted, and the keys of one object begin in one column"
            ),
        ),
        (
            "title: Sales",
            "title: @sales",
            (
                "14:12: not valid YAML while scanning for the next token: found character '@' that cannot start "
                "any token; a text that begins with this character is quoted"
            ),
        ),
        (
            "charge.succeeded",
            "*.succeeded",
            "6:12: the alias '*.succeeded' is not defined above; a text that begins with '*' is quoted",
        ),
        (
            "{{ amount }}",
            '{{ amount | currency("EUR") }}',
            (
                "16:39: not valid YAML while parsing a block mapping: expected <block end>, but found '<scalar>'; "
                "a text with quotes in it stands in quotes of the other kind"
            ),
        ),
        (
            '{{ amount }}"',
            "{{ amount }}",
            (
                "16:16: not valid YAML while scanning a quoted scalar: found unexpected end of stream; "
                "the quote that opens this text is never closed"
            ),
        ),
        (
            "{a: p-a}}",
            "{a: p-a}",
            f"3:1: not valid YAML while parsing a flow mapping from line 2 on: {FLOW}",
        ),
    ],
)
def test_what_yaml_would_read_otherwise_is_explained(before: str, after: str, message: str) -> None:
    """Told where the text in question begins, with what to write instead."""
    assert told(before, after) == [message]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ $.data.amount }}", f"20: bad template: unexpected '$'; {NO_PATH}"),
        ("{{ big ? 1 : 2 }}", "24: bad template: unexpected '?'; write a choice as 'a if condition else b'"),
        ("{{ big && amount }}", "24: bad template: unexpected '&'; write 'and'"),
        (
            "{{ 1 if big = 2 }}",
            "16: bad template: expected token 'end of print statement', got '='; '==' compares",
        ),
        ("{{ amount }", f"16: bad template: unexpected '}}'; {BRACKETS}"),
        ("{{ (amount }}", f"16: bad template: unexpected '}}', expected ')'; {BRACKETS}"),
        ("{{ amount | money }}", "29: unknown filter 'money'; did you mean 'currency'?"),
        ("{{ now | strftime }}", "26: unknown filter 'strftime'; did you mean 'datetime'?"),
        ("{{ len(buyer) }}", "20: unknown variable 'len'; write 'items | length'"),
        (
            "{{ payload.amount }}",
            "20: unknown variable 'payload'; a template knows no payload: name what it needs in a trigger's 'extract'",
        ),
        ("{{ loop.index }}", "20: unknown variable 'loop'; it is known where 'each' or 'for' goes over a list"),
        (
            "{{ x }}",
            "20: unknown variable 'x'; known are amount, big, buyer, event, now, pin, pins, stale, stale_since",
        ),
        ("amout {{ amout }}", "26: unknown variable 'amout'; did you mean 'amount'?"),
        ("{% macro f() %}{% endmacro %}", "16: macros are not supported; use 'each' and 'do', or a loop"),
    ],
)  # fmt: skip
def test_what_other_tools_would_take_is_explained(template: str, message: str) -> None:
    """To the column of the word, and not of the same word in the text around it."""
    assert told("{{ amount }}", template) == [f"16:{message}"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "$.data.object.amount",
            "'{{ data.amount }}'",
            (
                "8:15: 'amount' is a JSONPath such as $.data.id, found '{{ data.amount }}'; "
                "an expression stands in 'let', and a path is taken out of the payload first"
            ),
        ),
        (
            '"{{ amount > 1000 }}"',
            "amount > 1000",
            (
                "11:12: 'big' is a JSONPath, an expression in {{ }} or a known name; 'amount > 1000' is none of them; "
                'write "{{ amount > 1000 }}" for an expression'
            ),
        ),
        (
            "    let:",
            "    at: created\n    let:",
            (
                "10:9: 'at' is a JSONPath, an expression in {{ }} or a known name; 'created' is none of them; "
                "write '$.created' for a path"
            ),
        ),
        (
            "$.data.object.amount",
            "$.items.length()",
            (
                "8:15: '$.items.length()' is not a path that can be read (Parse error at 1:14 near token ( (()); "
                "functions such as length() are not supported; 'take' folds many matches, as in 'take: count'"
            ),
        ),
        (
            "$.data.object.amount",
            "$.items[0",
            (
                "8:15: '$.items[0' is not a path that can be read (Parse error near the end of string!); "
                "it ends too early: '[' needs its ']', and a name stands after '.'"
            ),
        ),
        (
            "source: stripe",
            "source: [stripe, shop]",
            "5:13: 'source' is one source, found a list; write a trigger for each of them",
        ),
        (
            "p-sales",
            "$SALES_PIN",
            (
                "1:6: '$SALES_PIN' is no pin id; one is p- and letters, digits, _ or -; "
                "write '${SALES_PIN}' for an environment variable"
            ),
        ),
    ],
)
def test_what_stands_in_the_wrong_place_is_explained(before: str, after: str, message: str) -> None:
    """With what would be right there."""
    assert told(before, after) == [message]


def test_two_mistakes_in_one_text_are_told_together() -> None:
    """In the lines and columns of the file, also in a literal text and where quotes are escaped."""
    template = "|\n        Sum: {{ amout | curency }}\n        {{ byer }}\n"
    assert told('"{{ amount }}"', template) == [
        "17:17: unknown variable 'amout'; did you mean 'amount'?",
        "17:25: unknown filter 'curency'; did you mean 'currency'?",
        "18:12: unknown variable 'byer'; did you mean 'buyer'?",
    ]
    assert told('"{{ amount }}"', '"{{ \\"x\\" ~ byer }}"') == ["16:28: unknown variable 'byer'; did you mean 'buyer'?"]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "$.data.object.amount",
            (
                "'$.data.object.amount' is shown as it is, and no value of the payload; "
                "name it in a trigger's 'extract', and write \"{{ name }}\" here"
            ),
        ),
        ("'{ amount }'", "'{ amount }' is shown as it is; write \"{{ amount }}\" for the value"),
    ],
)
def test_a_text_that_looks_like_a_value_is_warned_of(text: str, warning: str) -> None:
    """It is what was written, but hardly what was meant."""
    loaded = load_texts({"m.yaml": WHOLE.replace('"{{ amount }}"', text).encode()}, {})
    assert [str(each) for each in loaded.warnings] == [f"m.yaml:16:16: {warning}"]


@pytest.mark.parametrize("text", ["$5", "$.", "US$ 3", "{ other }", "{amount} of 3"])
def test_other_texts_are_not_warned_of(text: str) -> None:
    """Money and braces may stand in a text."""
    assert load_texts({"m.yaml": WHOLE.replace("{{ amount }}", text).encode()}, {}).warnings == ()


SIDES = "a JSONPath, header.Name, query.name, a variable or an expression"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "when: {headers.X-A: live}",
            f"7:12: a condition begins with {SIDES}; 'headers.X-A' is none of them; did you mean 'header.X-A'?",
        ),
        (
            "when: amount > 5",
            (
                "7:11: 'when' is an object of conditions, an expression in {{ }} or a list of these, "
                "found 'amount > 5'; write \"{{ amount > 5 }}\""
            ),
        ),
        (
            "when: {amount > 5: true}",
            (
                f"7:12: a condition begins with {SIDES}; 'amount > 5' is none of them; "
                'a whole condition is an expression: when: "{{ amount > 5 }}"'
            ),
        ),
        ("when: {$.n: {'==': 5}}", "7:18: unknown operator '==' in a condition; did you mean 'eq'?"),
        ("when: {$.n: {'>': 5}}", "7:18: unknown operator '>' in a condition; did you mean 'gt'?"),
        ("when: {$.n: {is: 5}}", "7:18: unknown operator 'is' in a condition; did you mean 'eq'?"),
    ],
)
def test_a_condition_in_other_words_is_told_how_to_write_it(line: str, message: str) -> None:
    """As it would be written in other languages."""
    event = "    event: charge.succeeded\n"
    assert told(event, f"{event}    {line}\n") == [message]


@pytest.mark.parametrize(
    ("extraction", "message"),
    [
        ("{path: $.a, as: float}", "8:31: unknown conversion 'float'; did you mean 'number'?"),
        ("{path: $.a, as: date}", "8:31: unknown conversion 'date'; did you mean 'time'?"),
        ("{pth: $.a}", "8:16: unknown key 'pth' in the variable 'amount'; did you mean 'path'?"),
    ],
)
def test_a_mistake_in_an_extraction_is_told_once(extraction: str, message: str) -> None:
    """With the word that it is called by here."""
    assert message in told("$.data.object.amount", extraction)
    assert len(told("$.data.object.amount", extraction)) == 1


def test_a_misspelt_key_is_not_missing_too() -> None:
    """One mistake, one problem."""
    assert told("source:", "souce:") == ["5:5: unknown key 'souce' in a trigger; did you mean 'source'?"]


def test_a_comparison_written_as_a_text_is_warned_of() -> None:
    """It loads, and would never match a number."""
    event = "    event: charge.succeeded\n"
    text = WHOLE.replace(event, f"{event}    when: {{$.n: '> 5', $.m: '>=a'}}\n")
    assert [str(warning) for warning in load_texts({"m.yaml": text.encode()}, {}).warnings] == [
        "m.yaml:7:17: '> 5' is compared as a text; write {gt: 5}",
        "m.yaml:7:29: '>=a' is compared as a text; write {gte: a}",
    ]
