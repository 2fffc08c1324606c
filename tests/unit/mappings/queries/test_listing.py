import time

from bridge.events import Json
from bridge.mappings.queries.listing import Found, LeftOut, list_paths


def listed(payload: Json, left_out: LeftOut | None = None) -> list[Found]:
    """List a payload's paths."""
    return list(list_paths(payload, LeftOut() if left_out is None else left_out, every_item=False))


def test_what_is_common_to_a_lists_items_comes_before_the_items() -> None:
    """Once for all items, with how many there are and the first of them, then item by item."""
    payload: Json = {"id": 7, "items": [{"price": 5}, {"price": 9, "note": None}]}
    assert listed(payload) == [
        Found("$.id", 7),
        Found("$.items[*]", {"price": 5}, 2),
        Found("$.items[*].price", 5, 2),
        Found("$.items[*].note", None, 1),
        Found("$.items[0].price", 5),
        Found("$.items[1].price", 9),
        Found("$.items[1].note", None),
    ]


def test_names_are_quoted_where_that_is_needed() -> None:
    """In the quotation marks that the name leaves free."""
    paths = [each.path for each in listed({"a b": {"c": 1}, "it's": 2, "where": 3, "a-b": 4})]
    assert paths == ["$['a b'].c", '$["it\'s"]', "$['where']", "$.a-b"]


def test_a_name_that_no_path_can_say_is_counted() -> None:
    """One with a line break, and one with both kinds of quotation marks."""
    left_out = LeftOut()
    assert listed({"a\nb": 1, "'\"": 2, "a": 3}, left_out) == [Found("$.a", 3)]
    assert left_out.unreachable == 2


def test_a_place_deeper_than_a_path_may_go_is_counted() -> None:
    """Forty steps are followed."""
    payload: Json = 1
    for _ in range(40):
        payload = {"a": payload}
    assert listed(payload) == [Found("$" + 40 * ".a", 1)]
    left_out = LeftOut()
    assert listed({"a": payload}, left_out) == []
    assert left_out.unreachable == 1


def test_of_a_long_list_the_first_items_are_given() -> None:
    """The others are counted, and found where every item is asked for."""
    left_out = LeftOut()
    assert [each.path for each in listed(list(range(10)), left_out)] == ["$[*]", "$[0]", "$[1]", "$[2]"]
    assert left_out.items == 7
    assert Found("$[9]", 9) in list_paths(list(range(10)), LeftOut(), every_item=True)


def test_names_that_are_slow_to_read_count_as_many_values() -> None:
    """The path to a name with a quotation mark in it takes the parser as long as five hundred values take."""
    left_out = LeftOut()
    assert len(listed({f"it's {number}": number for number in range(2_500)}, left_out)) < 2_000
    assert left_out.is_cut
    left_out = LeftOut()
    assert len(listed({f"it is {number}": number for number in range(2_500)}, left_out)) == 2_500
    assert not left_out.is_cut


def test_a_huge_payload_ends_at_the_bound() -> None:
    """A list of a million objects, each with a key of its own, is cut within seconds of work, and that is said."""
    left_out = LeftOut()
    begun = time.process_time()
    payload: Json = [{f"k{number}": number} for number in range(1_000_000)]
    assert sum(1 for _ in list_paths(payload, left_out, every_item=True)) <= 2_000_000
    assert left_out.is_cut
    assert time.process_time() - begun < 20
