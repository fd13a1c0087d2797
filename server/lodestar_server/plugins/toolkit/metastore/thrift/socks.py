"""A connection through a SOCKS proxy, version 5 and without a password. Source: RFC 1928."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from lodestar_server.plugins.toolkit.metastore.thrift.addresses import Address

_VERSION = 5
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_REFUSALS = {
    1: "it has failed",
    2: "its rules forbid it",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the connection is refused",
    6: "it took too long",
    7: "it does not connect",
    8: "it does not know such addresses",
}


Lookup = Callable[[str, int], list[str]]
"""IP addresses of a name, the preferred one first. Raises: OSError."""


def look_up(host: str, port: int) -> list[str]:
    """Those of version 4 first, as Java has them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in sorted(found, key=lambda one: one[0] != socket.AF_INET)]


def connect_through(proxy: Address, target: Address, timeout: float, lookup: Lookup = look_up) -> socket.socket:
    """A connection to the target. What its name means is looked up here, and by the proxy where that fails.

    Raises: OSError.
    """
    made = socket.create_connection(proxy, timeout=timeout)
    try:
        made.sendall(bytes((_VERSION, 1, 0)))
        version, method = _read(made, 2)
        if version != _VERSION or method != 0:
            raise OSError(f"{proxy[0]}:{proxy[1]} is no SOCKS 5 proxy that takes connections without a password")
        made.sendall(bytes((_VERSION, _CONNECT, 0)) + _place(target, lookup))
        version, refusal, _, kind = _read(made, 4)
        if version != _VERSION or refusal:
            reason = _REFUSALS.get(refusal, f"code {refusal}")
            raise OSError(f"The SOCKS proxy {proxy[0]}:{proxy[1]} does not connect to {target[0]}: {reason}")
        size = _read(made, 1)[0] if kind == _NAME else (16 if kind == _IPV6 else 4)
        _read(made, size + 2)  # the address that the proxy speaks from
        return made
    except BaseException:
        made.close()
        raise


def _place(target: Address, lookup: Lookup) -> bytes:
    host, port = target
    try:
        address = ipaddress.ip_address(lookup(host, port)[0].partition("%")[0])
        kind = _IPV4 if address.version == 4 else _IPV6
        return bytes((kind,)) + address.packed + port.to_bytes(2, "big")
    except (OSError, ValueError):
        name = host.encode("idna")
        return bytes((_NAME, len(name))) + name + port.to_bytes(2, "big")


def _read(made: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = made.recv(size - len(found))
        if not piece:
            raise OSError("The SOCKS proxy has closed the connection")
        found += piece
    return found
