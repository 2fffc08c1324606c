"""What the commands look at: a bridge through its API, or a database where none runs. Both tell the same.

A command asks the bridge that is named (`--url`, PINBRIDGE_URL), else the one that runs here. Where none runs, or the
one here does not answer, it reads the database file.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from bridge.api import looking
from bridge.api.shapes import Event, EventPage, Pin, PinPage, SourceKeys, Status, WholeEvent, WholePin
from bridge.api.wanted import (
    MOST_NAME,
    MOST_PINS,
    EventsWanted,
    EventWanted,
    ParkedWanted,
    PinsWanted,
    PinWanted,
    Wanted,
)
from bridge.cli.asking import NoAnswer, client_of, fetch, find_bridge
from bridge.cli.output import stderr
from bridge.configuration import load_configuration
from bridge.errors import ConfigurationError, Problem, StoreUnusable
from bridge.existence import is_there
from bridge.mappings import Mapping as CompiledMapping
from bridge.settings import Settings
from bridge.store import Budget, Reader, open_readonly

T = TypeVar("T")
Answer = TypeVar("Answer", bound=BaseModel)
Said = TypeVar("Said", bound=Wanted)
Listing = TypeVar("Listing", PinsWanted, ParkedWanted)


class Views(Protocol):
    """What can be looked at; each raises `ConfigurationError` for what is not there."""

    def events(self, wanted: EventsWanted) -> EventPage:
        """Give a page of events."""
        ...

    def event(self, wanted: EventWanted) -> WholeEvent:
        """Give one event."""
        ...

    def pins(self, wanted: PinsWanted) -> PinPage:
        """Give a page of pins."""
        ...

    def parked(self, wanted: ParkedWanted) -> PinPage:
        """Give a page of parked pins."""
        ...

    def pin(self, wanted: PinWanted) -> WholePin:
        """Give one pin."""
        ...

    def keys(self) -> SourceKeys:
        """Give the keys that came over the wire."""
        ...

    def status(self) -> Status:
        """Say how all stands."""
        ...


_PLAINLY = {
    "string_too_short": "is empty",
    "string_too_long": f"is longer than {MOST_NAME} characters",
    "string_unicode": "is not UTF-8 text",
    "too_long": f"are more than {MOST_PINS}; without any, all that are parked are tried again",
}
"""What is wrong with a word on the command line, by the kind of fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Where the commands look: the settings, the variables that mappings read, and the bridge's address if given."""

    settings: Settings
    environ: Mapping[str, str]
    url: str | None = None

    def look(self, work: Callable[[Views], T]) -> T:
        """Give what `work` makes of what it looks at.

        Raises `OperatorError` where a bridge that is named does not answer or refuses, `StoreUnusable` where there is
        neither a bridge nor a database.
        """
        running = find_bridge(self.settings, self.url)
        if running is not None:
            try:
                with client_of(running) as client:
                    return work(BridgeViews(client))
            except NoAnswer as error:
                if self.url or self.settings.url:
                    raise
                stderr.print(f"{error}; this is read from its database", markup=False)
        with self._database() as reader:
            return work(DatabaseViews(reader, self))

    @contextmanager
    def _database(self) -> Iterator[Reader]:
        """Open the database to look at it; where there is none, say what decides where it is looked for."""
        path = Path(self.settings.database.removeprefix("sqlite:///"))
        try:
            with open_readonly(self.settings.database) as reader:
                yield reader
        except StoreUnusable as error:
            if is_there(path):
                raise
            advice = f"PINBRIDGE_DATABASE says where it lies, counted from the working folder, {Path.cwd()}"
            raise StoreUnusable(f"{error}, or look elsewhere: {advice}") from error


def asked(model: type[Said], **said: object) -> Said:
    """Give what a command asks for. Raises `ConfigurationError` for what cannot be asked."""
    try:
        return model.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        problems = [
            Problem(file=str(fault["loc"][0]), message=_PLAINLY.get(fault["type"], fault["msg"])) for fault in faults
        ]
        raise ConfigurationError(problems) from error


