"""Keys that come over the wire: offered by whoever sends, and nothing signed by them counts until they are approved.

Some providers (Asana, Notion) make the key themselves and send it unsigned, so that anyone may. What is kept
is bounded, an offer pushes out none that is there, and an approved key stays whatever is offered.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from bridge.errors import SenderError
from bridge.events import Json, OfferedKey
from bridge.inbound.handshakes.places import AskedPlace
from bridge.inbound.verification import Unverified, Verified, Verifier

MOST_OFFERS = 5
"""How many offers of a source may wait for approval."""

MIN_KEY, MAX_KEY = 16, 256
"""How long a key is, in characters."""

_NOT_APPROVED = "the key of this source is not approved yet; its owner runs `pinbridge keys`"


class Keys:
    """The keys of all sources, in memory: what is kept, and what is about to be. Belongs to the event loop."""

    def __init__(self) -> None:
        self._approved: dict[str, tuple[bytes, ...]] = {}
        self._offered: dict[str, tuple[bytes, ...]] = {}

    def load(self, kept: Iterable[OfferedKey]) -> None:
        """Hold these, and no others."""
        self._approved, self._offered = {}, {}
        for each in kept:
            held = self._offered if each.approved_at is None else self._approved
            held[each.source] = (*held.get(each.source, ()), each.key)

    def approved(self, source: str) -> tuple[bytes, ...]:
        """Give the keys that count."""
        return self._approved.get(source, ())

    def offered(self, source: str) -> tuple[bytes, ...]:
        """Give the keys that wait for approval."""
        return self._offered.get(source, ())

    def offer(self, source: str, key: bytes) -> bool:
        """Take in an offer; gives False for one that is known.

        Raises `SenderError` 503 where too many of this source wait.
        """
        offered = self.offered(source)
        if key in offered or key in self.approved(source):
            return False
        if len(offered) >= MOST_OFFERS:
            message = "too many keys of this source wait for approval; its owner removes some with `pinbridge keys`"
            raise SenderError(503, "too_many_keys", message)
        self._offered[source] = (*offered, key)
        return True

    def withdraw(self, source: str, key: bytes) -> None:
        """Forget an offer that could not be kept."""
        self._offered[source] = tuple(each for each in self.offered(source) if each != key)


def read_key(found: Json, place: AskedPlace) -> bytes:
    """Give an offered key. Raises `SenderError` 400, which never shows it."""
    if not (isinstance(found, str) and MIN_KEY <= len(found) <= MAX_KEY and found.isascii() and found.isprintable()):
        message = f"what stands {place} is no key: one has {MIN_KEY} to {MAX_KEY} printable ASCII characters"
        raise SenderError(400, "bad_key", message)
    return found.encode()


def keyed(
    source: str, bind: Callable[[tuple[bytes, ...]], Verifier], secrets: tuple[bytes, ...], keys: Keys
) -> Verifier:
    """Give a verifier by the secrets of a source and its approved keys, as they are when a request comes.

    What is signed by a key that is only offered, or comes while no key counts, is put off (503).
    """
    bound: dict[tuple[bytes, ...], Verifier] = {}

    def verifier(these: tuple[bytes, ...]) -> Verifier:
        if these not in bound:
            if len(bound) > 1:  # the keys that count, and those that are offered
                bound.clear()
            bound[these] = bind(these)
        return bound[these]

    def verify(request: Unverified, now: datetime) -> Verified:
        counting = (*secrets, *keys.approved(source))
        if not counting:
            raise SenderError(503, "key_not_approved", _NOT_APPROVED)
        try:
            return verifier(counting)(request, now)
        except SenderError:
            if offered := keys.offered(source):
                _put_off_if_offered(verifier(offered), request, now)
            raise

    return verify


def _put_off_if_offered(verify: Verifier, request: Unverified, now: datetime) -> None:
    try:
        verify(request, now)
    except SenderError:
        return
    raise SenderError(503, "key_not_approved", _NOT_APPROVED)
