"""The fold in memory: what a ledger says after an event, with no database near."""

from datetime import UTC, datetime, timedelta
from typing import Any

from support.events import an_event

from bridge.events import Event
from bridge.mappings import Change, Evaluation, Outcome
from bridge.mappings.values.versions import decode_version, encode_version, version_order
from bridge.rehearsal.rows import Rows
from bridge.state import Order, StateFold
from bridge.store.folding import Ledger, fold

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ledger(**fields: Any) -> Ledger:
    """Give a ledger that knows nothing."""
    given: dict[str, Any] = {
        "horizon": timedelta(hours=1),
        "max_pins": {},
        "orders": {},
        "owners": {},
        "families": {},
        "generations": {"m": {"": 1}},
        "items": {},
        "broken": {},
        "pending": {},
        "prepared": {},
        "state": StateFold(Rows(), ()),
    }
    return Ledger(**given | fields)


def event(received_at: datetime = NOON) -> Event:
    """Give an event whose content does not matter here."""
    return an_event(received_at=received_at)


def evaluation(*changes: Change) -> Evaluation:
    """Give changes with their outcomes, between outcomes of triggers that did not match."""
    missed = Outcome(mapping="m", trigger="other", kind="not_matched", reason="$.x", pin=None)
    matched = [Outcome(mapping=c.mapping, trigger=c.trigger, kind="matched", reason="", pin=c.pin) for c in changes]
    return Evaluation(changes=changes, outcomes=(missed, *matched, missed))


def change(**fields: Any) -> Change:
    """Give a change of the pin `p-1` at noon."""
    given: dict[str, Any] = {
        "mapping": "m",
        "trigger": "t",
        "pin": "p-1",
        "at": NOON,
        "version": (NOON,),
        "item_key": None,
        "variables": {},
    }
    return Change(**given | fields)


def test_a_change_is_taken_over_with_its_pin() -> None:
    """The pin has an owner from then on, and waits since the arrival."""
    book = ledger()

    folded = fold(book, 7, event(), evaluation(change()))

    assert [outcome.kind for outcome in folded.outcomes] == ["not_matched", "matched", "not_matched"]
    assert folded.mappings == ("m",)
    assert book.newest["m", "p-1", "t"].order == Order(version_order((NOON,)), 7, 0)
    assert book.owners == {"p-1": "m"}
    assert list(book.moved) == ["p-1"]


def test_a_pin_waits_since_the_earliest_arrival_that_moved_it() -> None:
    """Whatever the order of the two in the batch."""
    book = ledger()

    fold(book, 1, event(NOON + timedelta(seconds=5)), evaluation(change(version=(1,))))
    fold(book, 2, event(NOON), evaluation(change(version=(2,))))

    assert book.moved["p-1"] == ("m", NOON)


def test_a_remembered_item_expires() -> None:
    """After the horizon the same item counts again."""
    item = (1, "t", b"k")
    until = (NOON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    held = fold(ledger(items={item: (3, until + 1)}), 7, event(), evaluation(change(item_key=b"k")))
    gone = fold(ledger(items={item: (3, until)}), 7, event(), evaluation(change(item_key=b"k")))

    assert [outcome.kind for outcome in held.outcomes][1] == "duplicate_item"
    assert [outcome.kind for outcome in gone.outcomes][1] == "matched"


def test_what_is_known_to_break_is_left_out_whole() -> None:
    """All of the mapping's changes of that event, with the reason; the other mapping's stay."""
    book = ledger(broken={(7, "m"): "too deep"})

    folded = fold(book, 7, event(), evaluation(change(), change(trigger="u"), change(mapping="n", pin="p-2")))

    assert [(outcome.kind, outcome.reason) for outcome in folded.outcomes[1:4]] == [
        ("error", "it cannot be kept: too deep"),
        ("error", "it cannot be kept: too deep"),
        ("matched", ""),
    ]
    assert folded.mappings == ("n",)
    assert book.owners == {"p-2": "n"}


def test_versions_survive_the_store() -> None:
    """Numbers, instants and texts come back as they were."""
    version = (NOON, 3, "a", None)

    assert decode_version(encode_version(version)) == version
