"""Finding signatures: one that stands alone, or those of a list such as `t=1,v1=ab,v1=cd` or `v1,ab v1,cd`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.errors import SenderError
from bridge.inbound.verification.places import InHeaders, InQuery, Place, Root
from bridge.inbound.verification.scheme import Unverified

MAX_SIGNATURES = 16
MAX_SIGNATURE = 4096

Find = Callable[[Unverified, Root], tuple[list[str], str | None]]
"""Gives the signatures, and the time where it is one of their elements. Raises `SenderError` 401 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """How the list is written.

    `signatures` are the keys of signatures; elements under other keys are ignored and never fallen
    back to. Spaces after a separator do not count. `timestamp` is the key of the signed time, None
    where that stands elsewhere.
    """

    separator: str
    key_separator: str
    signatures: tuple[str, ...]
    timestamp: str | None = None

    def splitter(self, where: object) -> Callable[[str], tuple[list[str], str | None]]:
        """Give what takes a text apart into signatures and time, and raises `SenderError` 401 for none, or too many."""
        separator, key_separator, keys, timestamp_key = (
            self.separator,
            self.key_separator,
            self.signatures,
            self.timestamp,
        )

        def split(text: str) -> tuple[list[str], str | None]:
            signatures: list[str] = []
            timestamps: list[str] = []
            for item in text.split(separator):
                key, found, content = item.lstrip(" ").partition(key_separator)
                if found and key in keys:
                    signatures.append(content)
                elif found and key == timestamp_key:
                    timestamps.append(content)
            if not signatures:
                raise SenderError(401, "missing_signature", f"{where} holds no signature of a known kind")
            if len(signatures) > MAX_SIGNATURES or len(timestamps) > 1:
                raise SenderError(401, "malformed_signature", f"{where} holds too many elements")
            return signatures, timestamps[0] if timestamps else None

        return split

    def join(self, signature: str, timestamp: str | None) -> str:
        """Write the list with one signature."""
        given: Iterable[tuple[str, str | None]] = ((self.timestamp or "", timestamp), (self.signatures[0], signature))
        return self.separator.join(f"{key}{self.key_separator}{value}" for key, value in given if key and value)


def finder(place: Place, elements: Elements | None) -> Find:
    """Give what finds the signatures at a place; most schemes have one header, and a short way."""
    split = _alone if elements is None else elements.splitter(place)
    if not isinstance(place, InHeaders) or len(place.names) > 1:
        return lambda request, root: _joined(map(split, _texts(place, request, root)))
    (name,) = place.names

    def find(request: Unverified, root: Root) -> tuple[list[str], str | None]:
        text = request.headers.get(name)
        if not text or len(text) > MAX_SIGNATURE:
            (text,) = _texts(place, request, root)
        return split(text)

    return find


def _texts(place: Place, request: Unverified, root: Root) -> list[str]:
    """Give what stands at the place."""
    texts = place.find(request, root)
    if not texts:
        raise SenderError(401, "missing_signature", f"{place} is missing or empty")
    if isinstance(place, InQuery) and len(texts) > 1:
        raise SenderError(401, "malformed_signature", f"{place} comes more than once")
    if max(map(len, texts)) > MAX_SIGNATURE:
        raise SenderError(401, "malformed_signature", f"{place} is too long")
    return texts


def _alone(text: str) -> tuple[list[str], str | None]:
    return [text], None


def _joined(split: Iterable[tuple[list[str], str | None]]) -> tuple[list[str], str | None]:
    signatures: list[str] = []
    timestamp: str | None = None
    for more, timestamp in split:  # noqa: B007 - the last one's counts, and is signed
        signatures += more
    return signatures, timestamp
