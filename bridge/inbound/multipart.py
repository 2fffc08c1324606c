"""Multipart forms (RFC 7578): which fields one has, and what they say. Pure, in memory; loaded for the first of them.

The parser is a library's; here it is bounded, and what it tells piece by piece becomes names and texts.
"""

from functools import partial

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_PARTS = 200
_DISPOSITION = b"content-disposition"


class _Parts:
    """Takes what the parser tells, part by part."""

    def __init__(self, most: int) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.is_complete = False
        self._most = most
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._content = bytearray()

    def begin(self) -> None:
        if len(self.pairs) == self._most:
            raise ValueError(f"the form has more than {self._most:,} parts")
        self._headers = {}
        self._content.clear()

    def end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def end(self) -> None:
        """Take a whole part: a field by its text, a file by its name."""
        _, said = parse_options_header(self._headers.get(_DISPOSITION))
        if b"name" not in said:
            raise ValueError("a part of the form has no name")
        told = said.get(b"filename", self._content)
        self.pairs.append((said[b"name"].decode(), bytes(told).decode()))

    def complete(self) -> None:
        self.is_complete = True

    def add(self, kind: str, data: bytes, start: int, end: int) -> None:
        piece = {"name": self._name, "value": self._value, "content": self._content}[kind]
        piece += data[start:end]


def read_fields(body: bytes, boundary: bytes, *, most: int = MAX_PARTS) -> list[tuple[str, str]]:
    """Give names and texts in their order; of a file its own name is the text. Raises `ValueError` with the reason."""
    parts = _Parts(min(most, MAX_PARTS))
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": parts.begin,
            "on_header_field": partial(parts.add, "name"),
            "on_header_value": partial(parts.add, "value"),
            "on_header_end": parts.end_header,
            "on_part_data": partial(parts.add, "content"),
            "on_part_end": parts.end,
            "on_end": parts.complete,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ValueError("the form is not multipart, as its content type says") from error
    except UnicodeDecodeError as error:
        raise ValueError("a field of the form is not UTF-8 text") from error
    if not parts.is_complete:
        raise ValueError("the form ends before its last boundary")
    return parts.pairs
