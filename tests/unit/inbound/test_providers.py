"""Every provider of the catalogue, by its sample in tests/providers: what it sends is taken, no forgery is."""

from datetime import timedelta
from functools import lru_cache

import pytest
from support.forgeries import Forgery, forgeries
from support.providers import NOW, prove, read_sample, sample_names
from support.receiving import receive, sign_sample, source

from bridge.errors import SenderError
from bridge.inbound import providers

NAMES = [name for name in providers() if name in sample_names()]
FEWEST = 9
"""How many forgeries each provider must refuse at least."""


@lru_cache
def forged(name: str) -> list[Forgery]:
    """Give a provider's forgeries."""
    return forgeries(name, read_sample(name), tolerance_s=source(name).tolerance_s)


def test_every_provider_has_a_sample() -> None:
    """And every sample a provider: adding one is an entry and its sample."""
    assert sample_names() == sorted(providers())


@pytest.mark.parametrize("name", NAMES)
def test_every_provider_has_enough_forgeries(name: str) -> None:
    """All different, and none the genuine delivery."""
    names = [forgery.name for forgery in forged(name)]
    assert len(set(names)) == len(names) >= FEWEST


@pytest.mark.parametrize("name", NAMES)
def test_what_a_provider_signs_by_its_own_rule_is_taken(name: str) -> None:
    """And read: its type, its id, its time."""
    sample = read_sample(name)
    events = receive(name, prove(name, sample).delivery)
    told = [(event.type, event.at) for event in events]
    assert told == [(expected.type, expected.at) for expected in sample.events]
    ids = [event.id if expected.id is not None else None for event, expected in zip(events, sample.events, strict=True)]
    assert ids == [expected.id for expected in sample.events]
    assert (source(name).id is None) == (sample.events[0].id is None), "the sample tells the id of each event"


@pytest.mark.parametrize("name", [name for name in NAMES if not read_sample(name).proof.has_key_pair])
def test_what_the_bridge_signs_for_a_provider_is_taken(name: str) -> None:
    """As `pinbridge send` does, with the same result as the provider's own rule gives."""
    assert receive(name, sign_sample(name)) == receive(name, prove(name, read_sample(name)).delivery)


@pytest.mark.parametrize(
    ("name", "forgery"),
    [pytest.param(name, forgery, id=f"{name}-{forgery.name}") for name in NAMES for forgery in forged(name)],
)
def test_a_forgery_is_refused(name: str, forgery: Forgery) -> None:
    """With the reason, and as the sender's mistake."""
    with pytest.raises(SenderError) as caught:
        receive(name, forgery.delivery, NOW + timedelta(seconds=forgery.late_s))
    assert caught.value.status in {400, 401}
    assert caught.value.code in forgery.codes
