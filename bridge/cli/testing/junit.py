"""JUnit XML, as CI servers read it: one suite for each mapping. Pure.

Well-formed whatever the texts hold (XML 1.0, 2.2: most control characters cannot stand in it at all).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from markupsafe import escape

from bridge.cli.testing.report import describe
from bridge.rehearsal import CaseResult

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xml(results: Iterable[CaseResult]) -> bytes:
    """Write what came of the cases."""
    suites = [(name, list(listed)) for name, listed in groupby(results, key=lambda each: each.mapping.name)]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for name, listed in suites:
        lines.extend(_suite_lines(name, listed))
    return "\n".join([*lines, "</testsuites>", ""]).encode()


def _suite_lines(name: str, results: list[CaseResult]) -> Iterator[str]:
    failures = sum(not result.has_passed for result in results)
    yield f'<testsuite name="{_text(name)}" tests="{len(results)}" failures="{failures}" errors="0">'
    for result in results:
        place = f'file="{_text(result.mapping.file)}" line="{result.case.place.line}"'
        opening = f'<testcase classname="{_text(name)}" name="{_text(result.case.name)}" {place}'
        if result.has_passed:
            yield f"{opening}/>"
        else:
            message = _text(str(result.faults[0].message))
            yield f'{opening}><failure message="{message}">{_text(chr(10).join(describe(result)))}</failure></testcase>'
    yield "</testsuite>"


def _text(text: str) -> str:
    return str(escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)))
