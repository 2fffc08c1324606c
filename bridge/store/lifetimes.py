"""How long deliveries and their keys are remembered. Pure."""

from datetime import timedelta

from bridge.events import Event
from bridge.instants import SECOND, in_micros, to_micros


def forgotten_at(event: Event, horizon: timedelta) -> int:
    """Say when the keys of an event are forgotten: nothing as old is folded by then, even if dated ahead."""
    return to_micros(event.received_at) + _remembered_for(event, horizon)


def lifetime(event: Event, horizon: timedelta) -> tuple[int, int]:
    """Give when a delivery's key was seen and when it is forgotten."""
    seen_at = to_micros(event.received_at)
    if event.dedup_window_s is None:
        return seen_at, seen_at + _remembered_for(event, horizon)
    return seen_at, seen_at + int(event.dedup_window_s * SECOND)


def _remembered_for(event: Event, horizon: timedelta) -> int:
    return in_micros(horizon) + int(event.tolerance_s * SECOND)
