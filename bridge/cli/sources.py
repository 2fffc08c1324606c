"""`pinbridge sources`: the catalogue and one's own sources, listed, searched, and one of them explained.

It needs neither network nor settings: the address and one's own sources are told where they are known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import wrap

from bridge.cli.addresses import UNKNOWN_BASE
from bridge.cli.init import catalogue_places
from bridge.cli.output import print_json, print_table, stdout, visible
from bridge.cli.problems import print_problems
from bridge.cli.shipped import Starter, shipped_samples, shipped_starters
from bridge.configuration import read_sources
from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.inbound import Source, load_sources, providers
from bridge.inbound.catalogue import entry_text
from bridge.inbound.explaining import Explanation, explain, plain_keys, without_words
from bridge.inbound.sources.about import read_about
from bridge.inbound.sources.declarations import own_entries
from bridge.located import Plain
from bridge.mappings import SOURCES_FILE
from bridge.spelling import suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Where to look: the folder of mappings, and the bridge's address, None where it is not known."""

    folder: Path
    public_url: str | None


def show_sources(word: str | None, asking: Asking, *, as_json: bool) -> bool:
    """Explain the source of this name, else list those that the word fits, or all; gives whether there was any.

    What is wrong with one's own sources is told, and hides none of the catalogue.
    """
    explained = {each.name: each for each in explain_all(asking)}
    if word is not None and word in explained:
        _show_one(explained[word], as_json=as_json)
        return True
    found = [each for each in explained.values() if word is None or _fits(each, word)]
    if as_json:
        print_json([_listed(each) for each in found])
    elif found:
        _print_list(found)
    if not found:
        advice = suggest(word or "", explained) or "; `pinbridge sources` lists all"
        print_problems([Problem(file=visible((word or "")[:80]), message=f"no source has this name or word{advice}")])
    return bool(found)


def explain_all(asking: Asking) -> Iterator[Explanation]:
    """Explain every source of the catalogue, and those of the folder, by name."""
    own = _read_own(asking.folder)
    file = str(asking.folder / SOURCES_FILE)
    try:
        sources = load_sources(catalogue_places(), own, lambda _: (), file=file, secrets_are_required=False)
    except ConfigurationError as error:
        print_problems(error.problems)
        own = None
        sources = load_sources(catalogue_places(), None, lambda _: (), secrets_are_required=False)
    declared = own_entries(file, own or b"", [])
    for name, source in sorted(sources.items()):
        keys = plain_keys(declared[name][1]) if name in declared else {}
        yield _explain(source, keys, asking.public_url or UNKNOWN_BASE)


def _read_own(folder: Path) -> bytes | None:
    try:
        return read_sources(folder)
    except ConfigurationError as error:
        print_problems(error.problems)
        return None


def _explain(source: Source, own: Mapping[str, Plain], base: str) -> Explanation:
    if source.provider is None:
        return explain(source, own, None, base=base)
    entry = providers()[source.provider]
    declaration = without_words(entry_text(source.provider))
    about = read_about(entry)
    return explain(source, {**plain_keys(entry), **own}, about, base=base, declaration=declaration)


def _fits(explanation: Explanation, word: str) -> bool:
    told = (
        explanation.name,
        explanation.title,
        explanation.category,
        explanation.purpose,
        explanation.words,
        explanation.kind,
    )
    return any(word.casefold() in text.casefold() for text in told)


def _print_list(found: Sequence[Explanation]) -> None:
    rows = [(each.name, each.title, each.category, each.kind, _secret(each)) for each in found]
    print_table(("SOURCE", "TOOL", "FOR", "PROVED BY", "SECRET"), rows, empty="")
    stdout.print(
        "\npinbridge sources NAME explains one; a tool that is not here is described in sources.yaml", markup=False
    )


def _secret(told: Explanation) -> str:
    if told.takes_keys:
        return "offered over the wire"
    if told.is_public_key:
        return f"{told.variable}, a public key"
    return ", ".join(filter(None, (told.variable, told.token_variable))) or "none"


def _listed(explanation: Explanation) -> dict[str, Json]:
    told = asdict(explanation)
    return {key: told[key] for key in ("name", "title", "category", "kind", "variable", "address")}


def ready_mappings(source: str, starters: Sequence[Starter]) -> list[Starter]:
    """Give the ready mappings that a source feeds."""
    return [starter for starter in starters if source in starter.sources]


def _show_one(explanation: Explanation, *, as_json: bool) -> None:
    ready = ready_mappings(explanation.name, shipped_starters())
    files = [str(path) for path, _ in shipped_samples(explanation.name)]
    samples = [path for path in files if not path.endswith(".headers.json")]
    if as_json:
        told: dict[str, Json] = asdict(explanation)
        told["facts"] = dict(explanation.facts)
        told["mappings"] = [{"name": each.name, "description": each.description} for each in ready]
        print_json({**told, "samples": [*samples]})
        return
    for line in _lines(explanation, ready, samples, width=min(stdout.width, 100)):
        stdout.print(line, markup=False)


def _lines(told: Explanation, ready: Sequence[Starter], samples: Sequence[str], *, width: int) -> Iterator[str]:
    yield f"{told.title} · {told.purpose}\n"
    yield from _row("address", told.address, width)
    offered = "; it is offered over the wire, and approved by pinbridge keys" if told.takes_keys else ""
    set_by = f"export {told.variable}=…" if told.variable else f"none to set{offered}"
    yield from _row("public key" if told.is_public_key else "secret", set_by, width)
    yield from _row("verify token", told.token_variable and f"export {told.token_variable}=…", width)
    for heading, text in told.facts:
        yield from _row(heading, text, width)
    yield from _row("signing", told.docs, width)
    yield from _row("event types", told.types, width)
    if told.setup:
        yield "\nSet it up:"
        for number, step in enumerate(told.setup, 1):
            yield from _wrapped(step, width, f"{number:>3}. ", "     ")
    if told.note:
        yield ""
        yield from _wrapped(told.note, width)
    if told.unsure:
        yield ""
        yield from _wrapped(f"Not certain: {told.unsure}.", width)
    yield f"\nA mapping for it: pinbridge init {told.name}"
    for each in ready:
        yield from _wrapped(f"{each.name}: {each.description}", width, "  ", "      ")
    if samples:
        yield f"{len(samples)} samples come with it: {samples[0]}" if len(samples) > 1 else f"a sample: {samples[0]}"
    if told.declaration:
        yield "\nUnder another name, or with other keys, in sources.yaml:\n"
        yield f"my-{told.name}:\n  provider: {told.name}"
        yield "\nThe same written out, to be changed at will:\n"
        yield f"my-{told.name}:"
        yield from (f"  {line}".rstrip() for line in told.declaration.splitlines())


def _row(heading: str, text: str, width: int) -> Iterator[str]:
    if text:
        yield from _wrapped(_bare(text), width, f"{heading:<14}", " " * 14)


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> Iterator[str]:
    yield from wrap(
        _bare(text), width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _bare(text: str) -> str:
    """Take off what marks code on the docs' page."""
    return visible(text).replace("`", "")
