"""Who a request is really from, where a trusted proxy stands before the bridge.

`X-Forwarded-For`, `-Proto` and `-Host` are headers that anyone may send. They count where the connection comes from
a trusted address alone, and of the addresses in the first of them the last that no trusted proxy has: each proxy
appends whom it heard from, and what stands before that is hearsay.
"""

import re
from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Network = IPv4Network | IPv6Network
Scope = MutableMapping[str, Any]

MOST_HOPS = 20
"""How many addresses of `X-Forwarded-For` are looked at, from the last on."""

_HOP = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|([0-9A-Fa-f:.]+)", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?", re.ASCII)


class Proxies:
    """The proxies that are trusted, by address or network; none is unless it is named."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._trusts = lru_cache(maxsize=1024)(self._look_up)

    def client(self, scope: Scope) -> str:
        """Give the address that a request is from, empty where the connection has none."""
        known = peer(scope)
        if not self._trusts(known):
            return known
        for hop in reversed(",".join(_values(scope, b"x-forwarded-for")).rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
            address = _read(hop)
            if address is None:
                return known
            known = str(address)
            if not self._trusts(known):
                return known
        return known

    def seen_through(self, scope: Scope) -> Scope:
        """Give the request as its client sent it: with the address, the scheme and the host of before the proxies.

        A proxy that names two schemes or hosts, or none that can be, is not believed in that.
        """
        if not self._trusted or not self._trusts(peer(scope)):
            return scope
        seen = dict(scope)
        seen["client"] = (self.client(scope), 0)
        match _values(scope, b"x-forwarded-proto"):
            case ["http" | "https" as scheme]:
                seen["scheme"] = scheme
        match _values(scope, b"x-forwarded-host"):
            case [host] if _HOST.fullmatch(host):
                others = [(name, value) for name, value in scope["headers"] if name != b"host"]
                seen["headers"] = [(b"host", host.encode()), *others]
        return seen

    def _look_up(self, text: str) -> bool:
        address = _read(text)
        return address is not None and any(address in network for network in self._trusted)


def peer(scope: Scope) -> str:
    """Give the address that a connection comes from, empty where it has none."""
    address: str = scope["client"][0] if scope.get("client") else ""
    return address


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for each, value in scope["headers"] if each == name]


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with a port or without; one of IPv4 that came in over IPv6 counts as what it is."""
    match = _HOP.fullmatch(text.strip()[:64])
    if match is None:
        return None
    try:
        address = ip_address(match[1] or match[2] or match[3])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
