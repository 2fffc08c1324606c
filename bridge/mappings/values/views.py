"""What templates see of the state: objects whose fields are read when they are asked for."""

from typing import ClassVar

from bridge.mappings.values.values import Value


class View:
    """Something with fields, and perhaps items, that are looked up only when a template reads them.

    `FIELDS` are the names that `field` knows, the first the one that is meant mostly; the values are localized to the
    mapping's timezone. `KIND` is what it is in an author's words.
    """

    __slots__ = ()
    KIND: ClassVar[str] = "this part of the state"
    FIELDS: tuple[str, ...] = ()

    def field(self, name: str) -> "Value | View":
        """Give `view.name`, one of `FIELDS`."""
        raise KeyError(name)

    def item(self, key: Value) -> "Value | View":
        """Give `view[key]`; raises `LookupError` where there are no items."""
        raise LookupError(key)


Seen = Value | View
"""What a name can stand for in a template."""


class ListView(list[Seen], View):
    """A list that has fields, too: the first rows of a table."""

    KIND = "a table"
