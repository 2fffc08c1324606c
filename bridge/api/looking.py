"""What is told of a database: the API and the command line both tell it by this, of one moment each.

What is asked for and not there is a `ConfigurationError` that says what may have been meant.
"""

from collections.abc import Mapping
from datetime import datetime

from bridge.api.shapes import (
    MOST_OUTCOMES,
    Approved,
    Attempt,
    BudgetWindow,
    Database,
    Event,
    EventPage,
    Journal,
    Outcome,
    Pin,
    PinPage,
    Rebuild,
    SourceKey,
    SourceKeys,
    Standing,
    WholeEvent,
    WholePin,
)
from bridge.api.wanted import EventsWanted, EventWanted, ParkedWanted, PinsWanted, PinWanted
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json, OfferedKey
from bridge.making_way import making_way
from bridge.mappings import Mapping as CompiledMapping
from bridge.spelling import suggest
from bridge.state import PinState, Readings, tell_state
from bridge.store import Budget, EventFilter, EventRecord, Look, PinFilter, PinRecord, Sizes, Snapshot

MOST_MEANT = 5
SHOWN_OF_KEY = 4
MOST_COMPARED = 1000
MOST_REBUILDS = 100


def tell_events(look: Look, wanted: EventsWanted) -> EventPage:
    """Give a page of events."""
    fits = EventFilter(
        source=wanted.source,
        mapping=wanted.mapping,
        outcome=wanted.outcome,
        pin=wanted.pin,
        since=wanted.since,
        until=wanted.until,
    )
    page = look.events(fits, limit=wanted.limit, before=wanted.before)
    return EventPage(events=tuple(map(event_of, making_way(page.events))), next=page.before)


def tell_event(look: Look, wanted: EventWanted) -> WholeEvent:
    """Give one event."""
    event = look.event(wanted.number)
    if event is None:
        raise ConfigurationError([Problem(file=f"event {wanted.number}", message="the journal does not hold it")])
    return WholeEvent(
        **dict(event_of(event)),
        headers={**event.headers},
        query={**event.query},
        body=event.body.decode("utf-8", "replace"),
    )


def tell_keys(look: Look) -> SourceKeys:
    """Give the keys that came over the wire, none of them whole."""
    return SourceKeys(keys=tuple(map(key_of, look.keys())))


def key_of(key: OfferedKey) -> SourceKey:
    """Give what is shown of a key."""
    return SourceKey(
        number=key.number,
        source=key.source,
        begins=key.key[:SHOWN_OF_KEY].decode(),
        address=key.address,
        offered_at=key.offered_at,
        approved_at=key.approved_at,
    )


def approved(key: OfferedKey, now: datetime) -> Approved:
    """Give what is told of a key that is approved at a moment, by what it was before."""
    is_new = key.approved_at is None
    shown = key_of(key).model_copy(update={"approved_at": now if is_new else key.approved_at})
    return Approved(key=shown, paste=key.key.decode() if is_new and key.is_pasted else None)


def tell_pins(look: Look, wanted: PinsWanted) -> PinPage:
    """Give a page of pins."""
    page = look.pins(PinFilter(mapping=wanted.mapping, state=wanted.state), limit=wanted.limit, after=wanted.after)
    return PinPage(pins=tuple(map(_pin, making_way(page.pins))), next=page.after)


def parked(wanted: ParkedWanted) -> PinsWanted:
    """Give what asks for parked pins."""
    return PinsWanted(state="parked", limit=wanted.limit, after=wanted.after)


def tell_pin(look: Look, wanted: PinWanted, mappings: Mapping[str, CompiledMapping]) -> WholePin:
    """Give one pin with what is held of its entries, by the mappings that are loaded, and its newest attempts."""
    pin = look.pin(wanted.pin)
    if pin is None:
        message = f"no mapping shows it, and none ever did{_meant(look, wanted.pin)}"
        raise ConfigurationError([Problem(file=f"pin {wanted.pin}", message=message)])
    mapping = mappings.get(pin.mapping)
    return WholePin(
        **dict(_pin(pin)),
        state_of_entries={} if mapping is None else _state_of(look, pin.pin, mapping),
        attempts=tuple(map(Attempt.model_validate, look.attempts(pin.pin, limit=wanted.attempts))),
    )


def tell_standing(look: Look, budget: Budget, sizes: Sizes | None) -> Standing:
    """Give how a database stands, and what is left of the budget."""
    survey = look.survey(budget)
    journal = Journal(
        events=survey.journal_events,
        bytes=survey.journal_bytes,
        age_s=survey.journal_age_s,
        lacking=look.lacking(),
    )
    windows = [
        BudgetWindow(length_s=window.length_s, tokens=window.tokens, left=left) for window, left in survey.left.items()
    ]
    builds = [*look.builds().items()][:MOST_REBUILDS]
    return Standing(
        pins={**survey.pins},
        oldest_due_s=survey.oldest_due_s,
        budget=tuple(windows),
        journal=journal,
        rebuilds=tuple(Rebuild(mapping=name, read=build.read, of=build.of) for name, build in builds),
        database=None if sizes is None else Database(database=sizes.database, log=sizes.log, free=sizes.free),
    )


def event_of(record: EventRecord) -> Event:
    """Give an event as a listing has it."""
    return Event(
        number=record.number,
        source=record.source,
        type=record.type,
        id=record.id,
        at=record.at,
        received_at=record.received_at,
        content_type=record.content_type,
        body_bytes=record.body_bytes,
        outcomes=tuple(map(Outcome.model_validate, record.outcomes[:MOST_OUTCOMES])),
        outcomes_in_all=len(record.outcomes),
    )


def _pin(record: PinRecord) -> Pin:
    return Pin.model_validate(record)


def _state_of(look: Look, pin: str, mapping: CompiledMapping) -> dict[str, Json]:
    def tell(snapshot: Snapshot, readings: Readings) -> dict[str, Json]:
        return tell_state(PinState(pin=pin, held=snapshot.held, readings=readings), mapping, look.now)

    return look.view(pin, {mapping.name: mapping.state}, tell)


def _meant(look: Look, name: str) -> str:
    """Say which pin may be meant: those of a mapping that is called so, or the nearest."""
    of_mapping = look.pins(PinFilter(mapping=name), limit=MOST_MEANT)
    if of_mapping.pins:
        more = " and others" if of_mapping.after is not None else ""
        return f"; the mapping {name} shows {', '.join(pin.pin for pin in of_mapping.pins)}{more}"
    some = look.pins(PinFilter(), limit=MOST_COMPARED)
    return suggest(name, [pin.pin for pin in some.pins])
