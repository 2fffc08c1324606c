"""What is known of providers: how they sign, name and number their events, and how one sets them up. Data."""

from bridge.inbound.catalogue.catalogue import providers

__all__ = ["providers"]
