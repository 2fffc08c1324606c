"""The page docs/providers.md, made of the catalogue; as a program, writes it."""

from collections.abc import Iterator
from pathlib import Path

from bridge.cli.shipped import shipped_starters
from bridge.cli.sources import Asking, explain_all, ready_mappings
from bridge.inbound.explaining import Explanation
from bridge.inbound.sources.about import CATEGORIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "providers.md"
HEAD = """\
# Providers

Who can send without being described first. This page is made of the catalogue; `pinbridge sources` says the same
offline, and with your own address. How anything else is described stands in [sources.md](sources.md), how
a provider is added in [adding-a-provider.md](adding-a-provider.md).

Name the provider in a mapping, `source: stripe`, and set the variable of its secret. `pinbridge init stripe` writes
mappings to begin with. Where the confidence is not high, the section says what is not certain.
"""
OVER_THE_WIRE = "none to set: [it comes over the wire](sources.md#keys-that-come-over-the-wire)"


def written() -> str:
    """Give the whole page."""
    order = [*CATEGORIES]
    told = sorted(
        explain_all(Asking(folder=Path("no-such-folder"), public_url=None)), key=lambda each: order.index(each.category)
    )
    rows = [
        f"| {each.purpose} | [{each.title}](#{_anchor(each)}) | `{each.name}` | {each.kind} | {each.confidence} |"
        for each in told
    ]
    table = ["| for | provider | source | proved by | confidence |", "|---|---|---|---|---|", *rows, ""]
    sections = [line for each in told for line in _section(each)]
    return "\n".join([HEAD, *table, *sections])


def _anchor(told: Explanation) -> str:
    """Give the anchor of a section, as GitHub makes it of the heading."""
    kept = "".join(letter for letter in told.title.lower() if letter.isalnum() or letter in "-_ ")
    return kept.replace(" ", "-")


def _section(told: Explanation) -> Iterator[str]:
    yield f"## {told.title}\n"
    yield (
        f"`{told.name}`; [how it signs]({told.docs})"
        + (f", [its event types]({told.types})" if told.types else "")
        + ".\n"
    )
    yield "| | |\n|---|---|"
    yield f"| address | `{told.address}` |"
    secret = OVER_THE_WIRE if told.takes_keys else f"`{told.variable}`" if told.variable else "none"
    yield f"| {'public key' if told.is_public_key else 'secret'} | {secret} |"
    if told.token_variable:
        yield f"| verify token | `{told.token_variable}` |"
    for heading, text in told.facts:
        yield f"| {heading} | {text} |"
    yield ""
    yield from (f"{number}. {step}" for number, step in enumerate(told.setup, 1))
    yield ""
    if told.note:
        yield f"{told.note}\n"
    if told.unsure:
        yield f"Not certain: {told.unsure}.\n"
    ready = ready_mappings(told.name, shipped_starters())
    if ready:
        yield "Ready mappings:\n"
        yield from (f"- [`{each.name}`](../mappings/{each.name}): {each.description}" for each in ready)
        yield ""


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
