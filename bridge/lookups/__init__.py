"""Keys and certificates that providers publish, fetched over HTTPS and remembered within bounds."""

from bridge.lookups.fetching import Fetcher
from bridge.lookups.lookups import Lookups

__all__ = ["Fetcher", "Lookups"]
