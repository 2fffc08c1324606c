"""What `pinbridge test` prints: a line for each case, then every failure with its difference and its explanation."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.cli.explanations import explanation_lines, explanations_json, why_not_asked
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.state_lines import state_lines
from bridge.errors import SenderError
from bridge.events import Json
from bridge.mappings import Mapping
from bridge.rehearsal import Absent, CaseResult, Delivery, Difference, Fault, path_text
from bridge.settings import secret_variable

_LONGEST = 2_000
HOW_TO = """\
no mapping here has 'tests'. They stand at the end of a mapping, such as

    tests:
      - name: a payment
        send: samples/stripe/payment.json      # relative to this file

`pinbridge test --update` then writes what the pin shows as what is expected of it (docs/mappings.md, "Tests")."""


@dataclass(slots=True)
class Report:
    """What came of all cases. `updated` are mapping and name of those whose expectation was written anew.

    `refused` says which could not be, and why. `untested` mappings have no case.
    """

    results: list[CaseResult] = field(default_factory=list)
    updated: set[tuple[str, str]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    untested: list[Mapping] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Tell whether all came as expected."""
        return all(result.has_passed for result in self.results)

    def word(self, result: CaseResult) -> str:
        """Say in one word what came of a case."""
        if not result.has_passed:
            return "FAILED"
        return "updated" if (result.mapping.name, result.case.name) in self.updated else "ok"


def print_report(report: Report, *, as_json: bool) -> None:
    """Print all of it; what failed comes last, where it is looked for."""
    if as_json:
        print_json(_as_json(report))
        return
    for result in report.results:
        stdout.print(f"{report.word(result):<8}{shown(_title(result))}", markup=False)
        if note := _note(result):
            stdout.print(f"        {shown(note)}", markup=False)
    for result in report.results:
        if not result.has_passed:
            stdout.print("\n" + "\n".join(describe(result)), markup=False)
    for refusal in report.refused:
        stderr.print(shown(refusal), markup=False)
    stdout.print(_summary(report), markup=False)


def describe(result: CaseResult) -> Iterator[str]:
    """Give the lines that tell of a failure: what differs, and what each trigger made of each sample."""
    yield f"FAILED  {shown(_title(result))}"
    for fault in result.faults:
        yield from _fault_lines(fault)
    for number, delivery in enumerate(result.deliveries, 1):
        yield f"  sample {number}, {shown(_delivery_text(delivery))}"
        yield from (f"    {shown(line)}" for line in explanation_lines(result.mapping, delivery))
    yield f"  now: {result.now.isoformat()}"
    yield from (f"  state: {shown(line)}" for line in state_lines(result.state))


def shown(text: str) -> str:
    """Give a text that no terminal obeys, each character for itself: two that differ do so for the eye, too."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _note(result: CaseResult) -> str:
    """Say of a case that expects nothing that no trigger looked at what it sent: that shows little."""
    reason = why_not_asked(result.mapping, result.deliveries) if result.case.expect.kind == "nothing" else ""
    return f"note: no trigger was asked, so no condition was tried: {reason}" if reason else ""


def _title(result: CaseResult) -> str:
    return f"{result.mapping.name}: {result.case.name}"


def _summary(report: Report) -> str:
    if not report.results:
        return HOW_TO
    words = [report.word(result) for result in report.results]
    counts = {"passed": words.count("ok"), "updated": words.count("updated"), "failed": words.count("FAILED")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    without = f"; without tests: {', '.join(mapping.name for mapping in report.untested)}" if report.untested else ""
    return f"\n{told}{without}"


def _fault_lines(fault: Fault) -> Iterator[str]:
    if fault.difference is None:
        yield f"  {fault.place}: {shown(fault.message)}"
    else:
        yield f"  {fault.place}: {shown(path_text(fault.difference.path))}"
        yield from (f"    {line}" for line in _difference_lines(fault.difference))


def _difference_lines(difference: Difference) -> Iterator[str]:
    expected, came = difference.expected, difference.came
    if isinstance(expected, str) and isinstance(came, str) and "\n" in expected + came:
        lines, came_lines = expected.splitlines(), came.splitlines()
        if lines != came_lines:  # else only the end differs, which as lines nobody would see
            yield from (shown(line) for line in difflib.ndiff(lines, came_lines) if not line.startswith("?"))
            return
    yield f"- expected {_value_text(expected)}"
    is_same_as_text = isinstance(came, str) and not isinstance(expected, str) and came == _value_text(expected)
    yield f"+ came     {_value_text(came)}{', a text; write it in quotation marks' if is_same_as_text else ''}"


def _value_text(value: Json | Absent) -> str:
    if isinstance(value, Absent):
        return "nothing"
    text = shown(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _delivery_text(delivery: Delivery) -> str:
    sample, heard = delivery.sample, delivery.heard
    if isinstance(heard, SenderError):
        return f"{sample.name}: {sample.source} refuses it with {heard.status} {heard.code}, {heard.message}"
    if heard is None:
        return f"{sample.name}: {sample.source}, no event"
    event = heard.event
    named = f"{event.source} {event.type}".rstrip()
    text = f"{sample.name}: {named}, id {event.id}, arrived {event.received_at.isoformat()}"
    if heard.signature == "replaced":
        text += f"; its signature was not checked, {secret_variable(event.source)} is not set"
    return text


def _as_json(report: Report) -> Json:
    words = [report.word(result) for result in report.results]
    return {
        "passed": len(words) - words.count("FAILED"),
        "failed": words.count("FAILED"),
        "tests": [_result_json(result, word) for result, word in zip(report.results, words, strict=True)],
        "untested": [mapping.name for mapping in report.untested],
        "not_updated": list(report.refused),
    }


def _result_json(result: CaseResult, word: str) -> Json:
    return {
        "mapping": result.mapping.name,
        "name": result.case.name,
        "file": result.mapping.file,
        "line": result.case.place.line,
        "outcome": word.lower(),
        "pin": result.case.pin,
        "now": result.now.isoformat(),
        "body": result.body,
        "state": {**result.state},
        "errors": list(result.errors),
        "note": _note(result),
        "faults": [_fault_json(fault) for fault in result.faults],
        "samples": [_delivery_json(result.mapping, delivery) for delivery in result.deliveries],
    }


def _fault_json(fault: Fault) -> Json:
    told: dict[str, Json] = {"line": fault.place.line, "column": fault.place.column, "message": fault.message}
    if (difference := fault.difference) is not None:
        told["path"] = path_text(difference.path)
        sides = {"expected": difference.expected, "came": difference.came}
        told |= {name: side for name, side in sides.items() if not isinstance(side, Absent)}
    return told


def _delivery_json(mapping: Mapping, delivery: Delivery) -> Json:
    sample, heard = delivery.sample, delivery.heard
    if isinstance(heard, SenderError):
        return {"sample": sample.name, "status": heard.status, "code": heard.code, "message": heard.message}
    if heard is None:
        return {"sample": sample.name, "source": sample.source, "empty": True}
    return {
        "sample": sample.name,
        "source": heard.event.source,
        "type": heard.event.type,
        "id": heard.event.id,
        "received_at": heard.event.received_at.isoformat(),
        "duplicate": heard.is_duplicate,
        "signature": heard.signature,
        "triggers": explanations_json(mapping, delivery),
    }
