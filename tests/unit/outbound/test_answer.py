"""Every error envelope that the API's pages show, and what proxies put in their place."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.events import Json
from bridge.outbound.answer import Answer, read_answer, read_retry_after_s

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error":{"code":"NOT_FOUND","message":"Pin not found"}}', "NOT_FOUND", "Pin not found"),
        (b'{"success":false,"error":{"code":"RATE_LIMITED","message":"slow down"}}', "RATE_LIMITED", "slow down"),
        (
            b'{"success":false,"error":{"code":"X_Y","type":"t","message":"m","details":{},"timestamp":1}}',
            "X_Y",
            "m",
        ),
        (b'{"error":"Permission denied","message":"PERMISSION_DENIED"}', "PERMISSION_DENIED", "Permission denied"),
        (b'{"error":"PERMISSION_DENIED","message":"you may not"}', "PERMISSION_DENIED", "you may not"),
        (b'{"error":"NOT_FOUND"}', "NOT_FOUND", "NOT_FOUND"),
        (b'{"error":"something broke"}', "", "something broke"),
        (b'{"error":{"code":404,"message":["no"]},"message":"beside"}', "", "beside"),
        (b'{"error":null,"message":"only this"}', "", "only this"),
        (b"{}", "", ""),
    ],
)
def test_every_error_envelope_gives_its_code_and_its_words(body: bytes, code: str, message: str) -> None:
    """Object, text, flat and swapped, with and without `success`."""
    answer = read_answer(400, {}, body, NOW)
    assert (answer.code, answer.message, answer.readable) == (code, message, True)


@pytest.mark.parametrize("body", [b"<html>502</html>", b'{"success":tr', b"[1]", b'"ok"', b"null", b"\xff\xfe", b"NaN"])
def test_a_body_that_is_no_object_is_said_to_be_unreadable(body: bytes) -> None:
    """A proxy's page is not taken for the API's word."""
    assert read_answer(200, {}, body, NOW).readable is False


def test_an_answer_that_is_too_long_is_unreadable_and_says_nothing() -> None:
    """The client hands over no body where it stopped reading."""
    assert read_answer(200, {}, None, NOW) == Answer(status=200, readable=False)


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_body_is_a_readable_answer(body: bytes) -> None:
    """A 204, or a 200 without words, is an answer."""
    assert read_answer(204, {}, body, NOW) == Answer(status=204)


def test_the_answer_of_the_update_pin_page() -> None:
    """The success that the page shows."""
    body = b'{"success":true,"data":{"id":"p-abc123def456","updated_at":1730476800000}}'
    data: Json = {"id": "p-abc123def456", "updated_at": 1730476800000}
    assert read_answer(200, {}, body, NOW) == Answer(status=200, success=True, data=data)


@pytest.mark.parametrize("word", ["1", '"true"', "null", "[]"])
def test_success_counts_only_as_a_boolean(word: str) -> None:
    """Anything else says nothing."""
    assert read_answer(200, {}, f'{{"success":{word}}}'.encode(), NOW).success is None


def test_a_message_becomes_one_bounded_line() -> None:
    """Logs and tables show it as it is."""
    message = read_answer(400, {}, b'{"error":"a\\n\\u001b[31m b ' + b"x" * 1000 + b'"}', NOW).message
    assert message.startswith("a [31m b xxx")
    assert len(message) == 300
    assert message.isprintable()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("999999999", 3600.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 22 Nov 2027 12:00:00 GMT", 3600.0),
        ("Sun, 22 Nov 2026 12:00:30", 30.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        (f"Mon, 22 Nov 2027 12:00:00 +{'9' * 30}", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(text: str | None, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; what is unreadable is as good as missing."""
    assert read_retry_after_s(text, NOW) == seconds


def test_retry_after_stands_in_the_answer() -> None:
    """Whatever the body is."""
    for body in (b"", b"<html>", b"{}", None):
        assert read_answer(429, {"retry-after": "9"}, body, NOW).retry_after_s == timedelta(seconds=9).total_seconds()


def test_an_error_in_the_envelope_is_no_success() -> None:
    """Unless the envelope insists."""
    assert read_answer(200, {}, b'{"error": {"code": "OOPS"}}', NOW).success is False
    assert read_answer(200, {}, b'{"error": null, "data": {}}', NOW).success is None
    assert read_answer(200, {}, b'{"error": "x", "success": true}', NOW).success is True


@pytest.mark.parametrize(
    ("date", "dated_at"),
    [
        ("Sun, 22 Nov 2026 12:00:05 GMT", NOW + timedelta(seconds=5)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_servers_clock_is_read_from_its_date(date: str, dated_at: datetime | None) -> None:
    """What is no HTTP date counts as none."""
    assert read_answer(200, {"date": date}, b"{}", NOW).dated_at == dated_at
    assert read_answer(200, {}, b"<html>", NOW).dated_at is None
