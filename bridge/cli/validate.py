"""`pinbridge validate`: read every mapping and source, and name every mistake."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bridge.app import now
from bridge.cli.configuration import Configuration, load_configuration
from bridge.cli.output import print_json, stderr, stdout
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.inbound import Sources
from bridge.mappings import MappingSet, RenderError
from bridge.settings import secret_variable


def validate(folder: Path, environ: Mapping[str, str], *, as_json: bool) -> bool:
    """Print what is wrong and what is odd; tell whether the files are good.

    A warning, and no fault of the files, is a secret that is not set, and a pin that cannot be
    drawn before its first event: it would start parked.
    """
    try:
        configuration = load_configuration(folder, environ, secrets_are_required=False)
    except ConfigurationError as error:
        _report(error.problems, (), as_json=as_json)
        return False
    _report((), list(_warnings(folder, configuration)), as_json=as_json)
    if not as_json:
        mappings, sources = configuration.mappings.mappings, configuration.sources
        counted = "1 mapping" if len(mappings) == 1 else f"{len(mappings)} mappings"
        named = f" ({', '.join(mappings)})" if mappings else ""
        fed = f" fed by {', '.join(sources)}" if sources else ""
        stdout.print(f"good: {counted}{named}{fed}", markup=False)
    return True


def _warnings(folder: Path, configuration: Configuration) -> Iterator[Problem]:
    if not configuration.mappings.mappings:
        yield Problem(file=str(folder), message="there is no mapping in this folder")
    yield from configuration.mappings.warnings
    yield from _undrawable(configuration.mappings)
    yield from _unset_secrets(configuration.sources)


def _undrawable(mappings: MappingSet) -> Iterator[Problem]:
    """Draw each literal pin as the start does, without events."""
    for pin, name in mappings.literal_pins().items():
        try:
            mappings.render(name, pin, {}, now())
        except RenderError as error:
            yield error.place.problem(f"{error.message}; {pin} would start parked")


def _unset_secrets(sources: Sources) -> list[Problem]:
    return [
        Problem(file=secret_variable(name), message=f"is not set; `serve` will not start without the secret of {name}")
        for name, source in sources.items()
        if source.lacks_secret
    ]


def _report(problems: Sequence[Problem], warnings: Sequence[Problem], *, as_json: bool) -> None:
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
    if problems:
        stderr.print("1 problem" if len(problems) == 1 else f"{len(problems)} problems")
