"""The mappings that come with the package: where they lie, and which of them begin with which source."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import bridge
from bridge.mappings import load_folder

SCHEMA = "schema.json"

_PIN_VARIABLE = re.compile(r"\$\{([A-Z0-9_]*PIN)(?::-[^}]*)?\}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """A mapping to begin with. `name` is its file's; `pin_variables` are where its pins' ids are filled in."""

    name: str
    description: str
    sources: frozenset[str]
    text: str

    @property
    def pin_variables(self) -> tuple[str, ...]:
        """Name the environment variables, in the order of the file."""
        return tuple(dict.fromkeys(_PIN_VARIABLE.findall(self.text)))


def shipped_mappings() -> Path:
    """Find the ready mappings: inside an installed package, else in the checkout around it."""
    package = Path(bridge.__file__).parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "mappings"


def shipped_starters() -> list[Starter]:
    """Read the ready mappings, by name."""
    folder = shipped_mappings()
    loaded = load_folder(folder, {})
    return [
        Starter(
            name=f"{name}.yaml",
            description=mapping.description,
            sources=frozenset(mapping.source_places),
            text=(folder / f"{name}.yaml").read_text(encoding="utf-8"),
        )
        for name, mapping in sorted(loaded.mappings.items())
    ]


def shipped_schema() -> bytes:
    """Give the JSON Schema of the language."""
    return (shipped_mappings() / SCHEMA).read_bytes()


def shipped_samples(source: str) -> Iterable[tuple[PurePosixPath, bytes]]:
    """Give the samples of a source, each with its path in the folder of mappings."""
    folder = shipped_mappings()
    for path in sorted((folder / "samples" / source).glob("*.json")):
        yield PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes()


def minimal_starter(source: str) -> Starter:
    """Write a mapping that shows the newest event of a source, with comments on what to make of it."""
    variable = f"{source.upper().replace('-', '_')}_PIN"
    text = _MINIMAL.replace("<SOURCE>", source).replace(
        "<VARIABLE>", f"_{variable}" if variable[0].isdigit() else variable
    )
    description = f"The newest event of {source}"
    return Starter(name=f"{source}-events.yaml", description=description, sources=frozenset({source}), text=text)


_MINIMAL = """\
# yaml-language-server: $schema=schema.json
# <SOURCE>: its newest event, on a stat card. A beginning, to be made your own.
#
# `pinbridge paths PAYLOAD` shows what there is to take out of a payload of yours, and
# `pinbridge try <SOURCE>-events PAYLOAD` what this file makes of it.

description: The newest event of <SOURCE>
pin: ${<VARIABLE>:-p-<SOURCE>}           # your pin's id, as Pindown shows it

triggers:
  - name: news
    source: "<SOURCE>"
    # event: order.paid                 # only events of this type, or of one of [order.paid, order.refunded]
    # when:
    #   $.order.total: {gt: 0}          # only where this holds
    # extract:
    #   total: $.order.total            # a name, and the path of its value: {{ total }} below
    #   buyer: {path: $.order.email, default: anonymous}

update:
  metadata:
    title: "<SOURCE>"
    pin_config:
      cards:
        - title: Newest event
          value: "{{ event.type or event.id or 'none yet' }}"
        - title: Arrived
          value: "{{ event.received_at | datetime('d MMM, HH:mm') }}"
        # - title: Total
        #   value: "{{ total | currency('EUR') }}"
"""
