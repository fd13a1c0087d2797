"""IP addresses as text. Source: Trino IpAddressOperators; the text is that of Guava's InetAddresses."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

MAPPED_PREFIX = b"\0" * 10 + b"\xff\xff"


@value_function("trino_ipaddress_text", ["BLOB"], "VARCHAR", pa.string())
def ipaddress_text(value: bytes) -> str:
    """`10.0.0.1` of a mapped address, else eight groups with the first longest run of zeros shortened."""
    if value.startswith(MAPPED_PREFIX):
        return str(IPv4Address(value[12:]))
    groups = [int.from_bytes(value[i : i + 2]) for i in range(0, 16, 2)]
    start, length = _longest_zero_run(groups)
    texts = [f"{group:x}" for group in groups]
    if length < 2:
        return ":".join(texts)
    return ":".join(texts[:start]) + "::" + ":".join(texts[start + length :])


def _longest_zero_run(groups: list[int]) -> tuple[int, int]:
    best, best_length, start = -1, 0, -1
    for index, group in enumerate([*groups, 1]):
        if group == 0:
            start = index if start < 0 else start
        elif start >= 0:
            if index - start > best_length:
                best, best_length = start, index - start
            start = -1
    return best, best_length


@value_function("trino_read_ipaddress", ["VARCHAR"], "BLOB", pa.binary())
def read_ipaddress(text: str) -> bytes | None:
    """Sixteen bytes, IPv4 mapped into IPv6; None for text that is no address."""
    try:
        if ":" not in text:
            return MAPPED_PREFIX + IPv4Address(text).packed
        # What stands behind a percent sign names an interface of some machine.
        return IPv6Address(text.partition("%")[0]).packed
    except AddressValueError:
        return None


@value_function("trino_network_contains", ["VARCHAR", "BLOB"], "BOOLEAN", pa.bool_())
def network_contains(network: str, address: bytes) -> bool:
    """The network `10.0.0.0/8` holds the address. Raises: INVALID_FUNCTION_ARGUMENT."""
    text, slash, size = network.partition("/")
    base = read_ipaddress(text)
    if not slash:
        raise refused("Invalid CIDR")
    if base is None:
        raise refused("Invalid network IP address")
    bits = 32 if base.startswith(MAPPED_PREFIX) else 128
    if not size.isascii() or not size.isdigit() or int(size) > bits:
        raise refused("Invalid CIDR")
    shift = bits - int(size)
    same_kind = address.startswith(MAPPED_PREFIX) == base.startswith(MAPPED_PREFIX)
    return same_kind and int.from_bytes(address) >> shift == int.from_bytes(base) >> shift
