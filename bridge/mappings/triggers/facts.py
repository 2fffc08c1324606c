"""What a trigger knows while it runs, and the one way in which it gives up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from babel import Locale

from bridge.errors import AuthorError
from bridge.events import Event, Json
from bridge.mappings.expressions.dialect import localized
from bridge.mappings.expressions.expressions import Expression, Surroundings, scope_of
from bridge.mappings.queries.queries import Missing
from bridge.mappings.records import OutcomeKind
from bridge.mappings.values.bounds import EVALUATION_WORK, ExpressionError, Work
from bridge.mappings.values.values import Value

Found = Value | Missing
"""What a look-up gives: a value (null is one), or `MISSING`."""

MAX_EVENT_WORK = 2_000_000
"""Units of work (see `bounds`) of a mapping for one event: ten expressions for each of 10,000 items."""

MOMENT_WORK = 10_000
"""Units of work of all triggers for one event that is evaluated on the spot: some milliseconds."""

FAILURE_WORK = 300
"""Units of work of putting into words what went wrong."""

_SHORT = 1024
"""Characters of a text that is not worth counting."""


class TriggerFault(AuthorError):
    """A trigger cannot make a change of this event; `kind` and the message become its outcome."""

    def __init__(self, message: str, kind: OutcomeKind = "error") -> None:
        super().__init__(message)
        self.kind: OutcomeKind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What every trigger and template of one mapping shares."""

    constants: Mapping[str, Value]
    locale: Locale
    timezone: tzinfo


class Facts:
    """One event, or one item in it, as a trigger sees it; `item` is what `$` stands for.

    `work` is what all expressions may still cost for this event, those of all its items together.
    """

    __slots__ = ("_scope", "event", "item", "shared", "variables", "work")

    def __init__(self, event: Event, item: Json, shared: Shared, work: Work) -> None:
        self.event = event
        self.item = item
        self.shared = shared
        self.work = work
        self.variables: dict[str, Value] = {}
        self._scope: dict[str, Any] = {}

    @property
    def own_at(self) -> datetime:
        """When the event happened, as far as the source knows: else when it arrived."""
        return self.event.at or self.event.received_at

    def charge(self, found: Found) -> None:
        """Count what it costs to look at a value whole, or to take it along; for a short one that is nothing.

        The items of one event may each do that with the same large part of the payload.
        """
        kind = type(found)
        if kind is list or kind is dict or (kind is str and len(found) > _SHORT):  # type: ignore[arg-type]  # a text
            self.work.spend_on_all(found)

    def evaluate(self, expression: Expression) -> Value:
        """Evaluate an expression on the constants, the event's header and the variables so far."""
        self.work.spend(EVALUATION_WORK)
        if not self._scope:
            self._scope = self._scope_of_event()
        scope = self._scope
        for name in expression.names:
            if name in self.variables and name not in scope:
                scope[name] = localized(self.variables[name], self.shared.timezone)
        try:
            return expression.run(scope)
        except ExpressionError:
            self.work.spend(FAILURE_WORK)
            raise

    def _scope_of_event(self) -> dict[str, Any]:
        """Give what expressions see before any variable; constants hold no times."""
        event, shared = self.event, self.shared
        self.work.spend(len(shared.constants) >> 4)
        header: dict[str, Value] = {
            "source": event.source,
            "type": event.type,
            "id": event.id,
            "at": self.own_at,
            "received_at": event.received_at,
        }
        surroundings = Surroundings(now=event.received_at, locale=shared.locale, timezone=shared.timezone)
        return {**shared.constants, **scope_of({"event": header}, surroundings, self.work)}
