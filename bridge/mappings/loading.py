"""From a folder of YAML to a `MappingSet`, or to every problem in it."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from bridge.errors import ConfigurationError, Problem
from bridge.located import MAX_BYTES, parse_yaml
from bridge.mappings.environment import fill
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.mapping import compile_mapping
from bridge.mappings.mapping_set import MappingSet

_SUFFIXES = frozenset({".yaml", ".yml"})
_NOT_MAPPINGS = frozenset({("sources.yaml",), ("sources.yml",)})
_NOT_SEARCHED = "samples"


def load_folder(folder: Path, environ: Mapping[str, str], *, only: Collection[Path] | None = None) -> MappingSet:
    """Load every `*.yaml` and `*.yml` below a folder, but `sources.yaml`, `samples/` and hidden ones.

    Where `only` is given, load those files of the folder and no others. Raises `ConfigurationError`
    with all problems of all files.
    """
    if not folder.is_dir():
        raise ConfigurationError([Problem(file=str(folder), message="there is no such folder of mappings")])
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    for path in sorted(_mapping_files(folder) if only is None else only):
        try:
            with path.open("rb") as file:
                files[path.relative_to(folder).as_posix()] = file.read(MAX_BYTES + 1)
        except OSError as error:
            problems.append(Problem(file=str(path), message=f"the file cannot be read: {error.strerror}"))
    return _load(files, environ, shown_in=folder, problems=problems)


def load_texts(files: Mapping[str, bytes], environ: Mapping[str, str]) -> MappingSet:
    """Load mappings from memory: paths in the folder, such as `ops/alerts.yaml`, to their bytes.

    Raises `ConfigurationError` with all problems of all files.
    """
    return _load(files, environ, shown_in=None, problems=[])


def _mapping_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        left_out = parts in _NOT_MAPPINGS or _NOT_SEARCHED in parts[:-1] or any(part.startswith(".") for part in parts)
        if path.suffix in _SUFFIXES and not left_out and path.is_file():
            yield path


def _load(
    files: Mapping[str, bytes], environ: Mapping[str, str], *, shown_in: Path | None, problems: list[Problem]
) -> MappingSet:
    """Compile each file; names are paths in the folder, messages show the path from here."""
    mappings: dict[str, CompiledMapping] = {}
    warnings: list[Problem] = []
    for path, data in files.items():
        shown = path if shown_in is None else str(shown_in / path)
        name = str(PurePosixPath(path).with_suffix(""))
        if name in mappings:
            problems.append(Problem(file=shown, message=f"{mappings[name].file} has the name {name!r} already"))
            continue
        try:
            mappings[name] = _compile_file(name, shown, data, environ, warnings)
        except ConfigurationError as error:
            problems.extend(error.problems)
    try:
        loaded = MappingSet(mappings.values(), warnings)
    except ConfigurationError as error:
        problems.extend(error.problems)
    if problems:
        raise ConfigurationError(problems, warnings)
    return loaded


def _compile_file(
    name: str, file: str, data: bytes, environ: Mapping[str, str], warnings: list[Problem]
) -> CompiledMapping:
    tree = parse_yaml(file, data)
    unfilled: list[Problem] = []
    if b"${" in data:
        tree, unfilled = fill(tree, environ)
    try:
        mapping = compile_mapping(name, tree, warnings)
    except ConfigurationError as error:
        # What could not be filled is no use to its key either; one problem in one place is enough.
        told = {(problem.line, problem.column) for problem in unfilled}
        others = [problem for problem in error.problems if (problem.line, problem.column) not in told]
        raise ConfigurationError([*unfilled, *others]) from error
    if unfilled:
        raise ConfigurationError(unfilled)
    return mapping
