"""Plays the demo: sends the scenario step by step, then goes on with everyday traffic until interrupted."""

import random
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count

import orjson

from bridge.cli.demo.narrator import Narrator
from bridge.cli.demo.scenario import EXPECTED, GONE, Step, going_on, opening
from bridge.cli.demo.stage import Stage, set_stage
from bridge.cli.output import stderr, stdout
from bridge.cli.send import deliver
from bridge.configuration import load_configuration
from bridge.settings import Settings
from bridge.store import open_readonly

SETTLE_S = 60.0
PAUSE_S = 1.5
EVERYDAY_PAUSE_S = 4.0


def play(*, once: bool) -> bool:
    """Run the demo; with `once`, end after the opening. Tells whether everything ended as expected."""
    with set_stage(_now()) as stage:
        demo = _Demo(stage)
        good = demo.play_opening(pause_s=0.1 if once else PAUSE_S) and demo.wait_for_pins()
        if once or not good:
            return good
        stdout.print("\nEveryday traffic goes on; end it with Ctrl-C.")
        with suppress(KeyboardInterrupt):
            demo.go_on()
        return True


class _Demo:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._settings = Settings.from_environ(stage.environ)
        self._sources = load_configuration(self._settings.mappings, stage.environ).sources
        self._narrator = Narrator(stage)
        self._narrator.introduce()

    def play_opening(self, *, pause_s: float) -> bool:
        """Send the opening; tell whether each delivery was answered as expected."""
        for step in opening(_now()):
            status = self._send(step)
            if status != step.expects:
                stderr.print(f"  expected {step.expects}, the log of the bridge ends:\n{self._log_end()}", markup=False)
                return False
            self._listen(pause_s)
        return True

    def wait_for_pins(self) -> bool:
        """Wait until every pin shows what it should; tell whether it came to that."""
        stdout.print("\nWaiting for the last updates (a pin rests 5 s between two of them)")
        deadline = time.monotonic() + SETTLE_S
        while (missing := self._missing()) and time.monotonic() < deadline:
            self._listen(0.3)
        stdout.print()
        for pin in EXPECTED:
            wanted = f"is wrong in {', '.join(missing[pin])}" if pin in missing else "shows what it should"
            stdout.print(f"  {'✗' if pin in missing else '✓'} {pin} {wanted}", markup=False)
        if missing:
            stderr.print(f"the log of the bridge ends:\n{self._log_end()}", markup=False)
        return not missing

    def go_on(self) -> None:
        """Send everyday traffic for ever."""
        choice = random.Random(int(_now().timestamp()))  # noqa: S311  # which sample comes next is no secret
        for number in count(100):
            self._send(going_on(choice, number, _now()))
            self._listen(EVERYDAY_PAUSE_S)

    def _send(self, step: Step) -> int:
        delivery = step.delivery
        answer = deliver(
            self._stage.bridge_url,
            self._sources[delivery.source],
            orjson.dumps(delivery.payload),
            headers=delivery.headers,
            forged=step.handling == "forged",
        )
        number = answer.json().get("number")
        with open_readonly(self._settings.database) as reader:
            self._narrator.tell_arrival(step, answer, reader.event(number) if number else None)
        return answer.status_code

    def _listen(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self._narrator.tell_writes()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))

    def _missing(self) -> dict[str, list[str]]:
        shown = {pin: self._narrator.shown(pin) for pin in EXPECTED}
        found = {
            pin: [text for text in texts if text not in shown[pin]]
            + [text for text in GONE.get(pin, ()) if text in shown[pin]]
            for pin, texts in EXPECTED.items()
        }
        return {pin: texts for pin, texts in found.items() if texts}

    def _log_end(self) -> str:
        return self._stage.log.read_text(encoding="utf-8", errors="replace")[-2000:]


def _now() -> datetime:
    return datetime.now(UTC)
