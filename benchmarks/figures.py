"""How figures are written: the median of several rounds with its spread, tables, charts, and what was wanted."""

import statistics
from collections.abc import Mapping, Sequence

_MISSED = "**not reached**"


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Write `median (lowest-highest)`, with thousands separated."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table whose columns line up."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]])


def chart(title: str, unit: str, bars: Mapping[str, float]) -> str:
    """Write a Mermaid chart of lying bars, one for each name; GitHub draws it, and the text can be read."""
    names = ", ".join(f'"{name}"' for name in bars)
    heights = ", ".join(f"{height:.4g}" for height in bars.values())
    lines = (
        "```mermaid",
        "xychart-beta horizontal",
        f'    title "{title}"',
        f"    x-axis [{names}]",
        f'    y-axis "{unit}" 0 --> {1.1 * max(bars.values()):.4g}',
        f"    bar [{heights}]",
        "```",
    )
    return "\n".join(lines)


def at_least(what: str, wanted: float, measured: float) -> str:
    """Say in a line of a list whether a figure is as high as is wanted; `missed` finds those that are not."""
    return f"- wanted {what} ≥ {wanted:g}: {measured:.3g}, {_reached(is_reached=measured >= wanted)}"


def at_most(what: str, wanted: float, measured: float) -> str:
    """Say in a line of a list whether a figure is as low as is wanted; `missed` finds those that are not."""
    return f"- wanted {what} ≤ {wanted:g}: {measured:.3g}, {_reached(is_reached=measured <= wanted)}"


def missed(report: str) -> list[str]:
    """Give the lines of a report that say of a figure that it is not as wanted."""
    return [line for line in report.splitlines() if line.endswith(_MISSED)]


def _reached(*, is_reached: bool) -> str:
    return "reached" if is_reached else _MISSED
