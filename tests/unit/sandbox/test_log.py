"""The log keeps the newest requests, within bounds."""

from bridge.sandbox import log
from bridge.sandbox.log import Log


def test_an_exchange_shows_its_body_as_json_or_as_text() -> None:
    """Whatever came in can be read back."""
    some = Log()
    for body in (b'{"a":1}', b"{nan", b"\xff", b""):
        some.keep_body(some.begin("PUT", "p-a", 1.5), body)
    assert [each.to_json()["body"] for each in some] == [{"a": 1}, "{nan", "\ufffd", None]


def test_the_log_is_bounded_in_number_and_in_bytes() -> None:
    """A hundred thousand updates leave the memory flat; the count goes on."""
    many = Log()
    for _ in range(log.MAX_EXCHANGES + 10):
        many.keep_body(many.begin("PUT", "p-a", 0), b"{}")
    assert (len(list(many)), many.count) == (log.MAX_EXCHANGES, log.MAX_EXCHANGES + 10)
    large = Log()
    for _ in range(70):
        large.keep_body(large.begin("PUT", "", 0), bytes(2**20))
    assert [each.number for each in large] == list(range(7, 71))
