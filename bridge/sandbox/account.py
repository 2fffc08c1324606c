"""Who may call, and how often: keys with scopes, and a budget in strictly rolling windows.

Pure: the current time is handed in, in seconds. The rules follow Pindown's Update Pin page
(`pins:write`, two tokens a request) and its pins overview (a rolling window per identity).
"""

import math
from collections import deque
from collections.abc import Mapping

from bridge.errors import SenderError
from bridge.units import Window

DEFAULT_KEY = "pk_sandbox"
"""The key that opens a sandbox for which no other was named; no secret."""

ALL_SCOPES = frozenset({"pins:read", "pins:write"})


class RateLimited(SenderError):
    """The budget is spent; `retry_after_s` is when there is room again, in whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(429, "RATE_LIMITED", f"Rate limit exceeded; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Meter:
    """Tokens that may be spent; in any window of each length never more than its tokens.

    A token spent at t is free again at t + length, not before. What is refused costs
    nothing, but is counted in `violations`.
    """

    def __init__(self, windows: tuple[Window, ...]) -> None:
        self.windows = windows
        self.violations = 0
        self._spent: deque[tuple[float, int]] = deque()

    def spend(self, tokens: int, now: float) -> None:
        """Spend tokens, or raise `RateLimited`."""
        self._forget(now)
        free_at = max(self._free_at(window, tokens, now) for window in self.windows)
        if free_at > now:
            self.violations += 1
            raise RateLimited(max(1, math.ceil(free_at - now)))
        self._spent.append((now, tokens))

    def spent(self, window: Window, now: float) -> int:
        """Count the tokens spent in the window that ends now."""
        return sum(tokens for at, tokens in self._spent if at > now - window.length_s)

    def _free_at(self, window: Window, tokens: int, now: float) -> float:
        """Say when `tokens` fit into the window: now, or when enough old ones have left it."""
        excess = self.spent(window, now) + tokens - window.tokens
        if excess <= 0:
            return now
        for at, old in self._spent:
            if at > now - window.length_s:
                excess -= old
                if excess <= 0:
                    return at + window.length_s
        return now + window.length_s

    def _forget(self, now: float) -> None:
        longest_s = max(window.length_s for window in self.windows)
        while self._spent and self._spent[0][0] <= now - longest_s:
            self._spent.popleft()


class Account:
    """The keys that open the pins, each with its scopes, and the budget that they share."""

    def __init__(self, keys: Mapping[str, frozenset[str]], windows: tuple[Window, ...]) -> None:
        self.keys = dict(keys)
        self.meter = Meter(windows)

    def scopes_of(self, authorization: str) -> frozenset[str]:
        """Give the scopes of a `Bearer` key; raises `SenderError` 401 where it opens nothing."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or key.strip() not in self.keys:
            raise SenderError(401, "UNAUTHORIZED", "A valid API key is wanted: Authorization: Bearer <key>")
        return self.keys[key.strip()]


def require_scope(scopes: frozenset[str], wanted: str) -> None:
    """Raise `SenderError` 403 where a key lacks a scope."""
    if wanted not in scopes:
        raise SenderError(403, "SCOPE_REQUIRED", f"This needs an API key with the {wanted!r} scope")
