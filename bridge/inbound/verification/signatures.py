"""Signatures, described by data: where one stands, where the time stands, what is signed, and with what key.

What can be decided once is decided when a scheme is bound, so that a request only runs what its scheme needs.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from bridge.errors import SenderError
from bridge.inbound.layouts.items import Items
from bridge.inbound.locations import HeaderPlace, PathPlace
from bridge.inbound.locations import Place as Located
from bridge.inbound.verification.content import Fill, Template
from bridge.inbound.verification.elements import Elements, finder
from bridge.inbound.verification.hmacs import Hmac, Matches
from bridge.inbound.verification.places import (
    InHeaders,
    InPayload,
    InQuery,
    Place,
    ProvedInPlace,
    Root,
    is_form,
    item_roots,
    payload_of,
)
from bridge.inbound.verification.public_keys import PublicKey
from bridge.inbound.verification.scheme import Unverified, Verified, Verifier
from bridge.inbound.verification.timestamps import READERS, WRITERS, Timestamp, check_time

_Read = Callable[[Unverified, Root], tuple[list[bytes], str | None]]
"""Gives the signatures and the timestamp, as texts. Raises `SenderError` 401 where one is missing."""

_Prove = Callable[[Unverified, Root], str | None]
"""Verifies a request, or one item of it, and gives its timestamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureScheme(ProvedInPlace):
    """A signature at a place, behind a `prefix`, or one of several in `elements`.

    `digest` is where the body's SHA-256 stands, in hex, of which the signature covers that place alone. With `each`,
    the items of that list have a signature of their own, every one of which must be genuine.
    """

    place: Place
    proof: Hmac | PublicKey
    signed: Template
    prefix: str = ""
    elements: Elements | None = None
    timestamp: Timestamp | None = None
    digest: InHeaders | InQuery | None = None
    each: Items | None = None

    challenge = None
    needs_secret = True
    lacks = ()

    @property
    def headers(self) -> frozenset[str]:
        """The headers of signature, timestamp and digest, and those that are signed."""
        places = (self.place, self.timestamp.place if self.timestamp else None, self.digest)
        return self.signed.headers.union(*(place.names for place in places if isinstance(place, InHeaders)))

    @property
    def signs_url(self) -> bool:
        """Tell whether the registered address is signed."""
        return self.signed.signs_url

    @property
    def can_sign(self) -> bool:
        """Tell whether the key is a shared one."""
        return self.proof.can_sign

    @property
    def signs_body(self) -> bool:
        """Tell whether no byte of the body can be changed, or its hash is signed."""
        return self.signed.signs_body or (self.digest is not None and self.signed.signs(self.digest))

    @property
    def signs_time(self) -> bool:
        """Tell whether a timestamp is part of what is signed, or of the key."""
        if self.timestamp is None:
            return False
        if self.signed.has_timestamp or self.proof.secret.key is not None:
            return True
        place = self.timestamp.place
        is_listed = isinstance(place, InHeaders) and self.signed.lists_headers
        return place is not None and (is_listed or self._signs(place))

    def covers(self, place: Located, each: Items | None = None) -> bool:
        """Tell whether the signature covers what stands there; of single values, in the items that are signed only."""
        if isinstance(place, HeaderPlace):
            own = self.timestamp.place if self.timestamp and self.signs_time else None
            return self._signs(InHeaders((place.name,))) or (isinstance(own, InHeaders) and place.name in own.names)
        if self.signs_body:
            return True
        if not isinstance(place, PathPlace) or place.view not in {None, "item"} or each != self.each:
            return False
        return self._signs(InPayload(PathPlace(place.own_steps)))

    def _signs(self, place: Place) -> bool:
        return self.signed.signs(place) or (isinstance(place, InPayload) and self.signs_body)

    def bind(self, secrets: tuple[bytes, ...], *, tolerance_s: int, url: str = "") -> Verifier:
        """Prepare the keys, and what each request goes through."""
        prove = self._prover(self.proof.bind(secrets), url)
        timestamp = self.timestamp if self.signs_time else None
        if self.each is not None:
            return _of_every_item(prove, self.each)
        give_root = payload_of if self._reads_payload else _without_payload
        if timestamp is None:
            return _without_time(prove, give_root)
        read_time = READERS[timestamp.format]

        def verify(request: Unverified, now: datetime) -> Verified:
            signed_at = prove(request, give_root(request))
            assert signed_at is not None  # noqa: S101 - a reader of a scheme with a timestamp gives it, or raises
            check_time(read_time, signed_at, now, tolerance_s)
            return Verified(request.body, signed_at)

        return verify

    @property
    def _reads_payload(self) -> bool:
        places = (self.place, self.timestamp.place if self.timestamp else None)
        return bool(self.signed.names("json")) or any(isinstance(place, InPayload) for place in places)

    def _prover(self, matches: Matches, url: str) -> _Prove:
        read, fill, check_body, late = self._reader(), self._filler(url), self._body_check(), self._late_timestamp

        def prove(request: Unverified, root: Root) -> str | None:
            signatures, timestamp = read(request, root)
            if not matches(fill(request, timestamp, root), signatures, timestamp):
                raise SenderError(401, "bad_signature", "the signature does not match the body and the secret")
            if check_body is not None:
                check_body(request, root)
            return timestamp if late is None else _only(late, late.find(request, root))

        return prove

    def _filler(self, url: str) -> Fill:
        place = self.timestamp.place if self.timestamp else None
        is_signed_by_name = self.signed.has_timestamp or place is None or self.signed.signs(place)
        required = place.names if isinstance(place, InHeaders) and not is_signed_by_name else ()
        return self.signed.compile(url, required=frozenset(required))

    @property
    def _late_timestamp(self) -> InPayload | None:
        """The timestamp's place in a body that is signed as a whole: it is parsed once it is known to be genuine."""
        place = self.timestamp.place if self.timestamp else None
        is_needed = self.signed.has_timestamp or self.proof.secret.key is not None
        return place if isinstance(place, InPayload) and not is_needed else None

    def _reader(self) -> _Read:
        find, prefix, place = finder(self.place, self.elements), self.prefix, self.place
        timestamp_place = self.timestamp.place if self.timestamp and self._late_timestamp is None else None
        in_elements = self.elements is not None and self.elements.timestamp is not None

        def read(request: Unverified, root: Root) -> tuple[list[bytes], str | None]:
            signatures, timestamp = find(request, root)
            if prefix:
                signatures = [_without(prefix, text, place) for text in signatures]
            if timestamp_place is not None:
                timestamp = _only(timestamp_place, timestamp_place.find(request, root))
            elif in_elements and not timestamp:
                raise SenderError(401, "missing_timestamp", "the signed timestamp is missing")
            return [text.encode() for text in signatures], timestamp

        return read

    def _body_check(self) -> Callable[[Unverified, Root], None] | None:
        """Give what makes sure that no body goes unsigned where a form is signed, or the body's hash; else None."""
        digest, signs_form = self.digest, bool(self.signed.names("form"))
        if digest is None and not signs_form:
            return None

        def check_body(request: Unverified, root: Root) -> None:
            found = digest.find(request, root) if digest is not None else []
            if not found and signs_form:
                if not is_form(request):
                    raise SenderError(401, "bad_signature", "the signature covers the fields of a form; this is none")
            elif found != [hashlib.sha256(request.body).hexdigest()]:
                raise SenderError(401, "bad_signature", f"{digest} is not the body's SHA-256")

        return check_body

    def carries_proof(self, request: Unverified) -> bool:
        """Tell whether something stands where the signature does."""
        return any(self.place.find(request, root) for root in item_roots(self.each, payload_of(request)))

    def signed_at(self, request: Unverified) -> datetime | None:
        """Give the signed time, None where there is none. Raises `SenderError` 401 where it cannot be read."""
        if self.timestamp is None or not self.signs_time:
            return None
        found = self._timestamps(self.timestamp, request)
        return self.timestamp.instant(found[0]) if found else None

    def _timestamps(self, timestamp: Timestamp, request: Unverified) -> list[str]:
        root = payload_of(request)
        if timestamp.place is not None:
            return timestamp.place.find(request, root)
        if not self.place.find(request, root):
            return []
        _, found = finder(self.place, self.elements)(request, root)
        return [found] if found else []

    def sign(self, request: Unverified, secret: bytes, now: datetime, *, url: str = "") -> Unverified:
        """Give the request with its signature, and with the timestamp and the digest that it covers."""
        return self.signed_by(request, lambda content, time: self.proof.sign(content, secret, time), now, url=url)

    def signed_by(
        self, request: Unverified, sign: Callable[[bytes, str | None], str], now: datetime, *, url: str = ""
    ) -> Unverified:
        """Do the same with a function that gives the signature of some bytes, for a timestamp."""
        timestamp = WRITERS[self.timestamp.format](now) if self.timestamp else None
        request = self._with_what_is_signed(request, timestamp)
        fill = self._filler(url)

        def text(root: Root) -> str:
            signature = self.prefix + sign(fill(request, timestamp, root), timestamp)
            return signature if self.elements is None else self.elements.join(signature, timestamp)

        if isinstance(self.place, InPayload):
            return self.place.put_each(request, self.each, text)
        return self.place.put(request, text(payload_of(request)))

    def _with_what_is_signed(self, request: Unverified, timestamp: str | None) -> Unverified:
        place = self.timestamp.place if self.timestamp else None
        if place is not None and timestamp is not None:
            request = place.put(request, timestamp)
        if self.digest is not None and not (self.signed.names("form") and is_form(request)):
            request = self.digest.put(request, hashlib.sha256(request.body).hexdigest())
        for name in self.signed.names("headers") - request.headers.keys():
            listed = sorted({name, *(place.names if isinstance(place, InHeaders) else ())})
            request = InHeaders((name,)).put(request, ",".join(listed))
        return request


def _of_every_item(prove: _Prove, each: Items) -> Verifier:
    def verify(request: Unverified, _now: datetime) -> Verified:
        for root in item_roots(each, payload_of(request)):
            prove(request, root)
        return Verified(request.body, None)

    return verify


def _without_time(prove: _Prove, give_root: Callable[[Unverified], Root]) -> Verifier:
    def verify(request: Unverified, _now: datetime) -> Verified:
        prove(request, give_root(request))
        return Verified(request.body, None)

    return verify


def _without(prefix: str, text: str, place: Place) -> str:
    if not text.startswith(prefix):
        raise SenderError(401, "malformed_signature", f"{place} does not begin as it should")
    return text[len(prefix) :]


def _only(place: Place, found: list[str]) -> str:
    if not found:
        raise SenderError(401, "missing_timestamp", "the signed timestamp is missing")
    if len(found) > 1:
        raise SenderError(401, "bad_timestamp", f"{place} comes more than once")
    return found[0]


def _no_payload() -> NoReturn:
    raise AssertionError("this scheme reads no payload")


def _without_payload(_request: Unverified) -> Root:
    return _no_payload
