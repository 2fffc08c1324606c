"""Keys out of what was published: sets of JSON Web Keys (RFC 7517). Pure.

Of a set only the key that a token names is read, and only for the algorithm that the token was allowed to have, so
that neither a large set nor one with keys of other kinds costs or changes anything.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
import orjson

MAX_KEYS = 200


class NotAKeySet(ValueError):
    """What was given as a set of keys is none."""


def keys_named(content: bytes, kid: str, algorithm: str) -> tuple[jwt.PyJWK, ...]:
    """Give the keys of that name that may verify that algorithm. Raises `NotAKeySet`."""
    return _load(content, kid, algorithm) if kid in _read_set(content) else ()


@lru_cache(maxsize=32)
def _read_set(content: bytes) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """Give a set's keys by their names, as they are written. Raises `NotAKeySet`."""
    try:
        listed = orjson.loads(content)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise NotAKeySet("it is not an object with 'keys'") from error
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise NotAKeySet(f"its 'keys' are not a list of at most {MAX_KEYS}")
    named: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for key in listed:
        if isinstance(key, dict) and isinstance(kid := key.get("kid"), str):
            named[kid] = (*named.get(kid, ()), key)
    return named


def _load_key(key: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    """Read one key for one algorithm; None where it is not for that, or not for signatures."""
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return None
    try:
        return jwt.PyJWK(dict(key), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None  # of another kind than the algorithm, or malformed: no key that could verify


@lru_cache(maxsize=256)
def _load(content: bytes, kid: str, algorithm: str) -> tuple[jwt.PyJWK, ...]:
    loaded = (_load_key(key, algorithm) for key in _read_set(content)[kid])
    return tuple(key for key in loaded if key is not None)
