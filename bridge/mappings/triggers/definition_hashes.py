"""Hashes of what some keys of a trigger say: what follows from one definition is not taken for another's. Pure."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from bridge.located import MappingNode
from bridge.located.fields import Fields
from bridge.mappings.values.values import Value

_NAME = re.compile(r"[^\W\d]\w*")


def definition_hash(fields: Fields, keys: tuple[str, ...], constants: Mapping[str, Value]) -> bytes:
    """Hash (16 bytes) what some keys of a trigger say, and all that they read by name."""
    definitions: dict[str, object] = dict(constants)
    for key in ("extract", "let"):
        node = fields.node(key)
        if isinstance(node, MappingNode):
            definitions |= node.plain()
    parts = {key: node.plain() for key in keys if (node := fields.node(key)) is not None}
    told, pending = [_written(parts)], [*_names_in(parts)]
    while pending:
        definition = definitions.pop(pending.pop(), None)
        if definition is not None:
            told.append(_written(definition))
            pending += _names_in(definition)
    return hashlib.blake2b("\n".join(sorted(told)).encode(), digest_size=16).digest()


def _names_in(definition: object) -> Iterator[str]:
    """Give all that may be a name in the texts of a definition; a path reads none."""
    if isinstance(definition, str):
        yield from () if definition.startswith("$") else _NAME.findall(definition)
    elif isinstance(definition, Mapping | list):
        for part in definition.values() if isinstance(definition, Mapping) else definition:
            yield from _names_in(part)


def _written(definition: object) -> str:
    return json.dumps(definition, default=str, ensure_ascii=False, sort_keys=True)
