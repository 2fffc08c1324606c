"""What templates see of the state: objects whose fields are read when they are asked for."""

from bridge.mappings.values.values import Value


class View:
    """Something with fields, and perhaps items, that are looked up only when a template reads them.

    `FIELDS` are the names that `field` knows; the values are localized to the mapping's timezone.
    """

    __slots__ = ()
    FIELDS: tuple[str, ...] = ()

    def field(self, name: str) -> "Value | View":
        """Give `view.name`, one of `FIELDS`."""
        raise KeyError(name)

    def item(self, key: Value) -> "Value | View":
        """Give `view[key]`; raises `LookupError` where there are no items."""
        raise LookupError(key)


class ListView(list["Value | View"], View):
    """A list that has fields, too: the first rows of a table."""
