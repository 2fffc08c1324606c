"""What an update does to a pin, and what it does not."""

from typing import Any

import pytest

from bridge.errors import SenderError
from bridge.sandbox.pins import Pin, Pins

CARDS = {"cards": [{"title": "Sales", "value": "1"}]}


def pins(*, auto_create: bool = True, **types: str) -> Pins:
    """Make pins; `a="table"` names the pin p-a."""
    return Pins(auto_create=auto_create, types={f"p-{name}": pin_type for name, pin_type in types.items()})


def update(all_pins: Pins, body: object, at: int = 5) -> Pin:
    """Update the pin p-a."""
    return all_pins.update("p-a", body, at)


def refusal(all_pins: Pins, body: object, pin_id: str = "p-a") -> tuple[int, str, str]:
    """Give how an update is refused."""
    with pytest.raises(SenderError) as refused:
        all_pins.update(pin_id, body, 5)
    return refused.value.status, refused.value.code, refused.value.message


def test_what_an_update_does_not_name_is_kept() -> None:
    """Title, tags and flags stay, each by itself."""
    some = pins()
    update(some, {"is_public": True, "metadata": {"title": "T", "tags": ["x"], "pin_config": CARDS}})
    pin = update(some, {"allow_edit": True, "metadata": {"tags": ["y", "z"]}}, at=9)
    assert pin.metadata == {"title": "T", "tags": ["y", "z"], "pin_config": CARDS}
    assert pin.flags == {"is_public": True, "allow_edit": True, "require_sign_in": False, "allow_comments": False}
    assert (pin.created_at, pin.updated_at, pin.updates) == (5, 9, 2)


def test_the_content_is_replaced_whole() -> None:
    """A card that is not sent again is gone."""
    some = pins()
    two: list[dict[str, Any]] = [{"title": "a", "value": "1"}, {"title": "b", "value": "2"}]
    update(some, {"metadata": {"pin_config": {"cards": two}}})
    assert update(some, {"metadata": {"pin_config": CARDS}}).content == CARDS


def test_an_unknown_pin_is_a_404_unless_it_is_made() -> None:
    """And an id that is none makes no pin."""
    assert refusal(pins(auto_create=False), {})[:2] == (404, "NOT_FOUND")
    assert refusal(pins(), {}, "q-a")[:2] == (404, "NOT_FOUND")
    assert pins(auto_create=False, a="table").update("p-a", {}, 5).pin_type == "table"


def test_a_pin_takes_the_type_of_its_first_content_and_keeps_it() -> None:
    """So the second content must be of the first one's type."""
    some = pins()
    assert update(some, {"metadata": {"title": "T"}}).pin_type is None
    assert update(some, {"metadata": {"pin_config": CARDS}}).pin_type == "stat-cards"
    status, code, message = refusal(some, {"metadata": {"pin_config": {"content": "# Hi"}}})
    assert (status, code) == (400, "VALIDATION_FAILED")
    assert message.startswith("Invalid content structure for pin card type 'stat-cards': metadata.pin_config")


@pytest.mark.parametrize(
    ("pin_type", "content"),
    [
        ("stat-cards", {"cards": [{"title": "Sales", "value": 3}]}),
        ("table", {"columns": [{"id": "a"}], "rows": []}),
        ("markdown", {"content": None}),
        ("text-media", {"mediaType": "film"}),
    ],
)
def test_wrong_content_is_a_400_that_names_the_type(pin_type: str, content: object) -> None:
    """The sandbox turns nothing into text: what it would have to mend, it refuses, and nothing changes."""
    some = pins(a=pin_type)
    status, code, message = refusal(some, {"metadata": {"pin_config": content}})
    assert (status, code) == (400, "VALIDATION_FAILED")
    assert f"for pin card type '{pin_type}'" in message
    assert len(some) == 0


def test_a_wrong_field_outside_the_content_is_a_400_of_its_own() -> None:
    """It does not blame the content."""
    assert refusal(pins(), {"pin_config": CARDS})[2].startswith("Invalid update: pin_config: ")
    assert refusal(pins(), [])[2].startswith("Invalid update: the body: ")


def test_a_pin_reads_as_the_get_page_shows_it() -> None:
    """Title, tags, type and content stand in the metadata; a pin without title shows its id."""
    pin = update(pins(), {"metadata": {"pin_config": CARDS}})
    assert pin.to_json() == {
        "id": "p-a",
        "title": "p-a",
        "is_public": False,
        "metadata": {
            "title": "p-a",
            "tags": [],
            "pin_type": "stat-cards",
            "pin_config": CARDS,
            "allow_edit": False,
            "require_sign_in": False,
            "allow_comments": False,
        },
        "created_at": 5,
        "updated_at": 5,
    }


def test_every_change_has_a_version_of_its_own() -> None:
    """The board asks for what changed after the newest that it knows."""
    some = pins()
    versions = [update(some, {}).version, some.create("p-b", None, 5).version]
    some.delete("p-b")
    assert [*versions, some.version] == [1, 2, 3]
    with pytest.raises(SenderError):
        some.get("p-b")


def test_time_never_runs_backwards_on_a_pin() -> None:
    """An update at an earlier time keeps the later one."""
    some = pins()
    update(some, {}, at=9)
    assert update(some, {}, at=5).updated_at == 9
