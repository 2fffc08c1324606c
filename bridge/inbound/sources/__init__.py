"""Sources: what the catalogue, `sources.yaml` and the environment say of a sender, read and ready for requests."""

from bridge.inbound.sources.declarations import Ack
from bridge.inbound.sources.sources import (
    WITHOUT_ANY,
    Secrets,
    Source,
    Sources,
    declared_sources,
    load_source,
    load_sources,
)

__all__ = [
    "WITHOUT_ANY",
    "Ack",
    "Secrets",
    "Source",
    "Sources",
    "declared_sources",
    "load_source",
    "load_sources",
]
