"""Whether what was written for the bridge is good: settings, mappings, sources and their secrets."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bridge.cli.doctor.findings import Finding, failure, ok, warning
from bridge.cli.refusing import refusal
from bridge.configuration import Configuration, load_configuration
from bridge.errors import ConfigurationError
from bridge.inbound import Sources
from bridge.mappings import MappingSet
from bridge.settings import Settings, secret_variable, unknown_settings


def read_settings(environ: Mapping[str, str], findings: list[Finding]) -> Settings | None:
    """Read the settings; None where they cannot be read, which is then among the findings."""
    try:
        settings = Settings.from_environ(environ)
    except ConfigurationError as error:
        findings += [failure(problem.file, problem.message, "see docs/settings.md") for problem in error.problems]
        return None
    unknown = unknown_settings(environ)
    findings += [warning(problem.file, problem.message, "it changes nothing") for problem in unknown]
    if not unknown:
        findings.append(ok("settings", "every variable is known"))
    return settings


def read_configuration(settings: Settings, environ: Mapping[str, str], findings: list[Finding]) -> Configuration | None:
    """Read mappings and sources; None where they are wrong, which is then among the findings."""
    folder, refuse = settings.mappings, refusal(settings, environ)
    try:
        configuration = load_configuration(folder, environ, secrets_are_required=False, refuse=refuse)
    except ConfigurationError as error:
        first, *others = error.problems
        more = f" (and {len(others)} more)" if others else ""
        findings.append(failure("mappings", f"{first}{more}", "`pinbridge validate` shows each in its place"))
        return None
    findings.append(_mappings(folder, configuration.mappings))
    findings += find_secrets(configuration.sources)
    signing = [name for name, source in configuration.sources.items() if source.scheme.signs_url]
    if signing and settings.public_url is None:
        message = f"is not set, and {', '.join(signing)} signs the address that it posts to"
        findings.append(failure("PINBRIDGE_PUBLIC_URL", message, "`serve` will not start without it"))
    return configuration


def _mappings(folder: Path, mappings: MappingSet) -> Finding:
    enabled = [name for name, mapping in mappings.mappings.items() if mapping.enabled]
    if not enabled:
        advice = "write one, or let `pinbridge init` do so"
        return warning("mappings", f"there is none to run in the folder {folder}", advice)
    loaded = f"{len(enabled)} loaded from {folder}"
    if mappings.warnings:
        return warning("mappings", f"{loaded}, {len(mappings.warnings)} with a warning", "see `pinbridge validate`")
    return ok("mappings", loaded)


def find_secrets(sources: Sources) -> Iterator[Finding]:
    """Say of each source whether what proves its senders is there."""
    for name, source in sources.items():
        variable = secret_variable(name)
        if source.lacks_secret:
            yield failure(f"source {name}", f"{variable} is not set", "`serve` will not start without it")
        elif lacking := ", ".join(source.scheme.lacks):
            advice = "`serve` will not start without it; see JSON Web Tokens in docs/sources.md"
            yield failure(f"source {name}", f"its 'expect' in sources.yaml lacks {lacking}", advice)
        elif source.is_own:
            yield ok(f"source {name}", "is the bridge itself, to which nobody can post")
        elif not source.scheme.needs_secret and not source.scheme.can_sign:
            yield ok(
                f"source {name}", "needs no secret: its sender publishes the keys, which are looked up when needed"
            )
        elif not source.scheme.needs_secret:
            yield ok(f"source {name}", "needs no secret: whoever reaches its address may send")
        elif source.handshakes.takes_keys and not source.secrets:
            yield ok(f"source {name}", "its key comes over the wire; `pinbridge keys` shows it")
        else:
            count = len(source.secrets)
            yield ok(f"source {name}", "its secret is set" if count == 1 else f"{count} secrets are set")
