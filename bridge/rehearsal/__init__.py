"""The offline run: samples go through the production code, without network, database or clock.

A sample is signed, verified, read, matched, folded and rendered by what does it in
production; only the store's memory is one in memory (`memory.py`), folded by the store's own fold.
"""

from bridge.rehearsal.cases import CaseResult, Fault, Stage
from bridge.rehearsal.comparison import ABSENT, Absent, Difference, path_text
from bridge.rehearsal.headers import read_header_lines, read_headers_beside
from bridge.rehearsal.reception import receive
from bridge.rehearsal.rehearsal import Delivery, Heard, Rehearsal
from bridge.rehearsal.samples import Sample, read_body, read_sample, source_of
from bridge.rehearsal.updating import NotUpdated, update

__all__ = [
    "ABSENT",
    "Absent",
    "CaseResult",
    "Delivery",
    "Difference",
    "Fault",
    "Heard",
    "NotUpdated",
    "Rehearsal",
    "Sample",
    "Stage",
    "path_text",
    "read_body",
    "read_header_lines",
    "read_headers_beside",
    "read_sample",
    "receive",
    "source_of",
    "update",
]
