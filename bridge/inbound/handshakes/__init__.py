"""Handshakes: what a sender asks before it sends events, and what it hears. Data, and pure."""

from bridge.inbound.handshakes.handshake import (
    NO_HANDSHAKES,
    Condition,
    Handshake,
    Handshaken,
    Handshakes,
    KeyOffered,
)
from bridge.inbound.handshakes.keys import Keys
from bridge.inbound.handshakes.places import Asked, AskedPlace, QueryPlace, parse_asked_place
from bridge.inbound.handshakes.replies import Reply, ReplyTemplate

__all__ = [
    "NO_HANDSHAKES",
    "Asked",
    "AskedPlace",
    "Condition",
    "Handshake",
    "Handshaken",
    "Handshakes",
    "KeyOffered",
    "Keys",
    "QueryPlace",
    "Reply",
    "ReplyTemplate",
    "parse_asked_place",
]
