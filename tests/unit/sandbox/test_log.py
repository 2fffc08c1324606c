"""The log keeps the newest requests, within bounds."""

from bridge.sandbox import log
from bridge.sandbox.log import Log


def test_an_exchange_shows_its_body_as_json_or_as_text() -> None:
    """Whatever came in can be read back."""
    some = Log()
    shown = [some.begin("PUT", "p-a", body, 1.5).to_json()["body"] for body in (b'{"a":1}', b"{nan", b"\xff", b"")]
    assert shown == [{"a": 1}, "{nan", "\ufffd", None]


def test_the_log_is_bounded_in_number_and_in_bytes() -> None:
    """A hundred thousand updates leave the memory flat; the count goes on."""
    many = Log()
    for _ in range(log.MAX_EXCHANGES + 10):
        many.begin("PUT", "p-a", b"{}", 0)
    assert (len(list(many)), many.count) == (log.MAX_EXCHANGES, log.MAX_EXCHANGES + 10)
    large = Log()
    for _ in range(70):
        large.begin("PUT", "p-a", bytes(2**20), 0)
    assert [each.number for each in large] == list(range(7, 71))
