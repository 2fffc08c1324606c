"""The error of an event whose delivery is genuine and whose own content cannot be read."""

from bridge.errors import PinbridgeError


class Unreadable(PinbridgeError):
    """What an event says cannot be read, and why; the message becomes its fault."""
