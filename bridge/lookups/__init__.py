"""Keys and certificates that providers publish, fetched over HTTPS and remembered within bounds."""

from bridge.lookups.lookups import Lookups

__all__ = ["Lookups"]
