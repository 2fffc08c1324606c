"""What `serve` would refuse of good mappings where it runs, for the commands that say so before."""

from collections.abc import Mapping
from functools import partial

from bridge.configuration import Refuse
from bridge.errors import StoreUnusable
from bridge.lossy import platform_under, refuse_state
from bridge.settings import Settings
from bridge.store.database import Database


def refusal(settings: Settings, environ: Mapping[str, str]) -> Refuse:
    """Give what refuses mappings as `serve` would here; a database that it could not open is no fault of theirs."""
    try:
        platform = platform_under(Database.at(settings.database).path, environ)
    except StoreUnusable:
        platform = None
    return partial(refuse_state, platform, allow_lossy=settings.allow_lossy)
