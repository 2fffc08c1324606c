"""A key that comes back: whatever a server says, what is shown and logged of it never holds the key. Pure."""

import re

_SHOWN = b"[key]"
_ESCAPED = b"\"\\/'"
"""What JSON, and Python where it quotes bytes, may write with a backslash before it."""


class Mask:
    """Hides one key of printable ASCII, also where JSON writes characters of it by their codes."""

    def __init__(self, key: str) -> None:
        self._pattern = re.compile(b"".join(map(_written, key.encode())))

    def hide(self, data: bytes) -> bytes:
        """Replace the key wherever it stands; to be done before anything is cut, as half a key is not found."""
        return self._pattern.sub(_SHOWN, data)

    def hide_in(self, text: str) -> str:
        """Replace the key in a text."""
        return self.hide(text.encode("utf-8", "backslashreplace")).decode()


def _written(code: int) -> bytes:
    character = bytes([code])
    optional = rb"\\?" if character in _ESCAPED else b""
    return b"(?:%b%b|(?i:\\\\u%04x))" % (optional, re.escape(character), code)
