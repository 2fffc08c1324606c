"""Items with a key of their own count once in each number, whatever failed, was mended, rebuilt or replayed."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.rebuilding import Shop, configured

from bridge.rebuilding import replay
from bridge.rebuilding.rereading import Evaluator

ITEMS = """
pin: p-items
triggers:
  - {name: item, source: shop, event: sale, each: $.items, key: $.k, extract: {n: $.n, one: $.one}}
state:
  added: {sum: WHAT}
  counted: {count: item}
update: {metadata: {pin_config: {content: "{{ added.value }} {{ counted.value }}"}}}
"""
BROKEN, MENDED = ({"items": ITEMS.replace("WHAT", what)} for what in ("n", "one"))

Events = list[list[tuple[str, bool]]]
"""Of each event its items: their keys, and whether the broken mapping can add them up."""

events = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), min_size=1, max_size=3), max_size=5)


async def _shown(before: Events, after: Events, *, rebuilds: bool) -> tuple[str, str]:
    """Give what the pin shows once all is mended, and after one more rebuild."""
    with tempfile.TemporaryDirectory() as folder:
        shop = await Shop(path=Path(folder) / "items.db", configuration=configured(BROKEN)).open()
        await _send(shop, before)
        await shop.load(MENDED)
        if rebuilds:
            await shop.rebuild()
        await _send(shop, after)
        await shop.rebuild()
        await replay(shop.store, Evaluator(shop.configuration))
        mended = await shop.shown("p-items")
        await shop.store.builds.begin("items", None)
        await shop.rebuild()
        again = await shop.shown("p-items")
        await shop.store.close()
        return mended, again


async def _send(shop: Shop, events: Events) -> None:
    for items in events:
        told = [{"k": key, "n": 1 if is_good else "bad", "one": 1} for key, is_good in items]
        await shop.send(items=told)
        shop.move(seconds=1)


@settings(max_examples=60, deadline=None)
@given(before=events, after=events, rebuilds=st.booleans())
def test_an_item_counts_once_in_every_number(before: Events, after: Events, *, rebuilds: bool) -> None:
    """The entry that was mended and the one beside it, that never changed, know the same items."""
    keys = {key for items in (*before, *after) for key, _ in items}
    expected = f"{len(keys)} {len(keys)}"
    assert asyncio.run(_shown(before, after, rebuilds=rebuilds)) == (expected, expected)
