"""A signature that stands in a list: `t=1,v1=ab,v1=cd` or `v1,ab v1,cd`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.errors import SenderError

MAX_SIGNATURES = 16


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
