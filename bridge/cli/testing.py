"""`pinbridge test`: run the cases of mappings, and write what came into their files where that is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.cli.files import read_file, write_file
from bridge.cli.folders import SOURCES_FILE, by_folder
from bridge.cli.testing_report import Report, print_report
from bridge.cli.testing_xml import write_xml
from bridge.configuration import load_configuration
from bridge.errors import ConfigurationError, Problem
from bridge.mappings import Mapping as CompiledMapping
from bridge.mappings import load_texts
from bridge.rehearsal import CaseResult, NotUpdated, Stage, update
from bridge.settings import Settings
from bridge.spelling import suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to run, and what to make of it.

    `paths` are folders and files, none for the folder in use. `text` stands in the names of the cases
    to run, in any case. `junit` is the file to write for CI.
    """

    paths: Sequence[Path] = ()
    text: str = ""
    updates: bool = False
    junit: Path | None = None
    as_json: bool = False


def run_tests(wanted: Wanted, settings: Settings, environ: Mapping[str, str]) -> bool:
    """Run the cases and print what came of them; tell whether all is as expected.

    Raises `ConfigurationError` where mappings or sources do not load, where no case has the name that is
    wanted, or where a file cannot be written.
    """
    stages = list(_stages(wanted, settings, environ))
    told = Report()
    for stage in stages:
        for mapping in stage.mappings.mappings.values():
            results = [stage.run(mapping, case) for case in mapping.cases if _is_wanted(wanted, mapping, case.name)]
            if wanted.updates:
                results = _update(stage, mapping, results, environ, told)
            told.results += results
            if not mapping.cases:
                told.untested.append(mapping)
    if wanted.text and not told.results:
        raise _nothing_named(wanted.text, stages)
    if wanted.junit is not None:
        write_file(wanted.junit, write_xml(told.results))
    print_report(told, as_json=wanted.as_json)
    return told.is_good


def _stages(wanted: Wanted, settings: Settings, environ: Mapping[str, str]) -> Iterator[Stage]:
    for folder, files in by_folder(wanted.paths or [settings.mappings], settings.mappings):
        only = None if files is None else [file for file in files if file != folder / SOURCES_FILE]
        configuration = load_configuration(folder, environ, only=only, secrets_are_required=False)
        yield Stage(
            mappings=configuration.mappings,
            sources=configuration.sources,
            horizon_s=settings.horizon,
            max_body_bytes=settings.max_body,
        )


def _is_wanted(wanted: Wanted, mapping: CompiledMapping, name: str) -> bool:
    return wanted.text.lower() in f"{mapping.name}: {name}".lower()


def _nothing_named(text: str, stages: Sequence[Stage]) -> ConfigurationError:
    names = [case.name for stage in stages for mapping in stage.mappings.mappings.values() for case in mapping.cases]
    message = f"no test has {text[:80]!r} in its mapping or name{suggest(text, names)}"
    return ConfigurationError([Problem(file="-k", message=message)])


def _update(
    stage: Stage, mapping: CompiledMapping, results: Sequence[CaseResult], environ: Mapping[str, str], told: Report
) -> list[CaseResult]:
    """Write what came into the file, as far as that can be; gives what then comes of the same cases."""
    failed = [result for result in results if not result.has_passed]
    path = Path(mapping.file)
    data = read_file(path)
    changed: list[CaseResult] = []
    for result in failed:
        try:
            update(data, [result])
            changed.append(result)
        except NotUpdated as error:
            told.refused.append(str(error))
    if not changed:
        return list(results)
    written = update(data, changed)
    again = _rerun(stage, mapping, results, written, environ)
    if {result.case.name for result in again if not result.has_passed} & {result.case.name for result in changed}:
        told.refused.append(
            f"{mapping.file} is not updated: what came cannot be written so that it passes; do it by hand"
        )
        return list(results)
    write_file(path, written)
    told.updated |= {(mapping.name, result.case.name) for result in changed}
    return again


def _rerun(
    stage: Stage, mapping: CompiledMapping, results: Sequence[CaseResult], written: bytes, environ: Mapping[str, str]
) -> list[CaseResult]:
    names = {result.case.name for result in results}
    (loaded,) = load_texts({mapping.file: written}, environ).mappings.values()
    renewed = replace(loaded, name=mapping.name)
    return [stage.run(renewed, case) for case in renewed.cases if case.name in names]
