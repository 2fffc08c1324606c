"""One sandbox: its account, pins, faults and log, and the clock they share."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.sandbox.account import Account
from bridge.sandbox.faults import Faults
from bridge.sandbox.log import Log
from bridge.sandbox.pins import Pins
from bridge.units import Window

MAX_BODY_BYTES = 2**20

Seconds = Callable[[], float]
"""Gives seconds since the epoch; never runs backwards, so that windows are strict."""


def steady_clock() -> Seconds:
    """Make a clock that starts at the time of day and then only runs forward."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox begins, and begins again after a reset.

    `keys` maps each API key to its scopes. `pin_types` maps ids of pins that exist from the
    start to their types; with `auto_create` an update of any other id makes its pin.
    """

    keys: Mapping[str, frozenset[str]]
    windows: tuple[Window, ...]
    auto_create: bool
    pin_types: Mapping[str, str]


class Sandbox:
    """The state behind the API, the control paths and the board."""

    def __init__(self, options: Options, clock: Seconds) -> None:
        self.options = options
        self.clock = clock
        self._begin(version=0)

    def reset(self) -> None:
        """Forget everything: pins, faults, keys, what was spent and what was logged.

        The count of changes goes on, so that a board that is open sees that all is new.
        """
        self._begin(version=self.pins.version + 1)

    def _begin(self, *, version: int) -> None:
        options = self.options
        self.account = Account(options.keys, options.windows)
        self.faults = Faults()
        self.log = Log()
        self.pins = Pins(auto_create=options.auto_create, types=options.pin_types, version=version)

    def now_ms(self) -> int:
        """Give the time as Pindown writes it: milliseconds since the epoch."""
        return int(self.clock() * 1000)
