"""What is exposed, as plain values of one moment: copied on the event loop, written out on another thread."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.store import Budget, Sizes, Survey
from bridge.tallies import Histogram, KeyStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is loaded now: the status that each source's acknowledgement has, the mappings; whether a change is refused.

    Their names are the labels that are exposed from the first moment on, with zeros.
    """

    sources: Mapping[str, int]
    mappings: tuple[str, ...]
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at the whole bridge.

    `store_up` tells that the database took a write; `survey` and `sizes` are None where they could not be had in time.
    """

    loaded: Loaded
    answers: Counter[tuple[str, int, str]]
    refused_connections: Counter[str]
    ack_s: Histogram
    batch_events: Histogram
    batch_s: Histogram
    commit_s: Histogram
    outcomes: Counter[tuple[str, str]]
    waiting: int
    endings: Counter[str]
    request_s: Histogram
    key: KeyStanding
    budget: Budget
    store_up: bool
    survey: Survey | None
    sizes: Sizes | None
