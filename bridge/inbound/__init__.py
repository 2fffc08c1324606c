"""From an HTTP request to a verified Event. Providers are data; see the folder `catalogue`."""

from bridge.inbound.batch import AcceptBatch, Batch, SettleBatch
from bridge.inbound.catalogue import providers
from bridge.inbound.endpoint import HookEndpoint, Reply
from bridge.inbound.handshakes import Keys
from bridge.inbound.own import own_event
from bridge.inbound.receive import reread
from bridge.inbound.signing import sign, sign_request
from bridge.inbound.sources import Source, Sources, declared_sources, load_source, load_sources

__all__ = [
    "AcceptBatch",
    "Batch",
    "HookEndpoint",
    "Keys",
    "Reply",
    "SettleBatch",
    "Source",
    "Sources",
    "declared_sources",
    "load_source",
    "load_sources",
    "own_event",
    "providers",
    "reread",
    "sign",
    "sign_request",
]
