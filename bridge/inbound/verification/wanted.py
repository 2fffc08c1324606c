"""Keys that stand elsewhere: what a verifier asks for where it lacks one. Pure: who fetches it stands outside.

A verifier looks into what is known, and asks by `KeyWanted` for what is not there. The request is then set aside
and verified again once the key is known (`gathering`); a key that cannot be had accepts nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bridge.errors import KeyUnavailable, PinbridgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A request whose answer a verification needs: a GET of an https address, or a POST of `body`, which is JSON.

    `what` names in messages what is looked up; `provider` whose it is, and how many look-ups of one provider there
    may be is bounded. A status of `absent`, with `absent_word` in the answer, says that there is no such thing; any
    other than 200 is a failure. Raises `ValueError` for an address that is not https.
    """

    provider: str
    what: str
    url: str
    body: bytes | None = field(default=None, repr=False)
    """May hold credentials."""
    absent: frozenset[int] = frozenset()
    absent_word: bytes = b""

    def __post_init__(self) -> None:
        """Look nothing up where anyone on the way could answer."""
        if not self.url.startswith("https://"):
            raise ValueError("a look-up needs an https address")


class Known(Protocol):
    """What look-ups have found."""

    def get(self, lookup: Lookup, /) -> bytes | None:
        """Give what was found, None where that is not known (any more)."""


NOTHING_KNOWN: Known = dict[Lookup, bytes]()
"""What those know who look nothing up."""


class KeyWanted(KeyUnavailable):
    """A verification cannot go on before a look-up is done; for whoever looks nothing up, the key is unavailable.

    `refusal` is what the sender is told where there is no such key. `outdated` is what that look-up found last, where
    something newer is wanted in its place.
    """

    def __init__(self, lookup: Lookup, refusal: PinbridgeError, *, outdated: bytes | None = None) -> None:
        super().__init__(f"{lookup.what} of {lookup.provider} must be looked up first; send again")
        self.lookup = lookup
        self.refusal = refusal
        self.outdated = outdated


Tell = Callable[[Exception | None], None]
"""Takes None once a verification may be tried again, or what the sender is told instead."""


class KeyFinder(Protocol):
    """Looks keys up, and remembers them."""

    @property
    def known(self) -> Known:
        """What it has found."""

    def find(self, wanted: KeyWanted, tell: Tell) -> None:
        """Begin to look; `tell` is called at once or later, and once."""


class NoKeys:
    """Finds none: for whoever verifies nothing that needs one."""

    known = NOTHING_KNOWN

    def find(self, wanted: KeyWanted, tell: Tell) -> None:
        """Tell that nothing is looked up."""
        tell(wanted)
