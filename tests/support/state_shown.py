"""What a pin shows of the state, field by field, and what the oracle says that it ought to."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from support.oracle_tables import is_computed
from support.state_cases import Case
from support.state_entries import Entry
from support.state_oracle import Moment, fails, show

_FIELDS = ("value", "at", "previous", "change", "change_total", "trend", "total")
Shown = dict[str, str]
"""The text of every field, by the way to it."""


def content(entries: Mapping[str, Entry]) -> str:
    """Give a template that shows every field of every entry, one a line."""
    return "\n".join(line for name, entry in entries.items() for line in _lines(name, entry))


def pieces(entries: Mapping[str, Entry]) -> list[str]:
    """Give templates that show one field each, or all of one entry."""
    found = ["\n".join(_lines(name, entry)) for name, entry in entries.items()]
    for name, entry in entries.items():
        fields = ("count", *(f"sum.{column}" for column in _summable(entry))) if "rows" in entry else _FIELDS
        found += [f"{{{{ {name}.{field} }}}}" for field in fields]
    return found


def read_shown(text: str) -> Shown:
    """Read what the template gave."""
    return dict(line.split("=", 1) for line in text.split("\n") if line)


def expected(case: Case, since: datetime | None = None) -> dict[str, Any]:
    """Give what the oracle says of every field that the template shows."""
    told = [event for event in case.told() if not any(fails(entry, event) for entry in case.entries.values())]
    moment = Moment(case.now, case.zoneinfo, since)
    found: dict[str, Any] = {}
    for name, entry in case.entries.items():
        fields = show(entry, told, moment)
        found |= _of_table(name, entry, fields) if "rows" in entry else _of_metric(name, entry, fields)
    return found


def differences(shown: Shown, wanted: Mapping[str, Any]) -> list[str]:
    """Say where the two differ."""
    missing = [f"{way}: not there, expected {wanted[way]!s}" for way in sorted(wanted.keys() - shown.keys())]
    extra = [f"{way}: {shown[way]!r}, expected nothing" for way in sorted(shown.keys() - wanted.keys())]
    both = [way for way in wanted if way in shown and not _agrees(shown[way], wanted[way])]
    return missing + extra + [f"{way}: {shown[way]!r}, expected {_told(wanted[way])}" for way in both]


def _lines(name: str, entry: Entry) -> Iterator[str]:
    if "rows" in entry:
        yield from _table_lines(name, entry)
        return
    yield from _metric_lines(name, name, entry)
    if "by" in entry:
        yield f"{name}.groups={{{{ {name}.groups | length }}}}"
        yield f"{{% for g in {name}.groups %}}"
        parts = "{% if g.key is string %}{{ g.key }}{% else %}{% for p in g.key %}{{ p }};{% endfor %}.{% endif %}"
        parts = f"{parts}\n" if _has_parts(entry) else "{{ g.key }}"
        yield f"{name}.{{{{ loop.index0 }}}}.key={parts}"
        yield from _metric_lines(f"{name}.{{{{ loop.index0 }}}}", "g", entry)
        yield "{% endfor %}"


def _has_parts(entry: Entry) -> bool:
    return isinstance(entry["by"], list) and len(entry["by"]) > 1


def _metric_lines(way: str, read: str, entry: Entry) -> Iterator[str]:
    yield from (f"{way}.{field}={{{{ {read}.{field} }}}}" for field in _FIELDS)
    if "every" in entry:
        yield f"{way}.series={{% for s in {read}.series %}}{{{{ s.at }}}}|{{{{ s.value }}}};{{% endfor %}}."


def _table_lines(name: str, entry: Entry) -> Iterator[str]:
    fields = [*entry["rows"], "first_at", "at", *(["changed_at"] if "track" in entry else [])]
    for read in (name, f"{name}.all"):
        way = "rows" if read == name else "all"
        yield f"{name}.{way}={{{{ {read} | length }}}}"
        yield f"{{% for r in {read} %}}"
        yield from (f"{name}.{way}.{{{{ loop.index0 }}}}.{field}={{{{ r.{field} }}}}" for field in fields)
        yield "{% endfor %}"
    for read in (name, *([f"{name}.previous"] if entry.get("keep") else [])):
        yield f"{read}.count={{{{ {read}.count }}}}"
        yield from (f"{read}.sum.{column}={{{{ {read}.sum.{column} }}}}" for column in _summable(entry))


def _summable(entry: Entry) -> list[str]:
    return [name for name, column in entry["rows"].items() if not is_computed(column)]


def _of_metric(way: str, entry: Entry, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"{way}.{field}", fields[field]) for field in _FIELDS)
    if "every" in entry:
        yield f"{way}.series", [(each["at"], each["value"]) for each in fields["series"]]
    if "groups" in fields:
        yield f"{way}.groups", len(fields["groups"])
        for index, group in enumerate(fields["groups"]):
            key = group["key"]
            yield f"{way}.{index}.key", [(part,) for part in key] if isinstance(key, list) else key
            yield from _of_metric(f"{way}.{index}", entry, group)


def _of_table(way: str, entry: Entry, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    columns = [*entry["rows"], "first_at", "at", *(["changed_at"] if "track" in entry else [])]
    for rows in ("rows", "all"):
        yield f"{way}.{rows}", len(fields[rows])
        for index, row in enumerate(fields[rows]):
            yield from ((f"{way}.{rows}.{index}.{column}", row[column]) for column in columns)
    for read, held in ((way, fields), *([(f"{way}.previous", fields["previous"])] if "previous" in fields else [])):
        yield f"{read}.count", held["count"]
        yield from ((f"{read}.sum.{column}", held["sum"][column]) for column in _summable(entry))


def _agrees(text: str, value: Any) -> bool:
    if value is None:
        return text == "–"
    if isinstance(value, datetime):
        return datetime.fromisoformat(text) == value
    if isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool):
        return _is_number(text, Fraction(value))
    if isinstance(value, list):
        shown = [each.split("|") for each in text.removesuffix(".").split(";")[:-1]]
        return [len(each) for each in shown] == [len(each) for each in value] and all(
            _agrees(told, wanted)
            for tolds, wanteds in zip(shown, value, strict=True)
            for told, wanted in zip(tolds, wanteds, strict=True)
        )
    return text == str(value)


def _is_number(text: str, value: Fraction) -> bool:
    try:
        return Fraction(Decimal(text)) == value
    except (InvalidOperation, ValueError):
        return False


def _told(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else f"{value} ({float(value)})"
    if isinstance(value, list):
        return ", ".join(" at ".join(map(_told, reversed(each))) for each in value)
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)
