"""`pinbridge keys`: the keys that senders offered over the wire, to be approved or removed.

The running bridge is asked; where none runs, the store is opened alone. A database is not made for it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from bridge.api.looking import approved, key_of
from bridge.api.shapes import Approved, SourceKey, SourceKeys
from bridge.api.wanted import KeyWanted
from bridge.app import now
from bridge.approving import found_key
from bridge.cli.asking import ask, find_bridge
from bridge.cli.look import ago
from bridge.cli.opening import open_store
from bridge.cli.output import print_json, print_table, stdout, visible
from bridge.cli.views import asked
from bridge.settings import Settings
from bridge.store import Store, open_readonly


def list_keys(listed: SourceKeys, *, as_json: bool, now: datetime) -> None:
    """Print the keys, none of them whole."""
    if as_json:
        print_json(listed.model_dump(mode="json"))
        return
    rows = [
        (str(key.number), key.source, _standing(key, now), ago(key.offered_at, now), key.address, _begins(key))
        for key in listed.keys
    ]
    empty = "no sender has offered a key; those of most sources are set as variables"
    print_table(("NUMBER", "SOURCE", "STATE", "OFFERED", "FROM", "BEGINS WITH"), rows, empty=empty)
    if any(key.approved_at is None for key in listed.keys):
        stdout.print("approve the one that came when you set up the webhook: pinbridge keys --approve NUMBER")


def approve_key(settings: Settings, number: int, url: str | None, *, as_json: bool) -> None:
    """Let a key count, and say so; one that has to be shown to its sender is printed.

    Raises `ConfigurationError` where there is no key of this number, and else as `retry` does.
    """
    done = asyncio.run(_approve(settings, asked(KeyWanted, number=number), url))
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    source = done.key.source
    stdout.print(f"approved: key {number} of {source}; what it signs counts from now on", markup=False)
    if done.paste is not None:
        stdout.print(f"paste it into the form of {source}, it is not shown again: {visible(done.paste)}", markup=False)


def remove_keys(settings: Settings, numbers: Sequence[int], url: str | None, *, as_json: bool) -> None:
    """Forget keys, and say so; raises as `approve_key` does."""
    wanted = [asked(KeyWanted, number=number) for number in numbers]
    removed = asyncio.run(_remove(settings, wanted, url))
    if as_json:
        print_json([key.model_dump(mode="json") for key in removed])
        return
    for key in removed:
        stdout.print(f"removed: key {key.number} of {key.source}; what it signs is refused from now on", markup=False)


async def _approve(settings: Settings, wanted: KeyWanted, url: str | None) -> Approved:
    running = find_bridge(settings, url)
    if running is not None:
        return Approved.model_validate(await ask(running, "/api/keys/approve", wanted))
    async with _alone(settings) as store:
        return approved(found_key(wanted.number, await store.approve_key(wanted.number)), now())


async def _remove(settings: Settings, wanted: Sequence[KeyWanted], url: str | None) -> list[SourceKey]:
    running = find_bridge(settings, url)
    if running is not None:
        return [SourceKey.model_validate(await ask(running, "/api/keys/remove", each)) for each in wanted]
    async with _alone(settings) as store:
        return [key_of(found_key(each.number, await store.remove_key(each.number))) for each in wanted]


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[Store]:
    open_readonly(settings.database).close()
    store = open_store(settings, now)
    try:
        yield store
    finally:
        await store.close()


def _standing(key: SourceKey, now: datetime) -> str:
    return "offered" if key.approved_at is None else f"approved {ago(key.approved_at, now)}"


def _begins(key: SourceKey) -> str:
    return visible(f"{key.begins}…")
