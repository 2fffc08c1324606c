"""JUnit XML is well-formed whatever stands in the texts."""

import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.rehearsing import results

from bridge.cli.testing.junit import write_xml
from bridge.rehearsal import Fault

SOURCES = b"shop: {verify: none, dedupe: off}"
TEXT = """
pin: p-1
triggers: [{source: shop}]
update: {metadata: {title: Shop}}
tests: [{name: good, expect: {metadata: {title: Shop}}}, {name: bad, expect: {metadata: {title: Other}}}]
"""


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["]]>", "<a>", "\x00\x1b[0m", "\ufffe"])
)
def test_any_text_is_well_formed(text: str) -> None:
    """In names, in messages, in paths; what XML cannot hold is replaced."""
    good, bad = results(TEXT, SOURCES)
    fault = Fault(place=bad.case.place, message=text)
    named = replace(bad, faults=(fault,), case=replace(bad.case, name=text), mapping=replace(bad.mapping, file=text))
    suites = ET.fromstring(write_xml([good, named]))  # noqa: S314 - our own text
    ((first, second),) = suites
    assert (first.get("name"), len(first)) == ("good", 0)
    assert second[0].tag == "failure"
    if text.isprintable() and text.isascii():
        assert (second.get("name"), second[0].get("message")) == (text, text)


def test_what_failed_is_told_whole() -> None:
    """Name, line, the first fault as its message, and the difference."""
    ((good, bad),) = ET.fromstring(write_xml(results(TEXT, SOURCES)))  # noqa: S314 - our own text
    assert (good.attrib, bad.get("line")) == (
        {"classname": "m", "name": "good", "file": "m.yaml", "line": "5"},
        "5",
    )
    assert bad[0].get("message") == "metadata.title differs"
    assert '- expected "Other"' in (bad[0].text or "")
