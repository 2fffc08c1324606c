"""Whether the API takes the key, has each literal pin, of the type that its mapping says, and what its clock shows.

Only pins are read (`GET /v1/pins/{pin}`): nothing is written, and the bridge's budget of updates
is not touched. The asking is bounded in number and time, and ends with what would be the same for
every pin.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.cli.doctor.findings import Finding, failure, ok, warning
from bridge.events import Clock
from bridge.mappings import MappingSet
from bridge.outbound import PindownClient
from bridge.outbound.answer import Answer, TransportFailure

MOST_PINS = 20
REQUEST_S = 10.0
ALL_REQUESTS_S = 30.0
CLOCK_TOLERANCE_S = 30
SIGNATURE_TOLERANCE_S = 300
"""What senders' signatures are held to where a source says nothing else."""

ANY_PIN = "p-pinbridge-doctor"
"""Asked for where no mapping names a pin: that there is none by this id tells as much about the key."""

_KEY = "API key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of asking for one pin; `ahead_s` is how far this machine's clock is ahead of the API's."""

    pin: str
    result: Answer | TransportFailure
    ahead_s: float | None = None


async def read_pins(client: PindownClient, pins: Sequence[str], clock: Clock) -> list[Reading]:
    """Ask for pins one after the other, as long as an answer says something about the next."""
    readings: list[Reading] = []
    try:
        async with asyncio.timeout(ALL_REQUESTS_S):
            for pin in pins[:MOST_PINS]:
                readings.append(await _read(client, pin, clock))
                if not _says_more(readings[-1].result):
                    break
    except TimeoutError:
        pass  # what was not asked for is told as such
    finally:
        await client.aclose()
    return readings


async def _read(client: PindownClient, pin: str, clock: Clock) -> Reading:
    asked_at = clock()
    try:
        answer = await client.get_pin(pin)
    except TransportFailure as error:
        return Reading(pin=pin, result=error)
    if answer.dated_at is None:
        return Reading(pin=pin, result=answer)
    # The header was written at some time between the two, and shows whole seconds: half of one is added.
    midway = asked_at + (clock() - asked_at) / 2
    return Reading(pin=pin, result=answer, ahead_s=(midway - answer.dated_at).total_seconds() - 0.5)


def _says_more(result: Answer | TransportFailure) -> bool:
    return isinstance(result, Answer) and _lets_read(result) and result.status != 429


def _lets_read(answer: Answer) -> bool:
    return answer.status not in {401, 402, 407} and answer.code != "SCOPE_REQUIRED" and not _is_of_another(answer)


def _is_of_another(answer: Answer) -> bool:
    """Tell whether it is a page or a redirect, or a success that shows nothing, and so not the API's."""
    shows_nothing = 200 <= answer.status < 300 and answer.success is None and answer.data is None
    return 300 <= answer.status < 400 or (answer.status < 500 and not answer.readable) or shows_nothing


def judge(readings: Sequence[Reading], mappings: MappingSet | None, url: str) -> Iterator[Finding]:
    """Say what the answers mean: for the key, for each pin, for the clock."""
    yield judge_key(readings[0].result, url)
    if isinstance(readings[0].result, Answer) and _lets_read(readings[0].result) and mappings is not None:
        yield from judge_pins(readings, mappings)
    yield from judge_clock(reading.ahead_s for reading in readings)
    asked = "once" if len(readings) == 1 else f"{len(readings)} times"
    yield ok("requests", f"the API was asked {asked}, to read; the budget of updates was not touched")


def judge_key(result: Answer | TransportFailure, url: str) -> Finding:
    """Say whether the API takes the key, from its answer to the first request."""
    if isinstance(result, TransportFailure):
        return failure(_KEY, f"{url} does not answer: {result.message}", "look at PINDOWN_API_URL and the network")
    said = _said(result)
    if result.status in {401, 402, 407}:
        return failure(_KEY, f"is refused: {said}", "set PINDOWN_API_KEY to a key that Pindown shows as live")
    if result.code == "SCOPE_REQUIRED":
        advice = "the bridge needs pins:write alone; with pins:read as well, doctor can look at the pins"
        return warning(_KEY, f"is taken, but may not read pins: {said}", advice)
    if _is_of_another(result):
        return failure(_KEY, f"what answers at {url} is not the API: {said}", "look at PINDOWN_API_URL")
    if result.status == 429 or result.status >= 500:
        return warning(_KEY, f"the API does not say: {said}", "try again in a minute")
    return ok(_KEY, "is taken and may read pins; whether it may write them, the first update shows")


