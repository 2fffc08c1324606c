"""Who a request is from: what proxies say counts where they are trusted, and nowhere else."""

from ipaddress import ip_network

import pytest

from bridge.proxies import MOST_HOPS, Proxies, Scope

TRUSTED = Proxies([ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("2001:db8::/32")])


def request(peer: str | None, *fields: tuple[str, str]) -> Scope:
    """Make a request that comes from an address, with some headers."""
    headers = [(b"host", b"bridge:8080"), *((name.encode(), value.encode()) for name, value in fields)]
    return {"client": None if peer is None else (peer, 50_000), "scheme": "http", "headers": headers}


def forwarded(value: str) -> tuple[str, str]:
    """Give the header that names addresses."""
    return ("x-forwarded-for", value)


@pytest.mark.parametrize(
    ("peer", "value", "client"),
    [
        ("10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("203.0.113.1", "203.0.113.9", "203.0.113.1"),
        ("127.0.0.2", "203.0.113.9", "127.0.0.2"),
        ("10.0.0.7", "127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "192.0.2.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.0.0.7", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("10.0.0.7", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.7", "2001:DB9::1", "2001:db9::1"),
        ("10.0.0.7", "[2001:db9::1]:443", "2001:db9::1"),
        ("::ffff:10.0.0.7", "::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "203.0.113.9, unknown", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.9, , 10.1.2.3", "10.1.2.3"),
        ("10.0.0.7", "localhost", "10.0.0.7"),
        ("10.0.0.7", "999.1.1.1", "10.0.0.7"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("a-unix-socket", "203.0.113.9", "a-unix-socket"),
        (None, "203.0.113.9", ""),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(peer: str | None, value: str, client: str) -> None:
    """What stands before it, or in the header of a stranger, is hearsay."""
    assert TRUSTED.client(request(peer, forwarded(value))) == client


def test_headers_that_come_twice_are_one_list() -> None:
    """RFC 9110, 5.3."""
    assert TRUSTED.client(request("10.0.0.7", forwarded("192.0.2.1"), forwarded("203.0.113.9"))) == "203.0.113.9"


def test_a_long_list_is_read_from_its_end_only() -> None:
    """However long anyone makes it."""
    assert TRUSTED.client(request("10.0.0.7", forwarded("10.1.1.1," * 3000 + "10.2.2.2"))) == "10.1.1.1"
    hidden = ["203.0.113.9", *["10.1.1.1"] * MOST_HOPS]
    assert TRUSTED.client(request("10.0.0.7", forwarded(", ".join(hidden)))) == "10.1.1.1"


def test_nobody_is_trusted_by_default() -> None:
    """Not even this machine."""
    asked = request("127.0.0.1", forwarded("203.0.113.9"), ("x-forwarded-proto", "https"))
    assert Proxies().client(asked) == "127.0.0.1"
    assert Proxies().seen_through(asked) is asked


def test_scheme_and_host_are_those_of_before_the_proxies() -> None:
    """The rest of the request stays, and the request that came is not touched."""
    asked = request(
        "10.0.0.7", forwarded("203.0.113.9"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "hooks.example.com")
    )
    seen = TRUSTED.seen_through(asked)
    assert (seen["client"], seen["scheme"]) == (("203.0.113.9", 0), "https")
    assert [value for name, value in seen["headers"] if name == b"host"] == [b"hooks.example.com"]
    assert asked["client"] == ("10.0.0.7", 50_000)
    assert (b"host", b"bridge:8080") in asked["headers"]


@pytest.mark.parametrize(
    "fields",
    [
        [("x-forwarded-proto", "gopher")],
        [("x-forwarded-proto", "https, http")],
        [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")],
        [("x-forwarded-host", "evil.example/path")],
        [("x-forwarded-host", "a.example, b.example")],
        [("x-forwarded-host", "a.example"), ("x-forwarded-host", "b.example")],
        [("x-forwarded-host", "")],
        [("x-forwarded-host", "a\r\nset-cookie: b")],
    ],
)
def test_what_can_be_no_scheme_or_host_is_ignored(fields: list[tuple[str, str]]) -> None:
    """And so are two of them."""
    seen = TRUSTED.seen_through(request("10.0.0.7", *fields))
    assert seen["scheme"] == "http"
    assert (b"host", b"bridge:8080") in seen["headers"]


def test_a_stranger_changes_nothing() -> None:
    """Whatever he sends."""
    asked = request("203.0.113.9", forwarded("127.0.0.1"), ("x-forwarded-host", "evil.example"))
    assert TRUSTED.seen_through(asked) is asked
