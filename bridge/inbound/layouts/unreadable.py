"""The error of an event whose delivery is genuine and whose own content cannot be read, and what raises it for JSON."""

from bridge.errors import PinbridgeError, SenderError
from bridge.events import Json
from bridge.inbound.bodies import read_json


class Unreadable(PinbridgeError):
    """What an event says cannot be read, and why; the message becomes its fault."""


def read_inner_json(text: bytes, where: str) -> Json:
    """Read JSON that stands in an event, bounded as a body is. Raises `Unreadable`, which begins with `where`."""
    try:
        return read_json(text)
    except SenderError as error:
        raise Unreadable(f"{where} cannot be read: {error.message.replace('the body', 'it')}") from error
