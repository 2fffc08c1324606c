"""The mapping language: YAML becomes compiled mappings; match, extract, render.

Pure functions of their arguments: no I/O but reading the folder, no clock, no web, no database.
"""

from bridge.mappings.cases import Case, CaseSample, Expectation
from bridge.mappings.expressions.templates import RenderError
from bridge.mappings.folder import (
    NOT_MAPPINGS,
    SOURCES_FILE,
    list_mappings,
    mapping_files,
    read_bounded,
    read_mappings,
    searched_folders,
)
from bridge.mappings.loading import Loader, load_folder, load_texts
from bridge.mappings.mapping import Mapping
from bridge.mappings.mapping_set import MappingSet
from bridge.mappings.overlaps import overlaps
from bridge.mappings.records import FAILED, Change, Evaluation, EventHeader, Latest, Outcome, OutcomeKind, Rendered
from bridge.mappings.staleness import stale_at, stale_since
from bridge.mappings.triggers.pin_names import AllowedPins
from bridge.mappings.triggers.triggers import Trigger
from bridge.mappings.values.bounds import NotAtOnce

__all__ = [
    "FAILED",
    "NOT_MAPPINGS",
    "SOURCES_FILE",
    "AllowedPins",
    "Case",
    "CaseSample",
    "Change",
    "Evaluation",
    "EventHeader",
    "Expectation",
    "Latest",
    "Loader",
    "Mapping",
    "MappingSet",
    "NotAtOnce",
    "Outcome",
    "OutcomeKind",
    "RenderError",
    "Rendered",
    "Trigger",
    "list_mappings",
    "load_folder",
    "load_texts",
    "mapping_files",
    "overlaps",
    "read_bounded",
    "read_mappings",
    "searched_folders",
    "stale_at",
    "stale_since",
]
