"""YAML 1.2 text becomes a tree in which every node knows its place.

Everything that authors write passes through here, so that every mistake can be reported with
file, line and column. Only the core schema of YAML 1.2 is read (`on`, `off`, `yes`, `no` and
dates are text), without tags; what a small text may blow up to is bounded, and nesting costs
no recursion of ours.
"""

from bridge.located.building import MAX_BYTES, parse_yaml
from bridge.located.scalars import read_plain, surrogate_in
from bridge.located.tree import Entry, MappingNode, Node, Place, Plain, ScalarNode, SequenceNode

__all__ = [
    "MAX_BYTES",
    "Entry",
    "MappingNode",
    "Node",
    "Place",
    "Plain",
    "ScalarNode",
    "SequenceNode",
    "parse_yaml",
    "read_plain",
    "surrogate_in",
]
