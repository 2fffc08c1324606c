"""The offline run: samples go through the production code, without network, database or clock.

A sample is signed, verified, read, matched, folded and rendered by what does it in
production; only the store's memory is one in memory (`memory.py`), folded by the store's own fold.
"""

from bridge.rehearsal.headers import read_header_lines, read_headers_beside
from bridge.rehearsal.rehearsal import Heard, Rehearsal
from bridge.rehearsal.samples import Sample, read_sample, source_of

__all__ = [
    "Heard",
    "Rehearsal",
    "Sample",
    "read_header_lines",
    "read_headers_beside",
    "read_sample",
    "source_of",
]
