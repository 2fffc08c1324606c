"""A text that must not be told."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A key or a token. It stands in `text`, and in no message, log or traceback that shows what holds it."""

    text: str = field(repr=False)
