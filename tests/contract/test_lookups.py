"""Look-ups of keys against a real HTTPS server whose answers are the faults."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.https import LocalNames, Provider, Reply, https_server

from bridge.errors import KeyUnavailable, SenderError
from bridge.inbound.verification.wanted import KeyWanted, Lookup
from bridge.lookups import Lookups
from bridge.lookups.fetching import MAX_ANSWER_BYTES, Fetcher
from bridge.lookups.lookups import (
    ABSENT_S,
    FAILED_S,
    MAX_A_MINUTE,
    MAX_ABSENT,
    MAX_KNOWN,
    MAX_WAITING,
    REFETCH_S,
)
from bridge.lookups.memory import Memory

HOST = "keys.example.com"
REFUSAL = SenderError(401, "unknown_key", "there is no such key")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def provider() -> Provider:
    """Answer 404 to everything, until a test says otherwise."""
    return Provider()


@pytest.fixture
def names(tmp_path: Path, provider: Provider) -> Iterator[LocalNames]:
    """Serve the provider as `HOST`."""
    with https_server(tmp_path, provider, HOST) as names:
        yield names


@pytest.fixture
def clock() -> Clock:
    """Stand still, until a test says otherwise."""
    return Clock()


@pytest.fixture
async def lookups(names: LocalNames, clock: Clock) -> AsyncIterator[Lookups]:
    """Look keys up at the server, with a short deadline."""
    lookups = Lookups(open_fetcher=lambda: Fetcher(transport=names, deadline_s=0.5), clock=clock)
    yield lookups
    await lookups.aclose()


def lookup(path: str = "/keys", *, host: str = HOST, body: bytes | None = None) -> Lookup:
    """Name something on the server; 404 says that it is not there."""
    return Lookup(
        provider="Example", what="the key", url=f"https://{host}{path}", body=body, absent=frozenset({404, 400})
    )


async def find(lookups: Lookups, wanted: Lookup, outdated: bytes | None = None) -> Exception | None:
    """Look something up and wait for what is told."""
    told: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    lookups.find(KeyWanted(wanted, REFUSAL, outdated=outdated), told.set_result)
    return await told


async def test_what_is_found_is_known_for_as_long_as_it_says(
    lookups: Lookups, provider: Provider, clock: Clock
) -> None:
    """`max-age` holds, and what is known is not fetched again."""
    provider.replies["/keys"] = Reply(b"the keys", headers={"Cache-Control": "public, max-age=600, must-revalidate"})
    assert lookups.known.get(lookup()) is None
    assert await find(lookups, lookup()) is None
    assert lookups.known.get(lookup()) == b"the keys"
    clock.now_s += 599
    assert lookups.known.get(lookup()) == b"the keys"
    clock.now_s += 2
    assert lookups.known.get(lookup()) is None
    assert [(asked.method, asked.host) for asked in provider.asked] == [("GET", HOST)]


@pytest.mark.parametrize(
    ("cache_control", "holds_s"), [("no-store, max-age=0", 300), ("", 3600), ("max-age=999999999", 86_400)]
)
async def test_how_long_an_answer_holds_is_bounded(
    lookups: Lookups, provider: Provider, clock: Clock, cache_control: str, holds_s: float
) -> None:
    """Neither is a provider asked with each webhook, nor a key kept that was withdrawn a day ago."""
    provider.replies["/keys"] = Reply(b"the keys", headers={"Cache-Control": cache_control})
    await find(lookups, lookup())
    clock.now_s += holds_s - 1
    assert lookups.known.get(lookup()) == b"the keys"
    clock.now_s += 1
    assert lookups.known.get(lookup()) is None


async def test_a_body_is_posted_as_json(lookups: Lookups, provider: Provider) -> None:
    """And another body is another look-up."""
    provider.replies["/keys"] = lambda asked: Reply(asked.method.encode() + asked.body)
    await find(lookups, lookup(body=b'{"key_id":"1"}'))
    await find(lookups, lookup(body=b'{"key_id":"2"}'))
    assert lookups.known.get(lookup(body=b'{"key_id":"1"}')) == b'POST{"key_id":"1"}'
    assert lookups.known.get(lookup(body=b'{"key_id":"2"}')) == b'POST{"key_id":"2"}'


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=500), "answered 500"),
        (Reply(status=403), "answered 403"),
        (Reply(status=302, headers={"Location": f"https://{HOST}/other"}), "answered 302; redirects are not followed"),
        (Reply(b"x" * (MAX_ANSWER_BYTES + 1)), "answered more than 131,072 bytes"),
        (Reply(b"late", delay_s=0.8), "gave no complete answer within 0.5 s"),
        (Reply(b"short", headers={"content-length": "9"}), "broke off (RemoteProtocolError)"),
    ],
    ids=["500", "403", "redirect", "huge", "slow", "broken"],
)
async def test_a_failure_says_who_did_what(lookups: Lookups, provider: Provider, reply: Reply, reason: str) -> None:
    """It becomes a 503, and nothing is known; a redirect is not followed."""
    provider.replies["/keys"] = reply
    provider.replies["/other"] = Reply(b"the keys")
    failure = await find(lookups, lookup())
    assert isinstance(failure, KeyUnavailable)
    assert str(failure) == f"the key of Example cannot be looked up: {HOST} {reason}; send again"
    assert lookups.known.get(lookup()) is None
    assert len(provider.asked) == 1


async def test_a_host_that_cannot_prove_its_name_is_not_asked(lookups: Lookups, provider: Provider) -> None:
    """The name is checked against the certificate."""
    provider.replies["/keys"] = Reply(b"the keys")
    failure = await find(lookups, lookup(host="other.example.com"))
    assert "other.example.com takes no connection, or proves not to be that host" in str(failure)
    assert provider.asked == []


def test_only_https_is_looked_up() -> None:
    """Anyone on the way could answer else."""
    with pytest.raises(ValueError, match="https"):
        Lookup(provider="Example", what="the key", url=f"http://{HOST}/keys")


async def test_a_failure_stands_for_a_moment(lookups: Lookups, provider: Provider, clock: Clock) -> None:
    """Webhooks that come in a row do not hammer a provider that is down; soon it is asked again."""
    provider.replies["/keys"] = Reply(status=500)
    for _ in range(3):
        assert isinstance(await find(lookups, lookup()), KeyUnavailable)
    assert len(provider.asked) == 1
    provider.replies["/keys"] = Reply(b"the keys")
    clock.now_s += FAILED_S
    assert await find(lookups, lookup()) is None


async def test_what_is_not_there_is_remembered(lookups: Lookups, provider: Provider, clock: Clock) -> None:
    """The sender is refused, not put off, and the provider is asked once in a while."""
    assert await find(lookups, lookup()) is REFUSAL
    assert await find(lookups, lookup()) is REFUSAL
    assert len(provider.asked) == 1
    clock.now_s += ABSENT_S
    assert await find(lookups, lookup()) is REFUSAL
    assert len(provider.asked) == 2


async def test_a_status_alone_does_not_say_that_there_is_no_such_key(lookups: Lookups, provider: Provider) -> None:
    """Where a provider answers 400 to wrong credentials, too, its word for a missing key decides."""
    wanted = Lookup(
        provider="Example", what="the key", url=f"https://{HOST}/k", absent=frozenset({400}), absent_word=b"NO_KEY"
    )
    provider.replies["/k"] = Reply(b'{"error_code":"NO_KEY"}', status=400)
    assert await find(lookups, wanted) is REFUSAL
    other = Lookup(
        provider="Example", what="the key", url=f"https://{HOST}/o", absent=frozenset({400}), absent_word=b"NO_KEY"
    )
    provider.replies["/o"] = Reply(b'{"error_code":"WRONG_SECRET"}', status=400)
    assert isinstance(await find(lookups, other), KeyUnavailable)


async def test_one_look_up_serves_all_that_wait(lookups: Lookups, provider: Provider) -> None:
    """A hundred webhooks at once ask the provider once."""
    provider.replies["/keys"] = Reply(b"the keys", delay_s=0.1)
    told = await asyncio.gather(*(find(lookups, lookup()) for _ in range(100)))
    assert told == [None] * 100
    assert len(provider.asked) == 1


async def test_a_newer_set_is_fetched_for_a_key_that_is_missing_and_seldom(
    lookups: Lookups, provider: Provider, clock: Clock
) -> None:
    """A rotation is noticed at once, and a flood of unknown keys asks every half minute."""
    provider.replies["/keys"] = Reply(b"old")
    await find(lookups, lookup())
    assert await find(lookups, lookup(), outdated=b"old") is REFUSAL
    clock.now_s += REFETCH_S
    provider.replies["/keys"] = Reply(b"new")
    assert await find(lookups, lookup(), outdated=b"old") is None
    assert lookups.known.get(lookup()) == b"new"
    for _ in range(50):
        assert await find(lookups, lookup(), outdated=b"new") is REFUSAL
    assert len(provider.asked) == 2


async def test_a_refetch_that_fails_takes_nothing_away(lookups: Lookups, provider: Provider, clock: Clock) -> None:
    """Keys that are known go on verifying; only who needs a newer one is put off."""
    provider.replies["/keys"] = Reply(b"old")
    await find(lookups, lookup())
    clock.now_s += REFETCH_S
    provider.replies["/keys"] = Reply(status=500)
    assert isinstance(await find(lookups, lookup(), outdated=b"old"), KeyUnavailable)
    assert lookups.known.get(lookup()) == b"old"


async def test_a_flood_of_keys_that_are_not_there_is_bounded(
    lookups: Lookups, provider: Provider, clock: Clock
) -> None:
    """A provider is asked so often a minute; what comes beyond is put off for that long, and nothing known is lost."""
    provider.replies["/keys"] = Reply(b"the keys")
    await find(lookups, lookup())
    told = [await find(lookups, lookup(f"/{turn}")) for turn in range(100)]
    assert len(provider.asked) == MAX_A_MINUTE
    put_off = [each for each in told if isinstance(each, KeyUnavailable)]
    assert len(put_off) == 100 - MAX_A_MINUTE + 1
    assert (str(put_off[0]), put_off[0].retry_after_s) == (
        "Example was asked for 30 keys within a minute; send again",
        60,
    )
    assert lookups.known.get(lookup()) == b"the keys"
    clock.now_s += 60
    assert await find(lookups, lookup("/again")) is REFUSAL


async def test_how_many_wait_is_bounded(lookups: Lookups, provider: Provider) -> None:
    """The others are put off at once."""
    provider.replies["/keys"] = Reply(b"the keys", delay_s=0.2)
    told = await asyncio.gather(*(find(lookups, lookup()) for _ in range(MAX_WAITING + 10)))
    put_off = [each for each in told if each is not None]
    assert [str(each) for each in put_off] == ["too many webhooks wait for keys; send again"] * 10


async def test_who_waits_at_the_end_is_told_so(names: LocalNames, provider: Provider, clock: Clock) -> None:
    """Nobody is left without an answer."""
    lookups = Lookups(open_fetcher=lambda: Fetcher(transport=names), clock=clock)
    provider.replies["/keys"] = Reply(b"the keys", delay_s=0.3)
    waiting = asyncio.ensure_future(find(lookups, lookup()))
    await asyncio.sleep(0)
    await lookups.aclose()
    assert str(await waiting) == "the bridge is stopping; send again"


def test_a_memory_is_bounded_and_forgets_what_was_used_least() -> None:
    """However many keys strangers name."""
    memory: Memory[int, str] = Memory(3, Clock())
    for turn in range(3):
        memory.put(turn, "x", 10)
    assert memory.get(0) == "x"
    memory.put(3, "x", 10)
    assert [memory.get(turn) for turn in range(4)] == ["x", None, "x", "x"]
    assert len(memory) == 3
    assert MAX_KNOWN < MAX_ABSENT
