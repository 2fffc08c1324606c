"""One webhook of the demo, before it is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook to post. `says` tells a reader what it is about; `headers` are those beside the signature.

    `at` is when it happened.
    """

    source: str
    says: str
    payload: dict[str, Json]
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
