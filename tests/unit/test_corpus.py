"""Every mistake that the language can hold, each in a file of its own, with the exact message that is to teach."""

from pathlib import Path

import pytest
from support.corpus import CORPUS, cases, expected, told


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(CORPUS))) for path in cases()])
def test_a_broken_file_is_told_as_it_says(path: Path) -> None:
    """Line, column and message, of every mistake and warning, and nothing else."""
    data = path.read_bytes()
    assert expected(data), "a file of the corpus begins with what is told of it"
    assert told(path, data) == expected(data)


def test_the_corpus_is_large() -> None:
    """At least two hundred mistakes."""
    assert len(cases()) >= 200
