"""Multipart forms: read as forms are, with files left out, within bounds."""

from typing import Any

import pytest
from support.laying import declared, read_all

from bridge.errors import SenderError
from bridge.inbound.bodies import read_format, read_payload
from bridge.inbound.receive import reread

BOUNDARY = "x-Y_7"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(*parts: tuple[str, str | bytes], end: str = "--") -> bytes:
    """Write a form; what stands before a text is its part's Content-Disposition, less `form-data`."""
    written = b""
    for said, content in parts:
        data = content.encode() if isinstance(content, str) else content
        written += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {said}\r\n\r\n".encode() + data + b"\r\n"
    return written + f"--{BOUNDARY}{end}\r\n".encode()


def read(body: bytes, form_json: str | None = None) -> Any:
    """Read a form."""
    return read_payload(body, read_format(HEADERS), form_json=form_json)


def refusal(body: bytes, content_type: str = HEADERS["content-type"]) -> tuple[int, str]:
    """Give status and code of what a body is refused with."""
    with pytest.raises(SenderError) as error:
        read_payload(body, read_format({"content-type": content_type}), form_json=None)
    return error.value.status, error.value.code


def test_fields_become_an_object_and_one_that_comes_again_a_list() -> None:
    """As in a form of the other kind; of a file its name is what is left."""
    body = form(
        ('name="a"', "1"), ('name="b"', "ü\r\n--x"), ('name="a"', ""), ('name="f"; filename="p.png"', b"\xff\x00")
    )
    assert read(body) == {"a": ["1", ""], "b": "ü\r\n--x", "f": "p.png"}


def test_json_in_a_field_is_the_payload() -> None:
    """As Uptime Kuma sends it; the journal keeps the form, and a rebuild reads it once more."""
    source = declared("verify: none, dedupe: 10m, form_json: data, each: '$.m[*]'")
    (event,) = read_all(source, form(('name="data"', '{"m": [{"up": true}]}')), HEADERS)
    assert event.payload == {"up": True}
    plain = declared("verify: none, dedupe: 10m, form_json: data")
    assert reread(plain, form(('name="data"', '{"up": true}')), HEADERS["content-type"]) == ({"up": True}, "")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"--other--",
        b"\x00" * 100,
        form(('name="a"', "1"), end=""),
        form(('name="a"', "1"))[:-8],
        form(('name="a"', b"\xff")),
        form(("file=x", "1")),
        form(*[('name="a"', "1")] * 201),
        form(('name="a"', "1")).replace(b"\r\n\r\n", b"\r\nA: b" * 20 + b"\r\n\r\n", 1),
        form((f'name="{"a" * 5000}"', "1")),
        form(('name="a"', "1")).replace(b"Content-Disposition", b"Content\x00Disposition"),
    ],
)
def test_what_is_no_such_form_or_too_much_of_one_is_refused(body: bytes) -> None:
    """By its name, and nothing of it is told."""
    assert refusal(body) == (400, "bad_form")


@pytest.mark.parametrize(
    "boundary", ["", "; boundary=", f"; boundary={'b' * 71}", '; boundary="ü"', "; boundary=a\x00"]
)
def test_a_content_type_without_a_boundary_is_refused_before_the_body_is_read(boundary: str) -> None:
    """It cannot be read by anyone."""
    assert refusal(b"", f"multipart/form-data{boundary}") == (415, "unsupported_type")


def test_an_empty_body_is_refused_as_ever() -> None:
    """With the code of any other."""
    assert refusal(b"") == (400, "empty_body")
