"""Opening the store as the settings say, for every command that writes."""

from bridge.app import now
from bridge.settings import Settings
from bridge.store import Store


def open_store(settings: Settings) -> Store:
    """Open it; raises what `Store.open` does."""
    return Store.open(
        settings.database,
        clock=now,
        horizon_s=settings.horizon,
        retention_s=settings.retention,
        journal_bytes=settings.journal_max,
    )
