"""Opening the store as the settings say, for every command that writes."""

from bridge.events import Clock
from bridge.settings import Settings
from bridge.store import Store


def open_store(settings: Settings, clock: Clock) -> Store:
    """Open it; raises what `Store.open` does."""
    return Store.open(
        settings.database,
        clock=clock,
        horizon_s=settings.horizon,
        retention_s=settings.retention,
        journal_bytes=settings.journal_max,
    )
