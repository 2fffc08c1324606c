from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bridge.mappings.expressions.text_filters import markdown, slug, truncate, urlencode
from bridge.mappings.values.bounds import MAX_CHARACTERS, ExpressionError


@pytest.mark.parametrize(
    ("text", "written"), [("Über uns & mehr", "uber-uns-mehr"), ("--a__b--", "a-b"), ("日本", ""), ("v1.2", "v1-2")]
)
def test_a_slug_has_letters_digits_and_single_dashes(text: str, written: str) -> None:
    """Accents fall off; what has no letter in ASCII is left out."""
    assert slug(text) == written


def test_a_text_is_cut_to_its_length_with_the_mark_in_it() -> None:
    """Nothing is cut that fits; no space stands before the mark."""
    assert truncate("four", 4) == "four"
    assert truncate("one two", 5) == "one…"
    assert truncate("abcdef", 5, "...") == "ab..."
    with pytest.raises(ExpressionError, match=r"leaves room for '\.\.\.', not 2"):
        truncate("abcdef", 2, "...")


@given(st.text(max_size=60))
def test_escaped_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    """Read by CommonMark, it is one paragraph of text: no link, no emphasis, no HTML."""
    (paragraph,) = [token for token in MarkdownIt().parse(f"a {markdown(text)}") if token.type == "inline"]
    assert {token.type for token in paragraph.children or []} <= {"text", "text_special"}


@given(st.text(max_size=60))
def test_an_encoded_text_is_one_part_of_an_address(text: str) -> None:
    """Nothing in it ends the part, and decoding gives it back."""
    assert not set(urlencode(text)) & set("/?#&= ")
    assert unquote(urlencode(text)) == text


def test_a_text_is_measured_before_it_grows() -> None:
    """Escaping may double a text, and encoding make nine of one."""
    with pytest.raises(ExpressionError, match="at most"):
        markdown("*" * (MAX_CHARACTERS // 2 + 1))
    with pytest.raises(ExpressionError, match="at most"):
        urlencode("é" * (MAX_CHARACTERS // 9 + 1))
