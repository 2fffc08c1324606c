"""Keys that came over the wire, as the store keeps them."""

from datetime import UTC, datetime
from pathlib import Path

from bridge.events import Offer
from bridge.store import Store, open_readonly

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FIRST = Offer("asana", b"b537207f20cbfa02357cf448134da559", is_pasted=False)
SECOND = Offer("asana", b"00000000000000000000000000000000", is_pasted=True)


def opened(path: Path) -> Store:
    """Open the database."""
    return Store.open(f"sqlite:///{path}", clock=lambda: NOW, horizon_s=86400, retention_s=86400)


async def test_a_key_is_kept_as_it_was_offered(tmp_path: Path) -> None:
    """Across a restart; offered again from elsewhere, it stays as it was."""
    store = opened(tmp_path / "a.db")
    first = await store.offer_key(FIRST, "192.0.2.1")
    assert await store.offer_key(FIRST, "198.51.100.1") == first
    second = await store.offer_key(SECOND, "192.0.2.2")
    await store.close()

    store = opened(tmp_path / "a.db")
    assert await store.keys() == [first, second]
    assert (first.key, first.address, first.is_pasted, first.approved_at) == (FIRST.key, "192.0.2.1", False, None)
    assert (second.is_pasted, second.offered_at) == (True, NOW)
    await store.close()


async def test_a_key_is_approved_once_and_removed(tmp_path: Path) -> None:
    """Each gives the key as it was before; of a number that there is not, nothing."""
    store = opened(tmp_path / "a.db")
    first = await store.offer_key(FIRST, "")
    before = await store.approve_key(first.number)
    again = await store.approve_key(first.number)
    assert before is not None
    assert again is not None
    assert (before.approved_at, again.approved_at) == (None, NOW)
    assert (await store.approve_key(99), await store.remove_key(99)) == (None, None)
    assert await store.remove_key(first.number) == again
    assert await store.keys() == []
    await store.close()


async def test_no_text_form_shows_a_key(tmp_path: Path) -> None:
    """Neither of the offer nor of what is kept."""
    store = opened(tmp_path / "a.db")
    first = await store.offer_key(FIRST, "")
    await store.close()
    with open_readonly(f"sqlite:///{tmp_path / 'a.db'}", clock=lambda: NOW) as reader:
        assert reader.look(lambda look: look.keys()) == [first]
    assert FIRST.key.decode() not in repr(first) + repr(FIRST)
