"""From an HTTP request to a verified Event. Providers are data; see the folder `catalogue`."""

from bridge.inbound.bodies import reread_payload
from bridge.inbound.catalogue import providers
from bridge.inbound.endpoint import HookEndpoint, Reply
from bridge.inbound.handshakes import Keys, Offer, OfferedKey
from bridge.inbound.own import own_event
from bridge.inbound.signing import sign
from bridge.inbound.sources import Source, Sources, declared_sources, load_source, load_sources

__all__ = [
    "HookEndpoint",
    "Keys",
    "Offer",
    "OfferedKey",
    "Reply",
    "Source",
    "Sources",
    "declared_sources",
    "load_source",
    "load_sources",
    "own_event",
    "providers",
    "reread_payload",
    "sign",
]
