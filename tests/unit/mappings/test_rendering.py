"""A pin's body is rendered on what its newest events said, and on views of its state."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.mappings import MappingSet, RenderError, load_texts
from bridge.mappings.values.views import Seen, View

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Sales(View):
    """A metric that says its own name."""

    KIND = "a metric"
    FIELDS = ("value", "groups")

    def field(self, name: str) -> Seen:
        """Give a field."""
        groups: list[Any] = [Sales()]
        return 30 if name == "value" else groups


def loaded(tags: str) -> MappingSet:
    """Load a mapping that shows an entry of its state."""
    text = f"""
pin: p-1
constants: {{goal: 100}}
triggers: [{{source: shop, extract: {{amount: $.amount, buyer: $.buyer}}}}]
state: {{sales: {{sum: amount, by: buyer}}}}
update:
  metadata:
    tags: {tags}
"""
    return load_texts({"m.yaml": text.encode()}, {})


def test_a_template_reads_the_state_beside_variables_and_constants() -> None:
    """By the names of the entries."""
    mappings = loaded('["{{ sales.value }} of {{ goal }}, {{ amount }}"]')
    rendered = mappings.render("m", "p-1", {}, NOW, state={"sales": Sales()})
    assert rendered.body == {"metadata": {"tags": ["30 of 100, –"]}}


@pytest.mark.parametrize(
    "tags", ['"{{ sales.groups }}"', '{each: "{{ [sales.groups] | first }}", as: g, do: "{{ g }}"}']
)
def test_a_view_never_goes_out(tags: str) -> None:
    """Not even where the loader cannot see it coming; the place is the template's."""
    with pytest.raises(RenderError) as caught:
        loaded(tags).render("m", "p-1", {}, NOW, state={"sales": Sales()})
    assert caught.value.message == "a metric cannot be shown; write one of its fields, such as .value"
    assert caught.value.place.line == 8
