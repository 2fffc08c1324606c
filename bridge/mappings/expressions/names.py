"""The names that authors may give to constants and variables, so that expressions can use them."""

from collections.abc import Callable

from bridge.located import ScalarNode
from bridge.located.fields import Problems

OWN_NAMES = frozenset({"event", "now", "pin", "stale", "stale_since"})
"""What templates know beside variables and constants."""

RESERVED_NAMES = OWN_NAMES | {"loop", "self", "true", "false", "none"}
WORDS = frozenset({"and", "else", "if", "import", "in", "is", "not", "or", "recursive"})


def read_name(key: ScalarNode, what: str, taken: Callable[[str], str | None], problems: Problems) -> str | None:
    """Give a name that expressions can use; `taken` says what bears it already."""
    name = key.text
    if not name.isidentifier() or name.startswith("_"):
        message = f"{name[:80]!r} cannot be the name of {what}; use letters, digits and _, and begin with a letter"
    elif name.lower() in RESERVED_NAMES or name in WORDS:
        message = f"{name!r} cannot be the name of {what}: it has a meaning in expressions; choose another"
    elif bearer := taken(name):
        message = f"{name!r} is already the name of {bearer}; choose another for {what}"
    else:
        return name
    problems.append(key.place.problem(message))
    return None
