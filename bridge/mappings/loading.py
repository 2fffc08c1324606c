"""From the bytes of YAML files to a `MappingSet`, or to every problem in them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bridge.errors import ConfigurationError, Problem
from bridge.located import Place, parse_yaml
from bridge.mappings.costs import check_costs
from bridge.mappings.environment import fill
from bridge.mappings.folder import read_mappings
from bridge.mappings.mapping import Mapping as CompiledMapping
from bridge.mappings.mapping import compile_mapping
from bridge.mappings.mapping_set import MappingSet, source_places


def load_folder(folder: Path, environ: Mapping[str, str]) -> MappingSet:
    """Load every `*.yaml` and `*.yml` below a folder, but `sources.yaml`, `samples/` and hidden ones.

    Raises `ConfigurationError` with all problems of all files.
    """
    files, problems = read_mappings(folder)
    return Loader(environ, shown_in=folder).load(files, problems=problems)


def load_texts(files: Mapping[str, bytes], environ: Mapping[str, str]) -> MappingSet:
    """Load mappings from memory: paths in the folder, such as `ops/alerts.yaml`, to their bytes.

    Raises `ConfigurationError` with all problems of all files.
    """
    return Loader(environ).load(files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What became of a file when it was compiled: its mapping, or why there is none."""

    data: bytes
    result: CompiledMapping | tuple[Problem, ...]
    warnings: tuple[Problem, ...]


class Loader:
    """Loads the same files again and again, and compiles only those that are new or changed.

    A file is known by its path and bytes; what they are filled from, `environ`, is taken as it is at the
    beginning. Messages show paths as they stand in the folder `shown_in`. `source_places` has one mention of each
    source in the mappings that were compiled last, told where others beside them could not be.
    """

    def __init__(self, environ: Mapping[str, str], *, shown_in: Path | None = None) -> None:
        self._environ = dict(environ)
        self._shown_in = shown_in
        self._files: dict[str, _File] = {}
        self._loaded = MappingSet(())
        self.source_places: Mapping[str, Place] = {}

    def load(
        self,
        files: Mapping[str, bytes],
        *,
        problems: Iterable[Problem] = (),
        after_each: Callable[[], None] = lambda: None,
    ) -> MappingSet:
        """Load files by path in the folder; the set of before where they say the same as before.

        Raises `ConfigurationError` with `problems` and all those of all files. `after_each` is called after each
        file that was compiled; what it raises ends the loading, and what was compiled until then is known.
        """
        if files:
            # A folder that vanished comes back, mostly with the same files in it.
            self._files = {path: known for path, known in self._files.items() if path in files}
        found = [*problems]
        mappings: dict[str, CompiledMapping] = {}
        for path, data in files.items():
            known = self._files.get(path)
            if known is None or known.data != data:
                self._files[path] = known = self._compile(path, data)
                after_each()
            if isinstance(known.result, tuple):
                found.extend(known.result)
            elif known.result.name in mappings:
                message = f"{mappings[known.result.name].file} has the name {known.result.name!r} already"
                found.append(Problem(file=self._shown(path), message=message))
            else:
                mappings[known.result.name] = known.result
        self.source_places = source_places(mappings.values())
        if found or not _are_those_of(self._loaded, mappings):
            self._loaded = _gather(mappings, found, [each for path in files for each in self._files[path].warnings])
        return self._loaded

    def _compile(self, path: str, data: bytes) -> _File:
        warnings: list[Problem] = []
        result: CompiledMapping | tuple[Problem, ...]
        name = str(PurePosixPath(path).with_suffix(""))
        try:
            result = _compile_file(name, self._shown(path), data, self._environ, warnings)
        except ConfigurationError as error:
            result = error.problems
        return _File(data=data, result=result, warnings=tuple(warnings))

    def _shown(self, path: str) -> str:
        return path if self._shown_in is None else str(self._shown_in / path)


def _gather(mappings: Mapping[str, CompiledMapping], problems: list[Problem], warnings: list[Problem]) -> MappingSet:
    try:
        loaded = MappingSet(mappings.values(), warnings)
    except ConfigurationError as error:
        problems.extend(error.problems)
    if problems:
        raise ConfigurationError(problems, warnings)
    return loaded


def _are_those_of(loaded: MappingSet, mappings: Mapping[str, CompiledMapping]) -> bool:
    return len(mappings) == len(loaded.mappings) and all(
        loaded.mappings.get(name) is mapping for name, mapping in mappings.items()
    )


def _compile_file(
    name: str, file: str, data: bytes, environ: Mapping[str, str], warnings: list[Problem]
) -> CompiledMapping:
    tree = parse_yaml(file, data)
    unfilled: list[Problem] = []
    if b"${" in data:
        tree, unfilled = fill(tree, environ)
    try:
        check_costs(tree)
        mapping = compile_mapping(name, tree, warnings)
    except ConfigurationError as error:
        # What could not be filled is no use to its key either; one problem in one place is enough.
        told = {(problem.line, problem.column) for problem in unfilled}
        others = [problem for problem in error.problems if (problem.line, problem.column) not in told]
        raise ConfigurationError([*unfilled, *others]) from error
    if unfilled:
        raise ConfigurationError(unfilled)
    return mapping
