"""Runs the checks in the order in which one rests on the other, and prints a line for each."""

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping

from bridge.app import now
from bridge.cli.doctor.author import read_configuration, read_settings
from bridge.cli.doctor.destination import ANY_PIN, REQUEST_S, judge, judge_key, read_pins
from bridge.cli.doctor.disk import examine_database
from bridge.cli.doctor.findings import Finding, failure, ok
from bridge.cli.output import print_json, print_table
from bridge.errors import ConfigurationError, StoreUnusable
from bridge.mappings import MappingSet
from bridge.outbound import PindownClient
from bridge.sandbox import DEFAULT_KEY
from bridge.secret import Secret
from bridge.settings import Settings
from bridge.store import read_running


def doctor(environ: Mapping[str, str], *, offline: bool, as_json: bool) -> bool:
    """Examine everything, print what was found, and tell whether nothing failed."""
    findings: list[Finding] = []
    settings = read_settings(environ, findings)
    if settings is not None:
        configuration = read_configuration(settings, environ, findings)
        findings += examine_database(settings.database, environ)
        findings += _examine_destination(settings, configuration.mappings if configuration else None, offline=offline)
    _print(findings, as_json=as_json)
    return all(finding.verdict != "failure" for finding in findings)


def _examine_destination(settings: Settings, mappings: MappingSet | None, *, offline: bool) -> Iterator[Finding]:
    if settings.api_key is None:
        yield _examine_without_key(settings)
        return
    if offline:
        yield ok("API key", "is set; nothing was asked of the API (--offline)")
        return
    try:
        client = PindownClient(settings.api_url, settings.api_key, deadline_s=REQUEST_S)
    except ConfigurationError as error:
        for problem in error.problems:
            yield failure(problem.file, problem.message, "see docs/settings.md")
        return
    pins = [*mappings.literal_pins()] if mappings else []
    yield from judge(asyncio.run(read_pins(client, pins or [ANY_PIN], now)), mappings, settings.api_url)


def _examine_without_key(settings: Settings) -> Finding:
    """Say whether the bridge that runs here has its own sandbox, which needs no key."""
    try:
        running = read_running(settings.database)
    except StoreUnusable:
        running = None  # what examines the database tells of it
    if running is not None:
        url = f"{running.address}/sandbox"
        client = PindownClient(f"{url}/v1", Secret(DEFAULT_KEY), deadline_s=REQUEST_S)
        readings = asyncio.run(read_pins(client, [ANY_PIN], now))
        if any(judge_key(reading.result, url).verdict == "ok" for reading in readings):
            return ok("API key", f"is not set, and not needed: the bridge that runs here sends to its sandbox, {url}/")
    advice = f"set it to your Pindown key; a sandbox of its own takes {DEFAULT_KEY}, and `serve --sandbox` needs none"
    return failure("API key", "PINDOWN_API_KEY is not set", advice)


def _print(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
        return
    rows = [(finding.verdict, finding.subject, str(finding)) for finding in findings]
    print_table(("VERDICT", "CHECK", "FINDING"), rows, empty="")
