"""Who may use `/api/`, and how much of it.

A right token is let in whatever strangers do: those use up an allowance of their own. So nobody can shut the owner out,
also where all come through one proxy. What keeps a token from being guessed is its length (`settings.py`), not a lock.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import Scope

from bridge.settings import MAX_TOKEN


@dataclass(slots=True)
class Allowance:
    """What may be asked for: `burst` requests at once, and `per_s` each second from then on. Seconds by `clock`."""

    burst: float
    per_s: float
    clock: Callable[[], float] = monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.burst, self.clock()

    def take(self) -> float:
        """Take one request; gives 0, or how long to wait for it where there is none left."""
        now = self.clock()
        self._left, self._at = min(self.burst, self._left + (now - self._at) * self.per_s), now
        if self._left < 1:
            return (1 - self._left) / self.per_s
        self._left -= 1
        return 0.0


def _of_a_token() -> Allowance:
    return Allowance(burst=120, per_s=20)


def _of_strangers() -> Allowance:
    return Allowance(burst=30, per_s=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use `/api/`: `start_token` opens it from this machine, `admin_token` from anywhere.

    Each token has an allowance, so that a script elsewhere leaves the command line here its own; all others share one.
    """

    start_token: str
    admin_token: str | None
    here: Allowance = field(default_factory=_of_a_token)
    anywhere: Allowance = field(default_factory=_of_a_token)
    strangers: Allowance = field(default_factory=_of_strangers)

    def allowance(self, scope: Scope) -> Allowance | None:
        """Give the allowance of the token that the request carries, if it counts from where it comes; None for none."""
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if _is_same(given, self.start_token) and _is_from_this_machine(scope):
            return self.here
        if self.admin_token is not None and _is_same(given, self.admin_token):
            return self.anywhere
        return None


def _is_same(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing of the token that is expected, not even its length."""
    return hmac.compare_digest(_digest(given[: MAX_TOKEN + 1]), _digest(expected))


def _digest(token: str) -> bytes:
    return hashlib.blake2b(token.encode()).digest()


def _is_from_this_machine(scope: Scope) -> bool:
    """Tell whether the request comes from loopback, or from the very address that it was sent to."""
    client, server = scope.get("client"), scope.get("server")
    if client is None:
        return False
    host = client[0]
    return (server is not None and host == server[0]) or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
