"""The mapping language: YAML becomes compiled mappings; match, extract, render.

Pure functions of their arguments: no I/O but reading the folder, no clock, no web, no database.
"""

from bridge.mappings.records import Change, Evaluation, EventHeader, Latest, Outcome, OutcomeKind, Rendered
from bridge.mappings.versions import compare_versions

__all__ = [
    "Change",
    "Evaluation",
    "EventHeader",
    "Latest",
    "Outcome",
    "OutcomeKind",
    "Rendered",
    "compare_versions",
]
