"""How the text of a secret becomes the key: as it stands, or decoded, with or without prefixes.

Stripe's `whsec_` belongs to the key; Standard Webhooks' is taken off and the rest is base64.
"""

import re
from dataclasses import dataclass

from bridge.inbound.verification.encodings import DECODERS

SECRET_ENCODINGS = ("utf8", "base64", "hex")
_PARTS = re.compile(r"\{(secret|timestamp)\}")


@dataclass(frozen=True, slots=True)
class KeyTemplate:
    """A key of secret and timestamp, as GitGuardian makes it: `{timestamp}{secret}`."""

    pieces: tuple[str, ...]
    """Literal text and placeholders' names in turn."""

    @classmethod
    def parse(cls, text: str) -> "KeyTemplate":
        """Read it. Raises `ValueError` for another placeholder, or without both."""
        pieces = _PARTS.split(text)
        if any("{" in literal or "}" in literal for literal in pieces[::2]) or set(pieces[1::2]) != {
            "secret",
            "timestamp",
        }:
            raise ValueError(f"{text!r} must hold {{secret}} and {{timestamp}}, and no other braces")
        return cls(tuple(pieces))

    def fill(self, key: bytes, timestamp: str | None) -> bytes:
        """Give the key for one request."""
        named = {"secret": key, "timestamp": (timestamp or "").encode()}
        return b"".join(named[piece] if turn % 2 else piece.encode() for turn, piece in enumerate(self.pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretForm:
    """`strip` are prefixes that may stand before the secret, in that order, and are not part of it."""

    encoding: str = "utf8"
    strip: tuple[str, ...] = ()
    key: KeyTemplate | None = None

    def read(self, secret: bytes) -> bytes:
        """Give the key. Raises `ValueError`, which never shows the secret, where it is malformed."""
        text = secret
        for prefix in self.strip:
            text = text.removeprefix(prefix.encode())
        try:
            key = DECODERS[self.encoding](text) if self.encoding in DECODERS else text
        except ValueError:
            # Not chained: the cause would show the secret.
            raise ValueError(f"it is not {self.encoding}") from None
        if not key:
            raise ValueError("it is empty")
        return key
