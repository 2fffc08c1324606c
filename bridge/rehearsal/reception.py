"""From a sample to its events, on the road of a webhook: signed, verified, read and named. Pure.

A sample that carries no signature is signed with a made-up secret. One that does is verified
with the source's own, as of the time that was signed; where that secret is not at hand, it is
signed anew, and `Signature` says so.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from bridge.errors import SenderError
from bridge.events import Event
from bridge.inbound import Source, sign_request
from bridge.inbound.bodies import read_format
from bridge.inbound.handshakes import Handshaken
from bridge.inbound.locations import HeaderPlace, Location
from bridge.inbound.receive import Request, read_event, read_events, read_headers
from bridge.inbound.verification import Unverified, Verified, Verifier
from bridge.rehearsal.samples import Sample

Signature = Literal["none", "added", "verified", "replaced", "unchecked"]
"""None is asked for; made up here; the sample's own, and genuine; the sample's own, which nobody could check.

Unchecked is a sample of a source for which only its sender can sign, without a signature or without the key.
"""

_MADE_UP = (b"5ec2e75ec2e75ec2e75ec2e7", b"made:up")
"""A secret for every form: text, hex and base64 alike, and user:password."""

_EVENT, _ID = "pinbridge-rehearsed-event", "pinbridge-rehearsed-id"
"""Headers that carry what a sample says in place of what its source would find; taken off again."""


def receive(
    source: Source, sample: Sample, received_at: datetime, *, max_body_bytes: int
) -> tuple[list[Event], Signature]:
    """Make the events of a sample: one, but for a batch. Raises `SenderError` as the endpoint would."""
    if len(sample.body) > max_body_bytes:
        raise SenderError(413, "body_too_large", f"the body is larger than {max_body_bytes:,} bytes")
    given = {"content-type": "application/json", **sample.headers}
    headers = read_headers(source, [(name.encode(), value.encode("latin-1")) for name, value in given.items()])
    verifying, signed, signature = _signed(source, Unverified(sample.body, headers, sample.query), received_at)
    naming, names = _named(verifying, sample)
    found = {**signed.headers, **names}
    request = Request(found, read_format(found, is_json=source.is_json), signed.query, signed.body)
    try:
        read = _read(naming, request, max_body_bytes, received_at)
    except Handshaken as handshaken:
        raise SenderError(handshaken.status, "handshake", str(handshaken)) from handshaken
    return [event._replace(headers=_without(names, event.headers)) for event in read], signature


def _read(source: Source, request: Request, max_body_bytes: int, received_at: datetime) -> list[Event]:
    if source.layout is None:
        return [read_event(source, request, max_body_bytes=max_body_bytes, now=received_at)]
    # What cannot be read of one among many counts as none, as it does where the log tells of it.
    reading = read_events(source, request, max_body_bytes=max_body_bytes, now=received_at, unread=lambda _reason: None)
    return [*reading.events]


def _without(names: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def _signed(source: Source, request: Unverified, received_at: datetime) -> tuple[Source, Unverified, Signature]:
    """Give a source that takes the sample, the request, and how its signature came about."""
    scheme = source.scheme
    if not scheme.needs_secret and scheme.can_sign:
        return source, sign_request(source, request, b"", received_at), "none"
    carries_one = scheme.carries_proof(request)
    if carries_one and source.secrets:
        return replace(source, verifier=_as_of_its_time(source, source.verifier)), request, "verified"
    if not scheme.can_sign:
        return replace(source, verifier=_take), request, "unchecked"
    secret, verifier = _made_up(source)
    bare = {name: value for name, value in request.headers.items() if name not in source.credential_headers}
    bare_request = request._replace(headers=bare)
    # A time that stands in the payload is the sample's own, and stays.
    signed_at = scheme.signed_at(bare_request) or received_at
    signed = sign_request(source, bare_request, secret, signed_at)
    taking = replace(source, verifier=_as_of_its_time(source, verifier))
    return taking, signed, "replaced" if carries_one else "added"


def _as_of_its_time(source: Source, verifier: Verifier) -> Verifier:
    """Verify at the moment of signing: a sample is older than any tolerance."""

    def verify(request: Unverified, now: datetime) -> Verified:
        return verifier(request, source.scheme.signed_at(request) or now)

    return verify


def _take(request: Unverified, _now: datetime) -> Verified:
    return Verified(request.body, None)


def _made_up(source: Source) -> tuple[bytes, Verifier]:
    """Give a secret of the form that the source wants, and what verifies it."""
    first, second = _MADE_UP
    tolerance_s = int(source.tolerance_s)
    try:
        return first, source.scheme.bind((first,), tolerance_s=tolerance_s, url=source.url)
    except ValueError:
        return second, source.scheme.bind((second,), tolerance_s=tolerance_s, url=source.url)


def _named(source: Source, sample: Sample) -> tuple[Source, Mapping[str, str]]:
    """Let the source find type and id where the sample says them."""
    names: dict[str, str] = {}
    if sample.event is not None:
        source, names[_EVENT] = replace(source, event=Location((HeaderPlace(_EVENT),))), sample.event
    if sample.id is not None:
        source, names[_ID] = replace(source, id=Location((HeaderPlace(_ID),))), sample.id
    return source, names
