"""Samples on disk: which source they are of, and what lies beside them."""

import re
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.rehearsal import Sample, read_sample


def written(path: Path, text: str = '{"a": 1}') -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, sources: set[str]) -> Sample:
    """Read a sample that nobody says the source of."""
    return read_sample(path, sources=sources, source=None)


def test_a_sample_is_of_the_source_whose_folder_it_lies_in(tmp_path: Path) -> None:
    """At any depth below it; the innermost `samples` counts."""
    path = written(tmp_path / "samples" / "github" / "samples" / "stripe" / "old" / "payment.json")
    sample = read(path, {"stripe", "github"})
    assert (sample.source, sample.body, dict(sample.headers)) == ("stripe", b'{"a": 1}', {})


def test_a_sample_elsewhere_is_of_the_only_source(tmp_path: Path) -> None:
    """Or of the one that is said."""
    path = written(tmp_path / "payment.json")
    assert read(path, {"billing"}).source == "billing"
    assert read_sample(path, sources={"billing", "stripe"}, source="stripe").source == "stripe"
    assert read(written(tmp_path / "samples" / "stripe" / "a.json"), {"billing"}).source == "billing"


def test_a_sample_of_several_sources_is_refused(tmp_path: Path) -> None:
    """The message names those that there are."""
    with pytest.raises(ConfigurationError, match=r"or put it into samples/<source>/; there are a, b"):
        read(written(tmp_path / "payment.json"), {"a", "b"})
    with pytest.raises(ConfigurationError, match=r"the folder of 'strip', which is no source here; did you mean 'stri"):
        read(written(tmp_path / "samples" / "strip" / "payment.json"), {"github", "stripe"})


def test_headers_lie_beside_a_sample(tmp_path: Path) -> None:
    """In `<name>.headers.json`; names count in any case."""
    path = written(tmp_path / "push.json")
    written(tmp_path / "push.headers.json", '{"X-GitHub-Event": "push"}')
    assert dict(read(path, {"github"}).headers) == {"x-github-event": "push"}


def test_a_sample_that_is_named_a_form_is_one(tmp_path: Path) -> None:
    """As Twilio's are; the headers beside it have the last word."""
    path = written(tmp_path / "message.form", "SmsStatus=sent")
    assert dict(read(path, {"twilio"}).headers) == {"content-type": "application/x-www-form-urlencoded"}
    written(tmp_path / "message.headers.json", '{"Content-Type": "text/plain"}')
    assert dict(read(path, {"twilio"}).headers) == {"content-type": "text/plain"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "must be an object from header to text"),
        ("{", "cannot be read: "),
        ('{"X A": "b"}', "'X A' is not a header"),
        ('{"X-A: b": "c"}', "'X-A: b' is not a header"),
        ('{"X-A": "b\\nX-C: d"}', "'X-A' is not a header"),
        ('{"X-A": null}', "the header 'X-A' is a text in quotes, found null"),
        ('{"X-A": {"c": 1}}', "the header 'X-A' is a text in quotes, found {\"c\":1}"),
        ('{"X-A": 5}', "the header 'X-A' is a text in quotes, found 5"),
        (f'{{"X-A": "{"b" * 2**16}"}}', "is larger than 65,536 bytes"),
    ],
)
def test_headers_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    """The message names their file."""
    path = written(tmp_path / "push.json")
    beside = written(tmp_path / "push.headers.json", text)
    with pytest.raises(ConfigurationError, match=re.escape(f"{beside}: {said}")):
        read(path, {"github"})


def test_what_cannot_be_read_within_the_bound_is_refused(tmp_path: Path) -> None:
    """A folder, a device that never ends, a file that is not there."""
    with pytest.raises(ConfigurationError, match="No such file"):
        read(tmp_path / "missing.json", {"a"})
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read(tmp_path, {"a"})
    with pytest.raises(ConfigurationError, match="has more than 16 MiB"):
        read(Path("/dev/zero"), {"a"})
    with (tmp_path / "large.json").open("wb") as large:
        large.truncate(2**24 + 1)
    with pytest.raises(ConfigurationError, match="has more than 16 MiB"):
        read(tmp_path / "large.json", {"a"})
