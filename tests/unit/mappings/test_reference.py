"""The reference names all of the language, and its examples load."""

import re
from pathlib import Path
from typing import get_args

import pytest

from bridge.mappings import load_texts
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.mapping import KEYS as MAPPING_KEYS
from bridge.mappings.mapping import KEYS_OF_LATER_RELEASES
from bridge.mappings.records import OutcomeKind
from bridge.mappings.triggers.comparisons import OPERATORS
from bridge.mappings.triggers.extraction import FOLDS
from bridge.mappings.triggers.trigger_definition import KEYS as TRIGGER_KEYS
from bridge.mappings.values.conversion import KINDS

REFERENCE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
WORDS = [
    *MAPPING_KEYS,
    *KEYS_OF_LATER_RELEASES,
    *TRIGGER_KEYS,
    *OPERATORS,
    *KINDS,
    *FOLDS,
    *get_args(OutcomeKind),
    *(name for name in DIALECT.filters if name.isidentifier()),
    *(name for name in DIALECT.tests if name.isidentifier()),
]


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_every_word_of_the_language_is_in_the_reference(word: str) -> None:
    """As code, with or without its arguments."""
    assert re.search(rf"`{word}[`(]", REFERENCE)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(number: int) -> None:
    """Each is a whole mapping, without warnings."""
    loaded = load_texts({"example.yaml": EXAMPLES[number].encode()}, {})
    assert set(loaded.mappings) == {"example"}
    assert loaded.warnings == ()
