"""No file at all makes the loader raise anything but a list of problems."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import ConfigurationError, Problem
from bridge.mappings import load_texts

WHOLE = b"""\
# an example with most of the language in it
pin: "{{ pins[repo] }}"
timezone: Europe/Berlin
locale: de_DE
constants: {pins: {acme/api: p-1, acme/web: p-2}, goal: 10.5}
triggers:
  - name: push
    source: github
    event: [push, 'pull_request.*']
    each: {path: $.commits, as: json}
    when:
      - $.data.object.currency: eur
        header.X-Kind: {in: [a, b], exists: true}
        $.n: {gt: 0, matches: '^[0-9]+$'}
      - "{{ amount > 100 and repo in pins }}"
    at: "{{ ends if amount else starts }}"
    version: [$.updated, amount]
    key: $.id
    extract:
      repo: {body: $.repository.full_name}
      amount: {path: '$.items[*].n', take: sum, as: number, default: 0}
      starts: $.a[0].b
      ends: {header: X-Ends, default: null}
    let: {double: "{{ amount * 2 }}"}
update: &update
  metadata:
    title: "${TITLE:-Pushes} {{ repo }}"
    pin_config:
      cards:
        - {each: "{{ [1, 2] }}", as: n, do: {title: "{{ n }}", value: "{{ amount | number }}"}}
deliver: {min_interval: 5s, refresh: 15m}
"""
WORDS = [
    "pin",
    "type",
    "pins",
    "max_pins",
    "description",
    "enabled",
    "timezone",
    "locale",
    "constants",
    "triggers",
    "update",
    "deliver",
    "name",
    "source",
    "event",
    "when",
    "each",
    "at",
    "version",
    "key",
    "extract",
    "let",
    "path",
    "default",
    "as",
    "take",
    "body",
    "header",
    "query",
    "gt",
    "in",
    "exists",
    "matches",
    "min_interval",
    "refresh",
    "metadata",
    "do",
    "$.a",
    "$..",
    "${X}",
    "p-1",
    "sum",
    "5s",
    "UTC",
    "*",
    "[",
    "{",
    "{{ a }}",
    "{{",
]
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.text(max_size=8), st.sampled_from(WORDS))
_TREES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)


def check(data: bytes) -> None:
    """Load it; every problem must have a place in the file."""
    problems: tuple[Problem, ...] = ()
    try:
        load_texts({"m.yaml": data}, {})
    except ConfigurationError as error:
        problems = error.problems
        assert problems, "an error without a problem"
    assert all(problem.file == "m.yaml" and problem.line >= 1 for problem in problems)


def test_the_whole_example_loads() -> None:
    """So that what is cut and bent below begins as a good file."""
    assert set(load_texts({"m.yaml": WHOLE}, {}).mappings) == {"m"}


@settings(max_examples=100, deadline=None)
@given(_TREES)
def test_any_tree(tree: object) -> None:
    """Known words in any place, with any shape below them."""
    check(orjson.dumps(tree))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(WORDS[:12]), _TREES, max_size=6), _TREES)
def test_any_value_of_a_known_key(tree: dict[str, object], trigger: object) -> None:
    """The shape of a mapping, with anything for its values."""
    check(orjson.dumps({"pin": "p-1", "update": {}, "triggers": [trigger], **tree}))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=3), st.integers(0, 5))
def test_any_cut_or_bent_file(cut: int, inserted: bytes, removed: int) -> None:
    """A file that ends early, or in which a few bytes are others."""
    check(WHOLE[:cut])
    check(WHOLE[:cut] + inserted + WHOLE[cut + removed :])


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("ab:-?[]{}&*!|>'\"%@`# \n\t\\$0.<=", max_size=60).map(str.encode)))
def test_any_bytes(data: bytes) -> None:
    """Binary, and the characters that mean something to YAML."""
    check(data)
