"""The journal folded again, on a real database: what is built equals what was folded as events came."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from support.rebuilding import Shop, configured
from support.storing import forgotten, ingest

from bridge.instants import to_instant
from bridge.mappings import Evaluation, Outcome
from bridge.rebuilding import replay
from bridge.rebuilding.rereading import Evaluator
from bridge.store import active_pins, back_up, foresee, open_readonly
from bridge.store.building import FEW_EVENTS, read_chunk, read_progress
from bridge.store.journal import read_ends
from bridge.store.segments import SEGMENT_BYTES

SALES = """
pin: p-sales
triggers:
  - {name: sale, source: shop, event: sale, extract: {amount: $.amount, buyer: {path: $.buyer, default: none}}}
state:
  sales: {sum: amount, every: day, keep: 3, by: buyer}
  orders: {count: sale}
  buyers: {rows: {buyer: buyer, spent: {sum: amount}}, key: buyer}
update:
  metadata:
    pin_config:
      content: >-
        {{ sales.value }} {{ sales.series | map(attribute='value') | join(',') }} {{ orders.value }}
        {{ amount }} {{ buyers | map(attribute='spent') | join(',') }} {{ buyers.count }}
"""


def rows(shop: Shop, statement: str) -> list[tuple[Any, ...]]:
    """Read the file, beside the store."""
    with closing(sqlite3.connect(shop.path)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Give what opens a shop; all are closed after the test."""
    shops: list[Shop] = []

    async def open_shop(**fields: Any) -> Shop:
        given: dict[str, Any] = {"path": tmp_path / "pinbridge.db", "configuration": configured({"sales": SALES})}
        shop = await Shop(**given | fields).open()
        shops.append(shop)
        return shop

    yield open_shop
    for shop in shops:
        await shop.store.close()


async def test_a_new_entry_knows_the_events_from_before_it(opened: Callable[..., Any]) -> None:
    """The pin keeps what it shows until then, and then shows all of it at once."""
    shop = await opened(
        configuration=configured({"sales": SALES.replace("{count: sale}", "{count: sale, every: day}")})
    )
    for amount in (1, 2, 4):
        await shop.send(amount=amount, buyer=f"b{amount}")
        shop.move(seconds=1)
    assert await shop.shown("p-sales") == "7 0,0,0,7 3 4 4,2,1 3"

    await shop.load({"sales": SALES})
    assert (await shop.shown("p-sales"), await shop.due()) == ("rebuilding", [])
    await shop.send(amount=8, buyer="b1")
    await shop.rebuild()

    assert await shop.shown("p-sales") == "15 0,0,0,15 4 8 9,4,2 3"
    assert await shop.due() == ["p-sales"]


async def test_what_is_built_equals_what_was_folded_as_it_came(opened: Callable[..., Any]) -> None:
    """Row for row, whatever the order of arrival, over many chunks."""
    shop = await opened()
    for number in range(200):
        late = timedelta(hours=(number * 37) % 90)
        await shop.send(at=shop.now - late, amount=number, buyer=f"b{number % 7}")
        shop.move(minutes=11)
    kept = "SELECT entry, pin, part, key, bucket, data, at, rank, expires_at FROM state JOIN generations ON {of} "
    is_needed = f"(expires_at IS NULL OR expires_at > {int(shop.now.timestamp() * 1_000_000)})"
    live = kept.format(of=f"number = generation AND status = 'live' WHERE {is_needed}") + " ORDER BY 1, 2, 3, 4, 5"
    before, shown = rows(shop, live), await shop.shown("p-sales")
    newest = rows(shop, "SELECT pin, number, variables FROM latest")

    await shop.store.builds.begin("sales", None)
    await shop.rebuild()

    assert rows(shop, live) == before
    assert await shop.shown("p-sales") == shown
    live_latest = "SELECT pin, latest.number, variables FROM latest JOIN generations AS g ON g.number = generation"
    assert rows(shop, f"{live_latest} WHERE status = 'live'") == newest
    assert rows(shop, "SELECT count(*) FROM generations WHERE status = 'building'") == [(0,)]


