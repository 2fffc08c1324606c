"""Tells the demo as it happens: what came in, what matched, what each pin now shows."""

from collections.abc import Iterator

import httpx
from rich.text import Text

from bridge.cli.demo.scenario import Step
from bridge.cli.demo.stage import API_KEY, Stage
from bridge.cli.output import stdout
from bridge.events import Json
from bridge.store import EventRecord

WIDTH = 110
HANDLING = {
    "as signed": "",
    "sent twice": " (the same delivery again)",
    "forged": " (with the signature of another body)",
}


class Narrator:
    """Prints to standard output; remembers which of the sandbox's writes it has told already."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told = 0

    def introduce(self) -> None:
        """Say where everything is."""
        stdout.print(Text.assemble(("Pinbridge demo", "bold"), ": webhooks in, dashboard pins out"))
        stdout.print(f"  the dashboard  {self._stage.sandbox_url}/   (open it in a browser)")
        stdout.print(f"  the bridge     {self._stage.bridge_url}/hooks/{{stripe,shopify,github,alertmanager}}")
        stdout.print("  a month of the shop is in its database already, so that today has a yesterday")

    def tell_arrival(self, step: Step, answer: httpx.Response, event: EventRecord | None) -> None:
        """Print one delivery: who sent it, what the bridge answered, what each mapping made of it."""
        body = answer.json()
        verdict = body.get("status") or body["error"]["message"]
        stdout.print()
        stdout.print(
            Text.assemble(
                (f"→ {step.delivery.source:<13}", "bold cyan"), step.delivery.says, (HANDLING[step.handling], "dim")
            )
        )
        stdout.print(Text(f"  {answer.status_code} {verdict}", "green" if answer.is_success else "yellow"))
        for outcome in event.outcomes if event else ():
            name = f"{outcome.mapping}.{outcome.trigger}"
            reason = outcome.reason or (f"moves {outcome.pin}" if outcome.pin else "")
            mark, style = ("✓", "") if outcome.kind == "matched" else ("·", "dim")
            stdout.print(Text(f"  {mark} {name} {outcome.kind.replace('_', ' ')}: {reason}"[:WIDTH], style))

    def tell_writes(self) -> None:
        """Print the pin updates that the sandbox took since the last call."""
        answer = httpx.get(f"{self._stage.sandbox_url}/_sandbox/requests", params={"after": self._told})
        for request in answer.json()["requests"]:
            self._told = request["number"]
            if request["method"] == "PUT" and request["status"] == 200:
                shown = " | ".join(texts_of(request["body"]["metadata"]))
                stdout.print(
                    Text.assemble((f"  ★ {request['pin']}  ", "bold magenta"), " ".join(shown.split())[:WIDTH])
                )

    def shown(self, pin: str) -> str:
        """Give all text that a pin shows now."""
        answer = httpx.get(f"{self._stage.sandbox_url}/v1/pins/{pin}", headers={"Authorization": f"Bearer {API_KEY}"})
        return "\n".join(texts_of(answer.json()["data"]["metadata"])) if answer.status_code == 200 else ""


def texts_of(value: Json) -> Iterator[str]:
    """Give every text and number in a pin's body, in reading order, less what only names or types a column."""
    match value:
        case dict():
            for name, part in value.items():
                if name not in {"tags", "id", "type", "trend", "columns", "pin_type"}:
                    yield from texts_of(part)
        case list():
            for part in value:
                yield from texts_of(part)
        case None | bool():
            return
        case _:
            yield str(value)
