"""How rows are dealt to statements: few lengths, so that few are kept prepared, and few statements for them."""

import pytest

from bridge.store.statements import MOST_ROWS, STEP, Row, in_chunks


@pytest.mark.parametrize("count", range(4 * MOST_ROWS + 1))
def test_rows_are_dealt_in_order_to_statements_of_few_lengths(count: int) -> None:
    """All rows, each once; at most one statement more than if any length would do."""
    rows: list[Row] = [(number,) for number in range(count)]
    chunks = [*in_chunks(rows)]
    assert [row for chunk in chunks for row in chunk] == rows
    lengths = [len(chunk) for chunk in chunks]
    assert {*lengths} <= {*range(1, STEP), *range(STEP, MOST_ROWS + 1, STEP)}
    assert len(lengths) <= -(-count // MOST_ROWS) + 1
