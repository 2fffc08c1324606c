"""The body of an Update Pin request, with its content, fitted to what Pindown accepts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from bridge.pin_model.checks import boolean, list_of, object_of, text
from bridge.pin_model.content import pin_config
from bridge.pin_model.encoding import check_encodable
from bridge.pin_model.findings import Findings, Flaw, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A body as it may be sent, if it has no `flaws`.

    `notes` are warnings. `coerced` says where a number, a time or a null became text.
    `pin_type` is the type as given or as read from the content's shape, None if neither.
    Numbers and times where no text is wanted stay what they were.
    """

    body: dict[str, Any]
    flaws: tuple[Flaw, ...]
    notes: tuple[Flaw, ...]
    coerced: tuple[Flaw, ...]
    pin_type: str | None


def fit(body: object, pin_type: str | None = None, *, unknown: Collection[Path] = ()) -> Fitted:
    """Fit a rendered body to the Update Pin request; `body` itself is left as it was.

    Of what stands at an `unknown` path nothing is told: it is not rendered yet. Leaves are what
    JSON knows, and `Decimal` and `datetime`. Fitting a fitted body changes nothing more.
    """
    found = Findings(pin_type, unknown)
    fitted = _BODY(body, (), found)
    check_encodable(fitted, found)
    return Fitted(
        body=fitted if isinstance(fitted, dict) else {},
        flaws=tuple(found.flaws),
        notes=tuple(found.notes),
        coerced=tuple(found.coerced),
        pin_type=found.pin_type,
    )


def _unknown_field(found: Findings, path: Path, message: str, *, is_of_key: bool) -> None:
    """Refuse a field that the Update Pin page does not name; say where content belongs."""
    at_home = {"title": "metadata", "tags": "metadata", "pin_config": "metadata", "cards": "metadata.pin_config"}
    home = at_home.get(str(path[-1]))
    found.flaw(path, f"{message.partition(';')[0]}; it belongs in {home}" if home else message, is_of_key=is_of_key)


_BODY: Final = object_of(
    "an update",
    {
        "is_public": boolean,
        "allow_edit": boolean,
        "require_sign_in": boolean,
        "allow_comments": boolean,
        "metadata": object_of(
            "metadata",
            {"title": text, "tags": list_of("tags", text), "pin_config": pin_config},
            tell=_unknown_field,
        ),
    },
    tell=_unknown_field,
)
