"""The address of a bridge, as a user writes it, and what stands for one that is not known."""

import re

from bridge.errors import ConfigurationError, Problem

UNKNOWN_BASE = "https://<your bridge>"
"""What stands for the bridge's address where PINBRIDGE_PUBLIC_URL does not say it."""


def read_address(text: str, place: str) -> str:
    """Read an address. Raises `ConfigurationError`, whose problem stands at `place`."""
    if re.fullmatch(r"https?://[^/?#\s]+/*", text) is None:
        message = f"{text[:80]!r} is not the address of a bridge; write one such as http://127.0.0.1:8080"
        raise ConfigurationError([Problem(file=place, message=message)])
    return text.rstrip("/")
