"""What the catalogue says to people, and how a mistake in it is told."""

import pytest

from bridge.errors import ConfigurationError
from bridge.inbound.catalogue import providers
from bridge.inbound.sources import load_sources
from bridge.inbound.sources.about import ABOUT, CATEGORIES, read_about
from bridge.inbound.sources.declarations import KEYS
from bridge.located import MappingNode, Place, parse_yaml

GOOD = """
title: Plant
category: monitoring
docs: https://plant.example/docs
confidence: high
setup: ["Enter {address}.", "Set {secret} to the token."]
"""


def entry(text: str) -> MappingNode:
    """Read an entry."""
    node = parse_yaml("plant.yaml", text.encode())
    assert isinstance(node, MappingNode)
    return node


@pytest.mark.parametrize("name", providers())
def test_every_entry_says_to_people_what_they_need(name: str) -> None:
    """Its title, its category, its page and its steps, in the allowed words; and it has no other keys."""
    about, steps = read_about(providers()[name]), " ".join(read_about(providers()[name]).setup)
    source = load_sources({name: Place(name, 0, 0)}, None, lambda _: (), secrets_are_required=False)[name]
    assert ("{secret}" in steps) == source.lacks_secret
    assert about.category in CATEGORIES
    assert about.docs.startswith("https://")
    assert {key.name for key in providers()[name].entries} <= {*KEYS, *ABOUT}


def test_no_two_entries_have_the_same_title() -> None:
    """Else nobody could tell them apart in the list."""
    titles = [read_about(entry).title.casefold() for entry in providers().values()]
    assert len(set(titles)) == len(titles)


def test_an_entry_is_read_as_it_is_written() -> None:
    """What is left out is empty."""
    about = read_about(entry(GOOD))
    assert (about.title, about.category, about.confidence) == ("Plant", "monitoring", "high")
    assert about.setup == ("Enter {address}.", "Set {secret} to the token.")
    assert (about.words, about.types, about.unsure, about.retries, about.note) == ("", "", "", "", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Plant\n", "", "plant.yaml:2:1: an entry of the catalogue needs title"),
        ("Plant", "[a]", "plant.yaml:2:8: a text is wanted here"),
        ("Plant", '" "', "plant.yaml:2:8: some words on one line are wanted here"),
        ("Plant", '"a\\nb"', "plant.yaml:2:8: some words on one line are wanted here"),
        ("monitoring", "monitorin", "did you mean 'monitoring'?"),
        ("https://plant.example/docs", "http://plant.example", "is not a page's address"),
        ("https://plant.example/docs", "https://plant.example/a b", "is not a page's address"),
        ("high", "sure", "'sure' is not one of high, medium, low"),
        ("high", "medium", "of medium confidence: say in 'unsure' what is not certain"),
        ("Enter {address}.", "Enter it.", "no step says where {address} goes"),
        ("{secret}", "{secrt}", "{secrt} is none of {address}, {secret}, {verify_token}; did you mean '{secret}'?"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, message: str) -> None:
    """And with what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        read_about(entry(GOOD.replace(old, new, 1)))
    assert message in str(caught.value)
