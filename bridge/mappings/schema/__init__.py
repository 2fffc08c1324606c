"""The JSON Schema of the mapping language, for completion and hints in editors.

It accepts what the loader accepts, as far as shape goes: which keys stand where, what is
required, kinds, ranges and the form of texts. What needs more than shape is the loader's
alone: which names are known, the syntax inside a JSONPath, an expression or a regular
expression, names that must differ, and what `${…}` is filled with.
"""

from bridge.mappings.schema.mapping_schema import mapping_schema

__all__ = ["mapping_schema"]
