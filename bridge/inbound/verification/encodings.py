"""How a signature is written as text: exactly, as to case and padding."""

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "hex": lambda digest: digest.hex().encode(),
    "base64": b64encode,
    "base64url": lambda digest: urlsafe_b64encode(digest).rstrip(b"="),
    "base64url-padded": urlsafe_b64encode,
}
DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "hex": lambda text: bytes.fromhex(text.decode("ascii")),
    "base64": lambda text: b64decode(text, validate=True),
    "base64url": lambda text: urlsafe_b64decode(text + b"=" * (-len(text) % 4)),
    "base64url-padded": urlsafe_b64decode,
}
"""They raise `ValueError`, and may take what means the same; see `decode`."""


def decode(text: bytes, encoding: str) -> bytes:
    """Decode what only one text stands for. Raises `ValueError` for every other that means the same."""
    try:
        decoded = DECODERS[encoding](text)
    except ValueError as error:
        raise ValueError(f"it is not {encoding}") from error
    if ENCODERS[encoding](decoded) != text:
        raise ValueError(f"it is not {encoding} as it is written")
    return decoded
