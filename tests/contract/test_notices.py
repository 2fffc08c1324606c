"""What the delivery loop tells of itself, and how that becomes durable."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from support.delivering import MAPPING, at_work

from bridge.announcing import MOST_HELD, Announcer
from bridge.configuration import Configuration
from bridge.errors import StoreUnavailable
from bridge.events import Event, Receipt, Settle
from bridge.inbound import load_sources
from bridge.mappings import MappingSet, load_texts
from bridge.notices import Notice, key_paused, pin_parked
from bridge.sandbox import DEFAULT_KEY

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
SILENT = MAPPING + "stale_after: 1h\n"
WATCHING = b"""
pin: p-trouble
triggers: [{source: pinbridge, extract: {subject: $.subject}}]
update: {metadata: {pin_config: {content: "{{ subject }}"}}}
"""


def kinds(notices: list[Notice]) -> list[tuple[str, str]]:
    """Give what each is, and what it is about."""
    return [(notice.type, notice.subject) for notice in notices]


async def test_silence_begins_once_and_ends_once(tmp_path: Path) -> None:
    """Also where the update that shows it fails at first: silence is a matter of senders."""
    async with at_work(tmp_path, mapping=SILENT) as bench:
        await bench.say("p-1", "well")
        await bench.quiet()
        bench.fault("status", status=500, times=2)
        await bench.move(3600)
        for _ in range(5):
            await bench.move(10)
        assert kinds(bench.notices) == [("source.silent", "source of p-1")]
        assert bench.notices[0].details["since"] == "2026-11-22T13:00:00+00:00"
        assert bench.notices[0].details["sources"] == ["test"]
        await bench.say("p-1", "well again")
        await bench.move(10)
        await bench.move(3600)
        assert kinds(bench.notices) == [
            (kind, "source of p-1") for kind in ("source.silent", "source.heard", "source.silent")
        ]


async def test_a_refused_key_is_told_once_however_often_it_is_tried(tmp_path: Path) -> None:
    """And that it is taken again."""
    async with at_work(tmp_path) as bench:
        bench.sandbox.account.keys = {}
        await bench.say("p-1", "x")
        for _ in range(4):
            await bench.move(300)
        assert kinds(bench.notices) == [("key.paused", "API key")]
        bench.sandbox.account.keys = {DEFAULT_KEY: frozenset({"pins:write"})}
        await bench.move(900)
        assert kinds(bench.notices) == [("key.paused", "API key"), ("key.resumed", "API key")]


async def test_a_pin_recovers_after_a_retry_by_hand_and_after_a_restart(tmp_path: Path) -> None:
    """What was parked is remembered until an update is confirmed; what fails again is no news."""
    async with at_work(tmp_path) as bench:
        bench.fault("status", status=404, times=2)
        await bench.say("p-1", "x")
        await bench.move(30)
        await bench.store.retry(None)
        await bench.move(30)
        assert (len(bench.sent()), kinds(bench.notices)) == (2, [("pin.parked", "pin p-1")])
        await bench.stop()
        await bench.start()
        await bench.say("p-1", "y")
        await bench.store.retry(None)
        await bench.move(2)
        assert bench.shown("p-1") == "y"
        assert kinds(bench.notices) == [("pin.parked", "pin p-1"), ("pin.recovered", "pin p-1")]


class Taking:
    """Stands where the store does: refuses as often as it is told to, and keeps what it took."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.taken: list[Event] = []
        self.took = asyncio.Event()

    def accept(self, _mappings: MappingSet, event: Event, settle: Settle) -> None:
        """Take an event, or refuse it as a store does that is out of reach: at once, or later."""
        self.refusals -= 1
        if self.refusals % 2 and self.refusals >= 0:
            raise StoreUnavailable("locked by the test")
        if self.refusals >= 0:
            settle(StoreUnavailable("locked by the test"))
            return
        self.taken.append(event)
        self.took.set()
        settle(Receipt(status="accepted", id=event.id, number=1, mappings=()))


def announcer(taking: Taking, mapping: bytes = WATCHING) -> Announcer:
    """Announce to a mapping that takes from the bridge itself, tried again at once."""
    mappings = load_texts({"trouble.yaml": mapping, "said.yaml": MAPPING.encode()}, {})
    sources = load_sources(mappings.source_places, b"test: {verify: none, dedupe: off}", lambda _: ())
    configuration = Configuration(mappings=mappings, sources=sources)
    return Announcer(configuration=lambda: configuration, accept=taking.accept, clock=lambda: NOW, retry_s=0.01)


async def test_a_notice_becomes_an_event_and_waits_for_the_store() -> None:
    """With one id however often it is tried, so that it counts once."""
    taking = Taking(refusals=3)
    announcer(taking).tell(key_paused(reason="401", at=NOW))
    async with asyncio.timeout(10):
        await taking.took.wait()

    (event,) = taking.taken
    assert (event.source, event.type, event.at, event.received_at) == ("pinbridge", "key.paused", NOW, NOW)
    assert event.id == "key.paused API key 2026-11-28T03:00:00+00:00"
    assert event.dedup_key is not None


async def test_nothing_is_told_of_a_pin_that_it_would_move() -> None:
    """Of others it is, and where nobody asks, nothing is."""
    taking = Taking()
    announcing = announcer(taking)
    for mapping in ("trouble", "said", "gone"):
        announcing.tell(pin_parked(pin="p-1", mapping=mapping, revision=1, code="", reason="", at=NOW))
    announcer(taking, WATCHING.replace(b"source: pinbridge", b"source: test")).tell(key_paused(reason="", at=NOW))

    assert [event.payload["mapping"] for event in taking.taken if isinstance(event.payload, dict)] == ["said", "gone"]


async def test_only_so_many_are_held() -> None:
    """While the database is out of reach; what is lost is said."""
    taking = Taking(refusals=10**6)
    announcing = announcer(taking)
    with structlog.testing.capture_logs() as lines:
        for number in range(MOST_HELD + 2):
            announcing.tell(key_paused(reason=str(number), at=NOW))
    assert [line["event"] for line in lines] == ["notice_lost", "notice_lost"]


async def test_what_breaks_is_told_and_goes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice must not end a delivery."""
    taking = Taking()
    announcing = announcer(taking)
    monkeypatch.setattr(taking, "taken", None)
    with structlog.testing.capture_logs() as lines:
        announcing.tell(key_paused(reason="", at=NOW))
    assert [line["event"] for line in lines] == ["notice_failed"]
