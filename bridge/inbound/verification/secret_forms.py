"""How the text of a secret becomes the key: as it stands, or decoded, with or without a prefix.

Stripe's `whsec_` belongs to the key; Standard Webhooks' is taken off and the rest is base64.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass

SECRET_ENCODINGS = ("utf8", "base64", "hex")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretForm:
    """`strip` is a prefix that may stand before the secret and is not part of it."""

    encoding: str = "utf8"
    strip: str = ""

    def read(self, secret: bytes) -> bytes:
        """Give the key. Raises `ValueError`, which never shows the secret, where it is malformed."""
        text = secret.removeprefix(self.strip.encode())
        try:
            key = _decode(text, self.encoding)
        except (binascii.Error, ValueError):
            # Not chained: the cause would show the secret.
            raise ValueError(f"it is not {self.encoding}") from None
        if not key:
            raise ValueError("it is empty")
        return key


def _decode(text: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return b64decode(text, validate=True)
    if encoding == "hex":
        return bytes.fromhex(text.decode("ascii"))
    return text
