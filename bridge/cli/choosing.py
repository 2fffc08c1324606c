"""Which of the ready mappings are taken: those named, those chosen on a terminal, else all."""

from collections.abc import Callable, Sequence

from bridge.cli.output import stdout, visible
from bridge.cli.shipped import Starter
from bridge.errors import ConfigurationError, Problem
from bridge.spelling import suggest

Ask = Callable[[str], str]
"""Shows a prompt and gives what was typed."""


def choose(offered: Sequence[Starter], wanted: Sequence[str], ask: Ask | None) -> list[Starter]:
    """Give those of the offered mappings that are wanted by name; without a name ask, or take all where nobody can be.

    Raises `ConfigurationError` for a name that none has.
    """
    if wanted:
        return _named(offered, wanted)
    if ask is None or len(offered) < 2:
        return [*offered]
    stdout.print("There are these mappings:")
    for number, starter in enumerate(offered, 1):
        stdout.print(f"{number:>3}. {_stem(starter)}: {starter.description}", markup=False)
    while True:
        answer = ask("Which, by number or name, several with commas (Enter takes all)")
        try:
            return _picked(offered, [word for part in answer.split(",") if (word := part.strip())])
        except ConfigurationError as error:
            for problem in error.problems:
                stdout.print(f"{problem.file}: {problem.message}", markup=False)


def _picked(offered: Sequence[Starter], words: Sequence[str]) -> list[Starter]:
    """Give what was chosen on a terminal."""
    names = [
        offered[int(word) - 1].name if word.isdecimal() and 0 < int(word[:4]) <= len(offered) else word
        for word in words
    ]
    return _named(offered, names) if names else [*offered]


def _named(offered: Sequence[Starter], wanted: Sequence[str]) -> list[Starter]:
    by_name = {_stem(starter): starter for starter in offered}
    unknown = [name for name in wanted if name.removesuffix(".yaml") not in by_name]
    if unknown:
        there_are = f"there are {', '.join(by_name)}"
        raise ConfigurationError(
            [
                Problem(
                    file=visible(name[:80]),
                    message=f"no mapping here has this name; {there_are}{suggest(name, by_name)}",
                )
                for name in unknown
            ]
        )
    return [by_name[name] for name in dict.fromkeys(each.removesuffix(".yaml") for each in wanted)]


def _stem(starter: Starter) -> str:
    return starter.name.removesuffix(".yaml")
