"""What is known of providers: how they sign, name and number their events, and how one sets them up. Data."""

from bridge.inbound.catalogue.catalogue import entry_text, providers

__all__ = ["entry_text", "providers"]
