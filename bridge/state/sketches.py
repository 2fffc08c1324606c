"""The two metrics that are exact only up to a bound: how many different values, and quantiles.

Beyond the bound they are sketches of well-kept libraries, whose result does not depend on the order of the values.
"""

import base64
import hashlib
from bisect import insort
from collections import Counter
from decimal import ROUND_CEILING, Decimal
from typing import Any, cast

from datasketches import hll_sketch, hll_union, tgt_hll_type
from ddsketch.ddsketch import BaseDDSketch
from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import DenseStore

from bridge.events import Json
from bridge.mappings.values.canonical import canonical
from bridge.mappings.values.values import Value, tagged, untagged
from bridge.state.marks import Mark
from bridge.state.metrics import Metric, Number, number_of, shortest

MAX_EXACT_DISTINCT = 1_000
MAX_EXACT_QUANTILE = 100

_HASH_BYTES = 8
_LOG_REGISTERS = 12
"""4,096 registers: a standard error of 1.04 / 64 = 1.6%, https://datasketches.apache.org/docs/HLL/HllSketches.html"""

_MAPPING = LogarithmicMapping(0.01)
"""Within 1% of the value: https://www.vldb.org/pvldb/vol12/p2195-masson.pdf"""


class Distinct(Metric):
    """How many different values: their hashes to 1,000 of them, then a HyperLogLog sketch.

    Holds a set of hashes, or the sketch as bytes.
    """

    absent = 0

    def fold(self, held: set[bytes] | bytes | None, value: Value, mark: Mark) -> set[bytes] | bytes:  # noqa: ARG002
        """Add a hash."""
        own = {cast(bytes, value)}
        if not isinstance(held, set):
            return own if held is None else self.merge(held, own)
        held |= own
        return self._bounded(held)

    def merge(self, one: set[bytes] | bytes, other: set[bytes] | bytes) -> set[bytes] | bytes:
        """Unite."""
        if isinstance(one, set) and isinstance(other, set):
            return self._bounded(one | other)
        return _united(one, other)

    def read(self, held: set[bytes] | bytes) -> Value:
        """Count, or estimate."""
        return len(held) if isinstance(held, set) else round(hll_sketch.deserialize(held).get_estimate())

    def write(self, held: set[bytes] | bytes) -> Json:
        """Write the hashes in order, or the sketch."""
        if isinstance(held, set):
            return base64.b64encode(b"".join(sorted(held))).decode()
        return [base64.b64encode(held).decode()]

    def restore(self, written: Json) -> set[bytes] | bytes:
        """Read hashes or sketch."""
        if isinstance(written, list):
            return base64.b64decode(cast(str, written[0]))
        data = base64.b64decode(cast(str, written))
        return {data[start : start + _HASH_BYTES] for start in range(0, len(data), _HASH_BYTES)}

    def _checked(self, value: Value) -> Value:
        return cast(Value, hashlib.blake2b(canonical((value,)), digest_size=_HASH_BYTES).digest())

    def _bounded(self, hashes: set[bytes]) -> set[bytes] | bytes:
        return hashes if len(hashes) <= MAX_EXACT_DISTINCT else _united(hashes)


def _united(*held: set[bytes] | bytes) -> bytes:
    """Unite sketches and hashes.

    What a sketch adds up on its way depends on the order of the values; what is united of two full ones does not.
    So every sketch is a full one, and the first is united with itself.
    """
    union = hll_union(_LOG_REGISTERS)
    sketches = [hll_sketch.deserialize(each) if isinstance(each, bytes) else _sketch_of(each) for each in held]
    for sketch in (sketches[0], *sketches):
        union.update(sketch)
    return cast(bytes, union.get_result(tgt_hll_type.HLL_8).serialize_compact())


def _sketch_of(hashes: set[bytes]) -> Any:
    sketch = hll_sketch(_LOG_REGISTERS, tgt_hll_type.HLL_8, True)
    for each in hashes:
        sketch.update(int.from_bytes(each, "little", signed=True))
    return sketch


class _Bins(Counter[int]):
    """A DDSketch's bins: how many values by key, negative values' apart, and zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.negative: Counter[int] = Counter()
        self.zeros = 0

    def add(self, number: Number) -> None:
        """Count one value."""
        value = float(number)
        if abs(value) <= _MAPPING.min_possible:
            self.zeros += 1
        elif value > 0:
            self[_MAPPING.key(value)] += 1
        else:
            self.negative[_MAPPING.key(-value)] += 1

    def include(self, other: "_Bins") -> None:
        """Count all of another's."""
        self.update(other)
        self.negative.update(other.negative)
        self.zeros += other.zeros

    def at(self, q: float) -> float | None:
        """Give the value at a share of them."""
        stores = DenseStore(), DenseStore()
        for store, bins in zip(stores, (self, self.negative), strict=True):
            for key, count in sorted(bins.items()):
                store.add(key, count)
        sketch = BaseDDSketch(mapping=_MAPPING, store=stores[0], negative_store=stores[1], zero_count=float(self.zeros))
        return sketch.get_quantile_value(q)


class Quantile(Metric):
    """The value that a share `q` of all does not exceed: of up to 100 values the nearest rank, then a DDSketch.

    Holds the values in order, or bins.
    """

    def __init__(self, q: Decimal) -> None:
        self._q = q

    def fold(self, held: list[Number] | _Bins | None, value: Value, mark: Mark) -> list[Number] | _Bins:  # noqa: ARG002
        """Add a value."""
        number = cast(Number, value)
        if isinstance(held, _Bins):
            held.add(number)
            return held
        values = held or []
        insort(values, number)
        return _bounded(values)

    def merge(self, one: list[Number] | _Bins, other: list[Number] | _Bins) -> list[Number] | _Bins:
        """Put values or bins together."""
        if isinstance(one, list) and isinstance(other, list):
            return _bounded(sorted([*one, *other]))
        merged = _Bins()
        merged.include(_binned(one))
        merged.include(_binned(other))
        return merged

    def read(self, held: list[Number] | _Bins) -> Value:
        """Give the quantile."""
        if isinstance(held, _Bins):
            found = held.at(float(self._q))
            return None if found is None else Decimal(repr(found))
        rank = int((self._q * len(held)).to_integral_value(ROUND_CEILING))
        return shortest(held[max(rank, 1) - 1])

    def write(self, held: list[Number] | _Bins) -> Json:
        """Write the values, or the bins."""
        if isinstance(held, list):
            return [tagged(number) for number in held]
        bins = [[key, count] for key, count in sorted(held.items())]
        negative = [[key, count] for key, count in sorted(held.negative.items())]
        return {"zeros": held.zeros, "bins": cast(Json, bins), "negative": cast(Json, negative)}

    def restore(self, written: Json) -> list[Number] | _Bins:
        """Read values or bins."""
        if isinstance(written, list):
            return [cast(Number, untagged(number)) for number in written]
        kept = cast(dict[str, list[tuple[int, int]]], written)
        bins = _Bins()
        bins.zeros = cast(int, kept["zeros"])
        bins.update(dict(kept["bins"]))
        bins.negative.update(dict(kept["negative"]))
        return bins

    def _checked(self, value: Value) -> Value:
        return number_of(value)


def _bounded(values: list[Number]) -> list[Number] | _Bins:
    return values if len(values) <= MAX_EXACT_QUANTILE else _binned(values)


def _binned(held: list[Number] | _Bins) -> _Bins:
    if isinstance(held, _Bins):
        return held
    bins = _Bins()
    for number in held:
        bins.add(number)
    return bins