def judge_pins(readings: Iterable[Reading], mappings: MappingSet) -> Iterator[Finding]:
    """Say for each literal pin whether it is there, and of the type that its mapping says."""
    results = {reading.pin: reading.result for reading in readings}
    literal = mappings.literal_pins()
    for pin, name in literal.items():
        if pin in results:
            yield judge_pin(pin, results[pin], name, mappings.mappings[name].pin_type)
    unasked = [pin for pin in literal if pin not in results]
    if unasked:
        advice = f"at most {MOST_PINS} pins are read, in {ALL_REQUESTS_S:.0f} s"
        yield warning("pins", f"{len(unasked)} were not read: {', '.join(unasked[:5])}", advice)
    for name, mapping in mappings.mappings.items():
        if mapping.enabled and mapping.pin is None:
            yield ok(f"pins of {name}", "are chosen by events, so they were not read")


def judge_pin(pin: str, result: Answer | TransportFailure, mapping: str, pin_type: str | None) -> Finding:
    """Say what one answer means for one pin, whose mapping says `pin_type`, or nothing."""
    subject = f"pin {pin}"
    if isinstance(result, TransportFailure):
        return warning(subject, f"was not read: {result.message}", "try again in a minute")
    if result.status == 404:
        advice = f"compare the id in {mapping} with the one that Pindown shows"
        return failure(subject, "is not there, or the key has no access to it", advice)
    if result.status == 403:
        return failure(subject, f"is there, but not for this key: {_said(result)}", "share it with the key's account")
    if not 200 <= result.status < 300 or result.success is False or _is_of_another(result):
        return warning(subject, f"was not read: {_said(result)}", "try again in a minute")
    return _judge_type(subject, _type_in(result), mapping, pin_type)


def _judge_type(subject: str, found: str, mapping: str, wanted: str | None) -> Finding:
    if not found:
        return ok(subject, "is there; its type could not be read")
    if wanted is None:
        return ok(subject, f"is there, of type {found}; with `type: {found}` in {mapping} its content would be checked")
    if found != wanted:
        advice = f"change `type` and content in {mapping}, or take another pin"
        return failure(subject, f"is of type {found}, and {mapping} says {wanted}", advice)
    return ok(subject, f"is there, of type {found}, as {mapping} says")


def _type_in(answer: Answer) -> str:
    """Find the type, which older pages show beside the metadata and newer ones in it."""
    data = answer.data if isinstance(answer.data, dict) else {}
    metadata = data.get("metadata")
    for holder in (metadata, data):
        found = holder.get("pin_type") if isinstance(holder, Mapping) else None
        if isinstance(found, str) and found.isprintable():
            return found[:40]
    return ""


def judge_clock(ahead_s: Iterable[float | None]) -> Iterator[Finding]:
    """Compare the clocks, by the answer that shows the least difference: a cached one shows an old time."""
    known = [each for each in ahead_s if each is not None]
    if not known:
        yield warning(
            "clock", "cannot be compared: no answer carried a Date", "look that the machine keeps time by NTP"
        )
        return
    off_s = min(known, key=abs)
    direction = "ahead of" if off_s > 0 else "behind"
    message = f"is {abs(off_s):,.0f} s {direction} the API's"
    if abs(off_s) >= SIGNATURE_TOLERANCE_S:
        yield failure("clock", message, "set it by NTP: signatures of senders are refused as too old or too new")
    elif abs(off_s) > CLOCK_TOLERANCE_S:
        yield warning("clock", message, "set it by NTP")
    else:
        yield ok("clock", f"agrees with the API's within {CLOCK_TOLERANCE_S} s")


def _said(answer: Answer) -> str:
    message = answer.message[:120]
    if not message and not answer.code and _is_of_another(answer):
        message = "with nothing in it that the API says"
    return " ".join(filter(None, (str(answer.status), answer.code, message)))
