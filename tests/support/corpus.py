"""The corpus of broken files: each says in its first lines what must be told of it.

    # error 6:5: unknown key 'exctract' in a trigger; did you mean 'extract'?

`python -m support.corpus` (with `tests` on the path) writes into every file what is told of it
now, for the difference to be read by eye.
"""

import re
from pathlib import Path

from bridge.errors import ConfigurationError, Problem
from bridge.inbound import load_sources
from bridge.mappings import load_texts

CORPUS = Path(__file__).parents[1] / "corpus"
ENVIRON = {"SALES_PIN": "p-sales", "EMPTY": ""}
"""What the environment has while a file is read."""

_TOLD = re.compile(rb"# ((?:error|warning) [0-9]+:[0-9]+: .*)\n")


def cases() -> list[Path]:
    """List every file of the corpus."""
    return sorted(path for path in CORPUS.rglob("*") if path.suffix in {".yaml", ".yml"})


def expected(data: bytes) -> list[str]:
    """Give what the first lines of a file say."""
    lines = []
    while found := _TOLD.match(data):
        lines.append(found[1].decode())
        data = data[found.end() :]
    return lines


def told(path: Path, data: bytes) -> list[str]:
    """Load one file, a mapping or, in `sources`, the declarations of sources; give what is told of it."""
    try:
        if path.parent.name == "sources":
            load_sources({}, data, lambda _: (b"secret",), file=path.name)
            return []
        warnings = load_texts({path.name: data}, ENVIRON).warnings
    except ConfigurationError as error:
        return [_line("error", each) for each in error.problems] + [_line("warning", each) for each in error.warnings]
    return [_line("warning", each) for each in warnings]


def _line(kind: str, problem: Problem) -> str:
    return f"{kind} {problem.line}:{problem.column}: {problem.message}"


def _rewrite(path: Path) -> None:
    """Put what is told in the place of what was; the lines that are added move the rest of the file."""
    data = path.read_bytes()
    lines = expected(data)
    body = data[sum(len(f"# {line}\n".encode()) for line in lines) :]
    for _ in range(2):
        lines = told(path, b"#\n" * len(lines) + body)
    path.write_bytes("".join(f"# {line}\n" for line in lines).encode() + body)


if __name__ == "__main__":
    for case in cases():
        _rewrite(case)
