"""`pinbridge flush`: a running bridge sends what is due now."""

import asyncio

from bridge.api.shapes import Flushed
from bridge.api.wanted import Nothing
from bridge.cli.asking import ask, find_bridge
from bridge.cli.output import print_json, stdout
from bridge.errors import OperatorError
from bridge.settings import Settings

TIMEOUT_S = 40.0
"""More than a flush may take."""


def flush(settings: Settings, url: str | None, *, as_json: bool) -> None:
    """Print what was sent, and what is left. Raises `OperatorError` where no bridge runs, or it does not answer."""
    running = find_bridge(settings, url)
    if running is None:
        raise OperatorError("no bridge runs on this database; one that is started sends what is due by itself")
    answer = asyncio.run(ask(running, "/api/flush", Nothing(), timeout_s=TIMEOUT_S))
    if as_json:
        print_json(answer)
        return
    flushed = Flushed.model_validate(answer)
    stdout.print(f"updated: {flushed.updated}, still due: {flushed.due}")
    for pin in flushed.pins:
        stdout.print(f"  {pin.pin} ({pin.mapping}): {pin.why}", markup=False)
    if flushed.due > len(flushed.pins):
        stdout.print(f"  and {flushed.due - len(flushed.pins)} more")
