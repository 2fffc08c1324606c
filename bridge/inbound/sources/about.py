"""What an entry of the catalogue says to people: its name, what it is for, how it is set up. It changes nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.inbound.sources.reading import choice, collecting, parsed, refuse, text
from bridge.located import MappingNode, Node, SequenceNode
from bridge.located.fields import describe
from bridge.spelling import suggest

ABOUT = ("title", "category", "words", "types", "confidence", "unsure", "retries", "setup", "note")
"""The keys of an entry that only people read, beside those of `sources.yaml`; `docs` is one of those."""

CATEGORIES: Mapping[str, str] = {
    "payments": "Payments",
    "accounting": "Accounting",
    "commerce": "Shops",
    "crm": "Customers and sales",
    "support": "Support",
    "email": "Email",
    "chat": "Chat, text messages and calls",
    "calendar": "Calendars and meetings",
    "forms": "Forms",
    "esign": "Signed documents",
    "code": "Code",
    "ci": "Builds",
    "hosting": "Hosting and deploys",
    "cloud": "Clouds",
    "monitoring": "Monitoring, alerts and incidents",
    "security": "Security",
    "auth": "Users and sign-in",
    "planning": "Planning and issues",
    "content": "Content",
    "storage": "Files",
    "streaming": "Streaming",
    "ai": "AI",
    "standard": "Standards that many senders follow",
}
"""What a tool is for, by the word that an entry says."""

CONFIDENCES = ("high", "medium", "low")
PLACEHOLDERS = ("{address}", "{secret}", "{verify_token}")
"""What a step of `setup` may hold: the address to enter, and the variables of the secret and the verify token."""

_BRACED = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """An entry's words. `docs` and `types` are addresses of pages, `types` of one that lists the event types.

    `unsure` says what is not certain, empty only where the confidence is high; `setup` has a step each;
    `words` are others by which people look for it.
    """

    title: str
    category: str
    words: str
    docs: str
    types: str
    confidence: str
    unsure: str
    retries: str
    setup: tuple[str, ...]
    note: str


def read_about(entry: MappingNode) -> About:
    """Read what an entry says to people. Raises `ConfigurationError` with what is wrong or missing, and where."""
    with collecting() as collect:
        missing = [key for key in ("title", "category", "docs", "confidence", "setup") if entry.get(key) is None]
        if missing:
            raise refuse(entry.place, f"an entry of the catalogue needs {', '.join(missing)}")
        about = About(
            title=collect.read(_words, entry.get("title"), ""),
            category=collect.read(choice(tuple(CATEGORIES)), entry.get("category"), ""),
            words=collect.read(_words, entry.get("words"), ""),
            docs=collect.read(_page, entry.get("docs"), ""),
            types=collect.read(_page, entry.get("types"), ""),
            confidence=collect.read(choice(CONFIDENCES), entry.get("confidence"), ""),
            unsure=collect.read(_words, entry.get("unsure"), ""),
            retries=collect.read(_words, entry.get("retries"), ""),
            setup=collect.read(_steps, entry.get("setup"), ()),
            note=collect.read(_words, entry.get("note"), ""),
        )
        if about.confidence in {"medium", "low"} and not about.unsure:
            raise refuse(entry.place, f"of {about.confidence} confidence: say in 'unsure' what is not certain")
        return about


def _words(node: Node) -> str:
    """Take words on one line, which people read in a terminal and in a table."""
    words = text(node).strip()
    if not words or not words.isprintable():
        raise refuse(node.place, f"some words on one line are wanted here, found {describe(node)}")
    return words


def _page(node: Node) -> str:
    return parsed(_check_page, node)


def _check_page(page: str) -> str:
    if not page.startswith("https://") or any(letter.isspace() or letter in "<>()|" for letter in page):
        raise ValueError(f"{page[:80]!r} is not a page's address; write one such as https://docs.stripe.com/webhooks")
    return page


def _steps(node: Node) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode) or not node.items:
        raise refuse(node.place, f"'setup' is a list of steps, found {describe(node)}")
    with collecting() as collect:
        steps = tuple(collect.read(_words, each, "") for each in node.items)
    told = _BRACED.findall(" ".join(steps))
    if "{address}" not in told:
        raise refuse(node.place, "no step says where {address} goes")
    if unknown := sorted(set(told) - set(PLACEHOLDERS)):
        raise refuse(
            node.place, f"{unknown[0]} is none of {', '.join(PLACEHOLDERS)}{suggest(unknown[0], PLACEHOLDERS)}"
        )
    return steps