def all_events(views: Views, wanted: EventsWanted) -> list[Event]:
    """Give as many events as are wanted, however far back they lie."""
    page = views.events(wanted)
    found: list[Event] = [*page.events]
    while page.next is not None and len(found) < wanted.limit:
        page = views.events(wanted.model_copy(update={"limit": wanted.limit - len(found), "before": page.next}))
        found += page.events
    return found


def all_pins(list_page: Callable[[Listing], PinPage], wanted: Listing) -> list[Pin]:
    """Give every pin that is wanted, page by page."""
    page: PinPage = list_page(wanted)
    found = [*page.pins]
    while page.next is not None:
        page = list_page(wanted.model_copy(update={"after": page.next}))
        found += page.pins
    return found


class BridgeViews:
    """A bridge that runs."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def events(self, wanted: EventsWanted) -> EventPage:
        """Give a page of events."""
        return self._ask("/api/events", wanted, EventPage)

    def event(self, wanted: EventWanted) -> WholeEvent:
        """Give one event."""
        return self._ask(f"/api/events/{wanted.number}", None, WholeEvent)

    def pins(self, wanted: PinsWanted) -> PinPage:
        """Give a page of pins."""
        return self._ask("/api/pins", wanted, PinPage)

    def parked(self, wanted: ParkedWanted) -> PinPage:
        """Give a page of parked pins."""
        return self._ask("/api/parked", wanted, PinPage)

    def pin(self, wanted: PinWanted) -> WholePin:
        """Give one pin."""
        return self._ask(f"/api/pins/{quote(wanted.pin, safe='')}", wanted, WholePin, but="pin")

    def keys(self) -> SourceKeys:
        """Give the keys that came over the wire."""
        return self._ask("/api/keys", None, SourceKeys)

    def status(self) -> Status:
        """Say how all stands."""
        return self._ask("/api/status", None, Status)

    def _ask(self, path: str, wanted: Wanted | None, answer: type[Answer], but: str = "") -> Answer:
        said = {} if wanted is None else wanted.model_dump(mode="json", exclude_none=True, exclude={but})
        return answer.model_validate_json(fetch(self._client, path, {name: str(value) for name, value in said.items()}))


class DatabaseViews:
    """A database on which no bridge runs, or one that does not answer."""

    def __init__(self, reader: Reader, sight: Sight) -> None:
        self._reader = reader
        self._sight = sight

    def events(self, wanted: EventsWanted) -> EventPage:
        """Give a page of events."""
        return self._reader.look(lambda look: looking.tell_events(look, wanted))

    def event(self, wanted: EventWanted) -> WholeEvent:
        """Give one event."""
        return self._reader.look(lambda look: looking.tell_event(look, wanted))

    def pins(self, wanted: PinsWanted) -> PinPage:
        """Give a page of pins."""
        return self._reader.look(lambda look: looking.tell_pins(look, wanted))

    def parked(self, wanted: ParkedWanted) -> PinPage:
        """Give a page of parked pins."""
        return self.pins(looking.parked(wanted))

    def pin(self, wanted: PinWanted) -> WholePin:
        """Give one pin; where the mappings cannot be loaded, that is told, and its state is not."""
        mappings = self._mappings()
        return self._reader.look(lambda look: looking.tell_pin(look, wanted, mappings))

    def keys(self) -> SourceKeys:
        """Give the keys that came over the wire."""
        return self._reader.look(looking.tell_keys)

    def status(self) -> Status:
        """Say how all stands."""
        settings = self._sight.settings
        budget, sizes = Budget(windows=settings.rate, cost=settings.cost), self._reader.sizes()
        standing = self._reader.look(lambda look: looking.tell_standing(look, budget, sizes))
        return Status(bridge=None, store=standing, problem="")

    def _mappings(self) -> Mapping[str, CompiledMapping]:
        folder = self._sight.settings.mappings
        try:
            configuration = load_configuration(folder, self._sight.environ, secrets_are_required=False)
        except ConfigurationError as error:
            reason = f"the mappings cannot be loaded: {error.problems[0]}"
            stderr.print(f"its state cannot be told: {reason}", markup=False)
            return {}
        return configuration.mappings.mappings
