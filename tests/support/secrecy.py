"""No secret ever: what the tests make a bridge say and keep is searched for every secret that they use."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

LONG_ENOUGH = 8
"""A secret of fewer characters may stand in a text by chance."""

_HOLDS_SECRET = re.compile(r"_SECRET$|_TOKEN$|_KEY$")


def secrets_in(names: Mapping[str, object]) -> frozenset[bytes]:
    """Give the secrets among named values, such as an environment or the names of a module: texts or bytes."""
    found: set[bytes] = set()
    for name, value in names.items():
        if _HOLDS_SECRET.search(f"_{name}") and isinstance(value, str | bytes):
            text = value.encode() if isinstance(value, str) else value
            found |= {part.strip() for part in text.split(b",")}
    return frozenset(secret for secret in found if len(secret) >= LONG_ENOUGH)


def told_secrets(secrets: Iterable[bytes], text: bytes) -> list[str]:
    """Give the secrets that stand in a text."""
    return [secret.decode("utf-8", "replace") for secret in secrets if secret in text]


def hold_untold(secrets: Iterable[bytes], *files: Path) -> None:
    """Fail where one of the files holds a secret; those that are not there hold none."""
    known = list(secrets)
    for file in files:
        told = told_secrets(known, file.read_bytes()) if file.exists() else []
        assert told == [], f"{file.name} holds a secret: {told}"
