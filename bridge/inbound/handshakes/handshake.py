"""What a handshake is, and which one a request asks for. Pure.

A handshake is no event: nothing of it is stored, but for a key that it offers (`keys`). Which of a source's
handshakes are tried when is decided once, so that a webhook of a source without any pays for nothing.
"""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bridge.errors import SenderError
from bridge.events import Json, Offer
from bridge.inbound.handshakes.keys import read_key
from bridge.inbound.handshakes.places import Asked, AskedPlace, find
from bridge.inbound.handshakes.replies import Fields, Reply
from bridge.inbound.locations import HeaderPlace, PathPlace

METHODS = ("GET", "HEAD", "OPTIONS", "POST")

Wanted = Literal["equal", "there", "missing", "verify_token"]


class Handshaken(Exception):
    """A request was a handshake: it is answered like this, and is no event."""

    def __init__(self, status: int, fields: Fields, body: bytes) -> None:
        super().__init__("this is a handshake, and no event")
        self.status = status
        self.fields = fields
        self.body = body


class KeyOffered(Handshaken):
    """The same, once the key is kept that it offers."""

    def __init__(self, status: int, fields: Fields, body: bytes, offer: Offer) -> None:
        super().__init__(status, fields, body)
        self.offer = offer


@dataclass(frozen=True, slots=True)
class Condition:
    """What must stand at a place: `value`, something, nothing, or the verify token of the source."""

    place: AskedPlace
    wanted: Wanted
    value: Json = None

    def holds(self, asked: Asked) -> bool:
        """Tell whether it holds; of a verify token only whether something is there."""
        found = find(self.place, asked)
        if self.wanted == "equal":
            return found == self.value and isinstance(found, bool) == isinstance(self.value, bool)
        return (found is None) == (self.wanted == "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One request that a provider makes before it sends, and the reply. `offers` is where a key stands in it.

    `is_verified` says that the request must prove its sender as an event must.
    """

    method: str = "POST"
    conditions: tuple[Condition, ...] = ()
    is_verified: bool = True
    reply: Reply = field(default_factory=Reply)
    offers: AskedPlace | None = None
    is_pasted: bool = False

    @property
    def places(self) -> tuple[AskedPlace, ...]:
        """Where it looks."""
        offers = () if self.offers is None else (self.offers,)
        return (*(each.place for each in self.conditions), *(each.place for each in self.reply.echoes), *offers)

    @property
    def looks_inside(self) -> bool:
        """Tell whether it needs the body."""
        return any(isinstance(place, PathPlace) for place in self.places)

    @property
    def headers(self) -> frozenset[str]:
        """The headers that it reads; none of them may come twice."""
        return frozenset(place.name for place in self.places if isinstance(place, HeaderPlace))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshakes:
    """The handshakes of one source, by when they are tried. Neither secret nor token shows in its text form.

    `secret` makes what a reply signs; `tokens` are what a verify token must equal one of, named by `token_variable`.
    """

    source: str
    at_head: Mapping[str, tuple[Handshake, ...]]
    """By method, those that need neither proof nor body; of methods without a body, all."""
    inside: tuple[Handshake, ...]
    """Those for which a POST is verified or read."""
    unproved: tuple[Handshake, ...]
    """Those of them that are answered where no proof is there."""
    secret: bytes = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)
    token_variable: str
    takes_keys: bool
    headers: frozenset[str]

    @classmethod
    def of(
        cls, source: str, handshakes: Sequence[Handshake], *, secret: bytes, tokens: tuple[bytes, ...], variable: str
    ) -> "Handshakes":
        """Sort a source's handshakes."""
        at_head: dict[str, list[Handshake]] = defaultdict(list)
        inside = []
        for each in handshakes:
            if each.method == "POST" and (each.is_verified or each.looks_inside):
                inside.append(each)
            else:
                at_head[each.method].append(each)
        return cls(
            source=source,
            at_head={method: tuple(listed) for method, listed in at_head.items()},
            inside=tuple(inside),
            unproved=tuple(each for each in inside if not each.is_verified),
            secret=secret,
            tokens=tokens,
            token_variable=variable,
            takes_keys=any(each.offers is not None for each in handshakes),
            headers=frozenset().union(*(each.headers for each in handshakes)),
        )

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are answered at the source's address, a webhook's own among them."""
        return tuple(method for method in METHODS if method == "POST" or method in self.at_head)

    @property
    def key_headers(self) -> frozenset[str]:
        """The headers in which a key comes."""
        return frozenset(each.offers.name for each in self._every if isinstance(each.offers, HeaderPlace))

    @property
    def asks_token(self) -> bool:
        """Tell whether one of them asks for the verify token."""
        return any(condition.wanted == "verify_token" for each in self._every for condition in each.conditions)

    @property
    def _every(self) -> tuple[Handshake, ...]:
        return (*self.inside, *(each for listed in self.at_head.values() for each in listed))

    def meant(self, asked: Asked, among: Sequence[Handshake]) -> Handshake | None:
        """Give the first that a request asks for, None where it asks for none.

        Raises `SenderError` 401 where all is right but the verify token.
        """
        for each in among:
            if all(condition.holds(asked) for condition in each.conditions):
                for condition in each.conditions:
                    if condition.wanted == "verify_token":
                        self._check_token(find(condition.place, asked))
                return each
        return None

    def shake(self, handshake: Handshake, asked: Asked) -> Handshaken:
        """Give the answer. Raises `SenderError` 400 for a value that cannot come back, or be a key."""
        fields, body = handshake.reply.fill(asked, self.secret)
        if asked.method == "OPTIONS":
            fields = (*fields, (b"allow", ", ".join(self.methods).encode()))
        status, body = handshake.reply.status, b"" if asked.method == "HEAD" else body
        if handshake.offers is None:
            return Handshaken(status, fields, body)
        key = read_key(find(handshake.offers, asked), handshake.offers)
        return KeyOffered(status, fields, body, Offer(self.source, key, handshake.is_pasted))

    def _check_token(self, found: Json) -> None:
        if not self.tokens:
            message = f"this source has no verify token to compare with; its owner sets {self.token_variable}"
            raise SenderError(401, "bad_verify_token", message)
        given = found.encode() if isinstance(found, str) else b""
        is_right = False
        for token in self.tokens:
            is_right |= hmac.compare_digest(token, given)
        if not is_right:
            raise SenderError(401, "bad_verify_token", "the verify token is another one")


NO_HANDSHAKES = Handshakes.of("", (), secret=b"", tokens=(), variable="")
