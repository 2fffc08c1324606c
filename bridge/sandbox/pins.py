"""The pins and what an update does to them; pure, the time is handed in.

An update keeps what it does not name: fields and metadata keys are merged one by one, and
`pin_config` is replaced whole, as Pindown's Update Pin page and its older server agree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.errors import SenderError
from bridge.pin_model import PIN_ID, Fitted, Flaw, fit

MAX_PINS = 10_000
"""How many pins the sandbox holds; with `auto_create` a stray client cannot fill the memory."""

_FLAGS = ("is_public", "allow_edit", "require_sign_in", "allow_comments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One pin as it is now. Times in milliseconds since the epoch; `version` counts all changes of all pins."""

    id: str
    pin_type: str | None
    created_at: int
    updated_at: int
    updates: int = 0
    version: int = 0
    flags: Mapping[str, bool] = field(default_factory=lambda: dict.fromkeys(_FLAGS, False))
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title, or the id where none was given."""
        return str(self.metadata.get("title") or self.id)

    @property
    def content(self) -> Any:
        """The `pin_config`, None before the first."""
        return self.metadata.get("pin_config")

    def to_json(self) -> dict[str, Any]:
        """Give the pin as Pindown's Get Pin page shows it."""
        return {
            "id": self.id,
            "title": self.title,
            "is_public": self.flags["is_public"],
            "metadata": {
                "title": self.title,
                "tags": self.metadata.get("tags", []),
                "pin_type": self.pin_type,
                "pin_config": self.content,
                **{name: value for name, value in self.flags.items() if name != "is_public"},
            },
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


class Pins:
    """All pins of the sandbox, in order of creation.

    `types` fixes the type of pins by id; others take the type of their first content.
    With `auto_create` an update of an unknown id makes the pin, else it is refused.
    """

    def __init__(self, *, auto_create: bool, types: Mapping[str, str], version: int = 0) -> None:
        self.version = version
        self._auto_create = auto_create
        self._types = dict(types)
        self._pins: dict[str, Pin] = {}

    def __len__(self) -> int:
        return len(self._pins)

    def __iter__(self) -> Iterator[Pin]:
        return iter(self._pins.values())

    def get(self, pin_id: str) -> Pin:
        """Give a pin; raises `SenderError` 404 where there is none."""
        try:
            return self._pins[pin_id]
        except KeyError as error:
            raise _not_found() from error

    def create(self, pin_id: str, pin_type: str | None, now_ms: int) -> Pin:
        """Make an empty pin, or make an existing one empty; raises `SenderError` where the id is none."""
        if PIN_ID.match(pin_id) is None:
            raise SenderError(400, "VALIDATION_FAILED", "A pin id is p- and up to 64 letters, digits, - or _")
        if len(self._pins) >= MAX_PINS and pin_id not in self._pins:
            raise SenderError(403, "FORBIDDEN", f"The sandbox holds at most {MAX_PINS:,} pins")
        pin_type = pin_type or self._types.get(pin_id)
        return self._keep(Pin(id=pin_id, pin_type=pin_type, created_at=now_ms, updated_at=now_ms))

    def delete(self, pin_id: str) -> None:
        """Remove a pin; raises `SenderError` 404 where there is none."""
        self.get(pin_id)
        del self._pins[pin_id]
        self.version += 1

    def update(self, pin_id: str, body: object, now_ms: int) -> Pin:
        """Apply an update; raises `SenderError` 404 for an unknown pin and 400 for wrong content."""
        pin = self._find_or_make(pin_id, now_ms)
        fitted = _accept(body, pin.pin_type or self._types.get(pin_id))
        known = {name: value for name, value in fitted.body.items() if name in _FLAGS}
        return self._keep(
            replace(
                pin,
                pin_type=fitted.pin_type,
                updated_at=max(now_ms, pin.updated_at),
                updates=pin.updates + 1,
                flags={**pin.flags, **known},
                metadata={**pin.metadata, **fitted.body.get("metadata", {})},
            )
        )

    def _find_or_make(self, pin_id: str, now_ms: int) -> Pin:
        if pin_id in self._pins:
            return self._pins[pin_id]
        makes = pin_id in self._types or (self._auto_create and PIN_ID.match(pin_id) is not None)
        if not makes:
            raise _not_found()
        if len(self._pins) >= MAX_PINS:
            raise SenderError(403, "FORBIDDEN", f"The sandbox holds at most {MAX_PINS:,} pins")
        return Pin(id=pin_id, pin_type=self._types.get(pin_id), created_at=now_ms, updated_at=now_ms)

    def _keep(self, pin: Pin) -> Pin:
        self.version += 1
        kept = replace(pin, version=self.version)
        self._pins[pin.id] = kept
        return kept


def _accept(body: object, pin_type: str | None) -> Fitted:
    """Take a body that fits as it stands; the sandbox turns no number into text, as Pindown may not."""
    fitted = fit(body, pin_type)
    wrong = (*fitted.flaws, *fitted.coerced)
    if wrong:
        raise SenderError(400, "VALIDATION_FAILED", _why(wrong[0], fitted.pin_type))
    return fitted


def _why(wrong: Flaw, pin_type: str | None) -> str:
    if wrong.path[:2] == ("metadata", "pin_config"):
        return f"Invalid content structure for pin card type '{pin_type or 'unknown'}': {wrong}"
    return f"Invalid update: {wrong}"


def _not_found() -> SenderError:
    return SenderError(404, "NOT_FOUND", "There is no such pin, or this key has no access to it")
