"""Long work that lets an event loop in between gives the same as work without rest."""

from itertools import count, islice

from bridge.making_way import making_way


def test_it_gives_every_item_in_order_and_takes_no_more_than_is_asked_for() -> None:
    """A listing stops reading where it has enough."""
    numbers = count()
    assert list(islice(making_way(numbers), 3)) == [0, 1, 2]
    assert next(numbers) == 3
    assert list(making_way(())) == []
