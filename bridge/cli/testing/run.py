"""`pinbridge test`: run the cases of mappings, and write what came into their files where that is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.cli.files import read_file, write_file
from bridge.cli.folders import by_folder
from bridge.cli.testing.junit import write_xml
from bridge.cli.testing.report import Report, print_report
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
    for folder, only in by_folder(wanted.paths or [settings.mappings], settings.mappings):
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
    path = Path(mapping.file)
    data = read_file(path)
    if _compiled(mapping, data, environ).cases != mapping.cases:
        told.refused.append(f"{mapping.file} is not updated: it changed while it was tested")
        return list(results)
    changed = [result for result in results if not result.has_passed and _can_be_updated(data, result, told)]
    if not changed:
        return list(results)
    written = update(data, changed)
    renewed = _compiled(mapping, written, environ)
    again = {case.name: stage.run(renewed, case) for case in renewed.cases}
    good = {result.case.name for result in changed}
    good |= {case.name for case in mapping.cases if stage.run(mapping, case).has_passed}
    if not all(again[name].has_passed for name in good):
        told.refused.append(f"{mapping.file} is not updated: what came cannot be written so that all of it passes")
        return list(results)
    write_file(path, written)
    told.updated |= {(mapping.name, result.case.name) for result in changed}
    return [again[result.case.name] for result in results]


def _can_be_updated(data: bytes, result: CaseResult, told: Report) -> bool:
    try:
        update(data, [result])
    except NotUpdated as error:
        told.refused.append(str(error))
        return False
    return True


def _compiled(mapping: CompiledMapping, data: bytes, environ: Mapping[str, str]) -> CompiledMapping:
    """Compile other bytes of a mapping's file."""
    (loaded,) = load_texts({mapping.file: data}, environ).mappings.values()
    return replace(loaded, name=mapping.name)
