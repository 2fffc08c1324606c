"""What every way of verifying a sender has in common. Pure: no clock, no I/O.

A `Scheme` is data (see the `catalogue`). Bound to the secrets of a source it gives a
`Verifier`, so that keys are prepared once and not per request. Unverified and verified
bytes are different types: only a verifier makes the second from the first.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from bridge.inbound.layouts.items import Items
from bridge.inbound.locations import Place
from bridge.inbound.verification.wanted import NOTHING_KNOWN, Known

DEFAULT_TOLERANCE_S = 300
"""How far a sender's clock may be off, either way; what Stripe and Standard Webhooks use."""


class Unverified(NamedTuple):
    """A request as it came: the raw body, before decompression, headers with lower-case names, the raw query.

    `known` is what was looked up for such requests; see `KeyWanted`.
    """

    body: bytes
    headers: Mapping[str, str]
    query: bytes = b""
    method: str = "POST"
    known: Known = NOTHING_KNOWN


class Verified(NamedTuple):
    """The bytes that a sender who knows the secret has sent, and the time that he signed, verbatim."""

    body: bytes
    timestamp: str | None


Verifier = Callable[[Unverified, datetime], Verified]
"""Takes a request and the current instant; raises `SenderError` 401 that names the failed check.

It raises `KeyWanted` where a key must be looked up first."""


class Scheme(Protocol):
    """How senders of one kind prove who they are."""

    @property
    def headers(self) -> frozenset[str]:
        """The headers that it reads; none of them may come twice."""

    @property
    def credential_headers(self) -> frozenset[str]:
        """Those of them that authenticate, and so never reach the journal."""

    @property
    def credential_fields(self) -> frozenset[str]:
        """The fields of the query string that authenticate, and so never reach the journal."""

    @property
    def challenge(self) -> str | None:
        """What a 401 says in `WWW-Authenticate`, None where that does not apply."""

    @property
    def needs_secret(self) -> bool:
        """Tell whether a source without a secret must be refused."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """Name the values of the source's `expect` that are missing, and without which the proof proves nothing."""

    @property
    def signs_time(self) -> bool:
        """Tell whether the sender's time is signed, so that a replay is told from a repetition."""

    @property
    def signs_url(self) -> bool:
        """Tell whether the address is signed that the sender knows us by, so that we must know it too."""

    @property
    def can_sign(self) -> bool:
        """Tell whether our secret is the sender's; with a public key nobody can sign."""

    def covers(self, place: Place, each: Items | None = None) -> bool:
        """Tell whether what stands at a place cannot be forged apart from what is signed.

        `each` are the items that the source takes bodies apart into, None where a body is an event.
        """

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Prepare the keys; any of several secrets may match. `url` is the source's address as its sender knows it.

        Raises `ValueError`, which never shows it, for a malformed secret.
        """

    def carries_proof(self, request: Unverified) -> bool:
        """Tell whether a request seems to be signed already, whatever that is worth."""

    def signed_at(self, request: Unverified) -> datetime | None:
        """Give the time that a request says it was signed at, None where it names none or none is signed.

        Raises `SenderError` 401 where that cannot be read.
        """

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request as a genuine sender would send it: with headers, a field of the query or of the body added.

        Raises `ValueError` where that cannot be, `SenderError` where the request lacks what is to be signed.
        """


def verify(scheme: Scheme, request: Unverified, secrets: tuple[bytes, ...], now: datetime) -> Verified:
    """Verify one request with the default tolerance; a source that verifies many binds its scheme once."""
    return scheme.bind(secrets, tolerance_s=DEFAULT_TOLERANCE_S)(request, now)
