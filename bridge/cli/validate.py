"""`pinbridge validate`: read every mapping and source, and name every mistake."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from bridge.cli.configuration import Configuration, load_configuration
from bridge.cli.output import print_json, stderr, stdout
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json


def validate(folder: Path, environ: Mapping[str, str], *, as_json: bool) -> bool:
    """Print what is wrong and what is odd; tell whether the bridge would start with it."""
    try:
        configuration = load_configuration(folder, environ)
    except ConfigurationError as error:
        _report(error.problems, (), None, as_json=as_json)
        return False
    _report((), configuration.mappings.warnings, configuration, as_json=as_json)
    return True


def _report(
    problems: tuple[Problem, ...],
    warnings: tuple[Problem, ...],
    configuration: Configuration | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        listed: dict[str, Json] = {
            "problems": [dataclasses.asdict(problem) for problem in problems],
            "warnings": [dataclasses.asdict(warning) for warning in warnings],
        }
        print_json(listed)
        return
    for problem in problems:
        stderr.print(str(problem), markup=False)
    for warning in warnings:
        stderr.print(f"{warning} (warning)", markup=False)
    if configuration is None:
        stderr.print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}")
        return
    mappings, sources = configuration.mappings.mappings, configuration.sources
    stdout.print(
        f"good: {len(mappings)} mappings ({', '.join(mappings)}) fed by {', '.join(sorted(sources)) or 'none'}"
    )