async def test_a_rebuild_goes_on_where_it_was_broken_off(opened: Callable[..., Any]) -> None:
    """After another start, with events that came meanwhile, and each counted once."""
    shop = await opened()
    for _ in range(150):
        await shop.send(amount=1, buyer="ann")
    await shop.store.builds.begin("sales", None)
    assert await shop.rebuilder.step()
    assert rows(shop, "SELECT DISTINCT cursor FROM generations WHERE status = 'building'") == [(FEW_EVENTS,)]
    await shop.store.close()

    again = await opened(sent=shop.sent)
    await again.send(amount=1, buyer="bob")
    assert await again.shown("p-sales") == "rebuilding"
    await again.rebuild()

    assert await again.shown("p-sales") == "151 0,0,0,151 151 1 150,1 2"


async def test_a_backup_at_any_moment_of_a_rebuild_goes_on_from_there(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    """Before it, in its midst, and after the swap: what is put in place counts each event once, and new ones."""
    shop = await opened()
    for _ in range(150):
        await shop.send(amount=1, buyer="ann")
    await shop.store.builds.begin("sales", None)
    copies, more = list[Path](), True
    while more:
        copies.append(tmp_path / f"copy-{len(copies)}.db")
        back_up(shop.url, copies[-1], lambda _copied, _total: None)
        more = await shop.rebuilder.step()
    assert await shop.shown("p-sales") == "150 0,0,0,150 150 1 150 1"

    for copy in copies:
        again = await opened(path=copy, sent=shop.sent)
        await again.send(amount=1, buyer="bob")
        await again.rebuild()
        assert await again.shown("p-sales") == "151 0,0,0,151 151 1 150,1 2"
    assert len(copies) > 2


async def test_what_is_cut_by_size_during_a_rebuild_was_read(opened: Callable[..., Any]) -> None:
    """Round after round between its steps: all that the journal held when it began counts, and is cut after it."""
    shop = await opened(options={"journal_bytes": 2 * SEGMENT_BYTES})
    for _ in range(150):
        await shop.send(amount=1, buyer="ann", padding="x" * 30_000)
    await shop.store.builds.begin("sales", None)
    more, rounds = True, 0
    while more:
        shop.move(seconds=61)
        await shop.send(amount=1, buyer="ann", padding="x" * 30_000)
        await forgotten(shop.store)
        more, rounds = await shop.rebuilder.step(), rounds + 1
    total = 150 + rounds
    assert await shop.shown("p-sales") == f"{total} 0,0,0,{total} {total} 1 {total} 1"

    shop.move(seconds=61)
    await shop.send(amount=1, buyer="ann")
    await forgotten(shop.store)
    assert rows(shop, "SELECT count(*) FROM events")[0][0] < 100
    assert (await shop.shown("p-sales")).startswith(f"{total + 1} ")


async def test_an_author_may_think_better_of_it(opened: Callable[..., Any]) -> None:
    """What was there before goes on from where it was, with what came meanwhile."""
    shop = await opened()
    await shop.send(amount=1, buyer="ann")
    await shop.load({"sales": SALES.replace("every: day, keep: 3", "every: hour, keep: 3")})
    await shop.send(amount=2, buyer="ann")
    await shop.load({"sales": SALES})
    await shop.rebuild()
    assert await shop.shown("p-sales") == "3 0,0,0,3 2 2 3 1"
    assert {status for (status,) in rows(shop, "SELECT status FROM generations")} <= {"live", "retired"}


@pytest.mark.parametrize("then", ["another definition", "a rebuild", "nothing loaded"])
async def test_what_is_broken_off_while_it_catches_up_is_not_lost(opened: Callable[..., Any], then: str) -> None:
    """It was complete once, and has what the journal has no more."""
    shop = await opened(options={"retention_s": 3 * 86400})
    for _ in range(4):
        await shop.send(amount=1, buyer="ann")
        shop.move(days=1)
    with closing(sqlite3.connect(shop.path)) as connection, connection:
        connection.execute("DELETE FROM events WHERE number < 4")
    other = {"sales": SALES.replace("sum: amount, every", "max: amount, every")}
    await shop.load(other)
    await shop.send(amount=1, buyer="ann")
    await shop.load({"sales": SALES})
    assert rows(shop, "SELECT cursor FROM generations WHERE entry = 'sales' AND status = 'building'") == [(4,)]

    if then == "a rebuild":
        await shop.rebuilder.rebuild("sales", None)
    else:
        await shop.load(other if then == "another definition" else {"other": SALES.replace("p-sales", "p-other")})
        await shop.load({"sales": SALES})
    await shop.rebuild()
    assert (await shop.shown("p-sales")).startswith("1 1,1,1,1 ")


async def test_a_mapping_that_was_gone_has_what_came_meanwhile(opened: Callable[..., Any]) -> None:
    """It rests with what it has, and reads on from there."""
    shop = await opened()
    await shop.send(amount=1, buyer="ann")
    await shop.load({"other": SALES.replace("p-sales", "p-other")})
    await shop.rebuild()
    await shop.send(amount=2, buyer="ann")
    await shop.load({"sales": SALES})
    await shop.rebuild()
    assert await shop.shown("p-sales") == "3 0,0,0,3 2 2 3 1"


async def test_an_event_under_way_is_folded_by_the_definitions_that_there_are_then(opened: Callable[..., Any]) -> None:
    """It was evaluated before a reload and is committed after it: not by the old ones, not twice, and not lost."""
    shop = await opened()
    await shop.send(amount=1, buyer="ann")
    slow = shop.event(amount=2, buyer="ann")
    evaluation = shop.mappings.evaluate(slow)
    await shop.load({"sales": SALES.replace("amount: $.amount", "amount: $.n")})
    await shop.rebuild()
    pending: list[str] = []
    shop.store.on_pending = lambda: pending.append("woken")

    await ingest(shop.store, slow, evaluation)
    assert pending == ["woken"]
    await shop.rebuild()
    await shop.rebuild()

    assert await shop.shown("p-sales") == "3 0,0,0,3 2 2 3 1"
    assert rows(shop, "SELECT count(*) FROM unfolded") == [(0,)]


async def test_replay_folds_once_what_failed_and_passes_now(opened: Callable[..., Any]) -> None:
    """What still fails is told with its reason, and stays for another time."""
    shop = await opened()
    await shop.send(amount=1, buyer="ann")
    failed = shop.event(amount=2, buyer="ann")
    outcome = Outcome(mapping="sales", trigger="sale", kind="error", reason="it took too long then", pin=None)
    await ingest(shop.store, failed, Evaluation((), (outcome,), shop.mappings.fingerprints))
    await shop.send(buyer="bob")
    assert rows(shop, "SELECT DISTINCT number, pending FROM unfolded") == [(2, 0), (3, 0)]
    evaluator = Evaluator(shop.configuration)

    replayed = await replay(shop.store, evaluator)
    again = await replay(shop.store, evaluator, mapping="sales")

    assert (replayed.folded, again.folded) == (1, 0)
    [(number, mapping, reason)] = again.failed
    assert (number, mapping) == (3, "sales")
    assert "$.amount" in reason
    assert await shop.shown("p-sales") == "3 0,0,0,3 2 2 3 1"
    [(outcomes,)] = rows(shop, "SELECT outcomes FROM events WHERE number = 2")
    assert '"kind":"matched"' in outcomes
    assert "too long" not in outcomes


async def test_what_size_cut_is_lacking_only_where_the_journal_is_folded_again(opened: Callable[..., Any]) -> None:
    """What was folded as it came stays whole; a new entry says since when it is."""
    counting = SALES.replace("{{ buyers.count }}", "{{ orders.complete_since }}")
    shop = await opened(configuration=configured({"sales": counting}), options={"journal_bytes": 2 * SEGMENT_BYTES})
    for _ in range(60):
        await shop.send(amount=1, buyer="ann", padding="x" * 100_000)
        shop.move(seconds=2)
    shop.move(seconds=61)
    await forgotten(shop.store)
    [(count, received_at)] = rows(shop, "SELECT count(*), min(received_at) FROM events")
    assert 15 < count < 35
    assert (await shop.shown("p-sales")).startswith("60 0,0,0,60 60 1 60 ")

    await shop.load({"sales": counting.replace("{count: sale}", "{count: [sale]}")})
    await shop.rebuild()

    assert await shop.shown("p-sales") == f"60 0,0,0,60 {count} 1 60 {to_instant(received_at).isoformat()}"


async def test_replay_folds_once_what_the_database_refused(opened: Callable[..., Any]) -> None:
    """Its reason stands with the mapping, and goes with it."""
    shop = await opened()
    rows(shop, "CREATE TRIGGER refusal BEFORE INSERT ON state BEGIN SELECT RAISE(ABORT, 'not now'); END")
    await shop.send(amount=2, buyer="ann")
    rows(shop, "DROP TRIGGER refusal")
    [(before,)] = rows(shop, "SELECT outcomes FROM events")
    assert '"mapping":"sales"' in before
    assert "the database refused it: IntegrityError: not now" in before

    replayed = [await replay(shop.store, Evaluator(shop.configuration)) for _ in range(2)]

    assert [(each.folded, each.failed) for each in replayed] == [(1, ()), (0, ())]
    assert await shop.shown("p-sales") == "2 0,0,0,2 1 2 2 1"
    [(outcomes,)] = rows(shop, "SELECT outcomes FROM events")
    assert "refused" not in outcomes


async def test_an_item_counts_once_in_a_rebuild_too(opened: Callable[..., Any]) -> None:
    """The event that brought it first counts again, and none beside it."""
    keyed = SALES.replace("event: sale, extract", "event: sale, key: $.order, extract")
    shop = await opened(configuration=configured({"sales": keyed}))
    for order, amount in (("a", 1), ("a", 2), ("b", 4)):
        await shop.send(amount=amount, order=order, buyer="ann")
    assert await shop.shown("p-sales") == "5 0,0,0,5 2 4 5 1"
    await shop.store.builds.begin("sales", None)
    await shop.rebuild()
    assert await shop.shown("p-sales") == "5 0,0,0,5 2 4 5 1"


async def test_buckets_from_before_the_journal_are_taken_over(opened: Callable[..., Any]) -> None:
    """Where a definition keeps them alike; what has no buckets begins anew, and that is told."""
    grouped = SALES.replace(
        "{{ orders.value }}", "{{ sales['ann'].total }}/{{ sales.groups | length }} {{ orders.value }}"
    )
    shop = await opened(configuration=configured({"sales": grouped}), options={"retention_s": 86400})
    for day in range(4):
        await shop.send(amount=10**day, buyer="ann")
        shop.move(days=1)
    shop.move(seconds=-86400 + 120)
    await forgotten(shop.store)
    assert rows(shop, "SELECT min(number) FROM events") == [(4,)]
    assert await shop.shown("p-sales") == "1000 1,10,100,1000 1111/1 4 1000 1111 1"

    await shop.load({"sales": grouped.replace("extract: {amount", "when: {$.n: {gt: 0}}, extract: {amount")})
    await shop.rebuild()

    assert await shop.shown("p-sales") == "1000 1,10,100,1000 1111/1 1 1000 1000 1"
    await shop.send(amount=5, at=shop.now - timedelta(days=1), buyer="ann")
    assert (await shop.shown("p-sales")).startswith("1000 1,10,105,1000")


async def test_what_a_changed_definition_would_lose_is_foreseen(opened: Callable[..., Any]) -> None:
    """Before it is loaded: what has no buckets, and what keeps them otherwise."""
    shop = await opened(options={"retention_s": 86400})
    for _ in range(4):
        await shop.send(amount=1, buyer="ann")
        shop.move(days=1)
    shop.move(seconds=-86400 + 120)
    await forgotten(shop.store)
    narrowed = SALES.replace("extract: {amount", "when: {$.n: {gt: 0}}, extract: {amount")
    yearly = narrowed.replace("every: day", "every: year")

    with open_readonly(shop.url) as reader:
        foreseen = [
            [loss.entry for loss in foresee(reader, active_pins(configured({"sales": text}).mappings))]
            for text in (SALES, narrowed, yearly)
        ]

    assert [sorted(entries) for entries in foreseen] == [[], ["buyers", "orders"], ["buyers", "orders", "sales"]]
    await shop.load({"sales": yearly})
    with open_readonly(shop.url) as reader:
        assert foresee(reader, active_pins(shop.mappings)) == []


async def test_an_event_that_cannot_be_read_again_fails_alone(opened: Callable[..., Any]) -> None:
    """It is told beside it, and noted for a replay; the rebuild goes on."""
    shop = await opened()
    for _ in range(3):
        await shop.send(amount=1, buyer="ann")
    with closing(sqlite3.connect(shop.path)) as connection, connection:
        connection.execute("UPDATE events SET body = x'7b' WHERE number = 2")
    await shop.store.builds.begin("sales", None)
    await shop.rebuild()

    assert await shop.shown("p-sales") == "2 0,0,0,2 2 1 2 1"
    [(outcomes,)] = rows(shop, "SELECT outcomes FROM events WHERE number = 2")
    assert "its source reads it otherwise now" in outcomes
    live = "SELECT DISTINCT unfolded.number FROM unfolded JOIN generations AS g ON g.number = generation"
    assert rows(shop, f"{live} WHERE status = 'live'") == [(2,)]


async def test_an_event_that_the_database_refuses_fails_alone(opened: Callable[..., Any]) -> None:
    """The step that it is in is taken event by event, and none shares its fate."""
    shop = await opened()
    for amount in range(40):
        await shop.send(amount=1, buyer=f"b{amount}")
    await shop.store.builds.begin("sales", None)
    with closing(sqlite3.connect(shop.path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON state WHEN new.data LIKE '%\"b7\"%'"
            " BEGIN SELECT raise(ABORT, 'refused by the test'); END"
        )
    await shop.rebuild()

    assert (await shop.shown("p-sales")).startswith("39 0,0,0,39 39 1 ")
    [(outcomes,)] = rows(shop, "SELECT outcomes FROM events WHERE number = 8")
    assert "it cannot be folded" in outcomes


async def test_the_journal_is_whole_after_its_newest_gap(opened: Callable[..., Any]) -> None:
    """Events that are still to be folded outlive those around them, and say nothing of what came between."""
    shop = await opened()
    for _ in range(6):
        await shop.send(amount=1, buyer="ann")
    engine = create_engine(shop.url)
    kept = [({1, 2, 3, 4, 5, 6}, 1), ({2, 3, 4, 5, 6}, 2), ({2, 5, 6}, 5), ({2, 6}, 6), ({2, 4, 5, 6}, 4)]
    with engine.connect() as connection:
        for numbers, oldest in kept:
            connection.exec_driver_sql("INSERT INTO unfolded SELECT number, 2, 0 FROM generations LIMIT 1")
            for number in {1, 2, 3, 4, 5, 6} - numbers:
                connection.exec_driver_sql("DELETE FROM events WHERE number = ?", (number,))
            ends = read_ends(connection)
            assert ends is not None
            assert (ends.oldest, ends.newest) == (oldest, 6)
            connection.rollback()
    engine.dispose()


async def test_where_the_journal_ends_is_asked_in_few_statements(opened: Callable[..., Any]) -> None:
    """However many events wait to be folded: a start, a reload and a rebuild ask, and webhooks wait for the answer."""
    shop = await opened()
    for _ in range(20):
        await shop.send(amount=1, buyer="ann")
    asked: list[str] = []
    engine = create_engine(shop.url)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "INSERT INTO unfolded SELECT min(generation.number), event.number, 0"
            " FROM generations generation, events event GROUP BY event.number"
        )
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        ends = read_ends(connection)
        connection.rollback()
    engine.dispose()
    assert ends is not None
    assert ends.is_whole
    assert len(asked) <= 3


async def test_a_step_does_not_read_the_whole_journal(opened: Callable[..., Any]) -> None:
    """However long that is: no question about it walks through all of its events."""
    shop = await opened()
    await shop.send(amount=1, buyer="ann")
    await shop.store.builds.begin("sales", None)
    await shop.store.close()
    asked: list[tuple[str, Any]] = []
    engine = create_engine(shop.url)
    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        assert read_progress(connection) != {}
        assert read_chunk(connection, {"sales": ["shop"]}, FEW_EVENTS) is not None
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all() for query, values in [*asked]]
    engine.dispose()
    assert [step[3] for plan in plans for step in plan if "events" in step[3]] != []
    assert [step[3] for plan in plans for step in plan if "SCAN events" in step[3]] == []
