"""Binary values as text and numbers, with the complaints of Java's decoders. Text arrives as its bytes."""

from __future__ import annotations

import base64
import struct

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

_HEXADECIMAL = "0123456789abcdefABCDEF"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64URL = _BASE64[:-2] + "-_"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32_ENDS = (0, 2, 4, 5, 7)
"""How many characters may be left behind whole groups of eight."""


@value_function("trino_from_hex", ["BLOB"], "BLOB", pa.binary())
def from_hex(raw: bytes) -> bytes:
    """Two digits a byte."""
    if len(raw) % 2:
        raise refused(f"invalid input length {len(raw)}")
    for byte in raw:
        if chr(byte) not in _HEXADECIMAL:
            shown = chr(byte if byte < 128 else 0xFF00 + byte)
            raise refused(f'not a hexadecimal digit: "{shown}" = {_signed(byte)}')
    return bytes.fromhex(raw.decode("ascii"))


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


@value_function("trino_from_base64", ["BLOB"], "BLOB", pa.binary())
def from_base64(raw: bytes) -> bytes:
    """Base 64; padding may be missing."""
    return _decode64(raw, _BASE64)


@value_function("trino_from_base64url", ["BLOB"], "BLOB", pa.binary())
def from_base64url(raw: bytes) -> bytes:
    """Base 64 with - and _; padding may be missing."""
    return _decode64(raw, _BASE64URL)


def _decode64(raw: bytes, alphabet: str) -> bytes:
    if len(raw) == 1:
        raise refused("Input byte[] should at least have 2 bytes for base64 bytes")
    made = bytearray()
    digits = 0
    bits = 0
    position = 0
    while position < len(raw):
        byte = raw[position]
        position += 1
        if byte == ord("="):
            # One pad after three digits, two after two.
            if digits == 2:
                if position == len(raw) or raw[position] != ord("="):
                    raise refused("Input byte array has wrong 4-byte ending unit")
                position += 1
            elif digits == 0:
                raise refused("Input byte array has wrong 4-byte ending unit")
            break
        value = alphabet.find(chr(byte))
        if value < 0:
            raise refused(f"Illegal base64 character {_signed(byte):x}")
        bits = bits << 6 | value
        digits += 1
        if digits == 4:
            made += bits.to_bytes(3)
            bits = digits = 0
    if digits == 1:
        raise refused("Last unit does not have enough valid bits")
    if digits == 2:
        made.append(bits >> 4)
    elif digits == 3:
        made += (bits >> 2).to_bytes(2)
    if position < len(raw):
        raise refused(f"Input byte array has incorrect ending byte at {position}")
    return bytes(made)


@value_function("trino_to_base32", ["BLOB"], "VARCHAR", pa.string())
def to_base32(value: bytes) -> str:
    """Base 32 with padding."""
    return base64.b32encode(value).decode()


@value_function("trino_from_base32", ["BLOB"], "BLOB", pa.binary())
def from_base32(raw: bytes) -> bytes:
    """Base 32; padding may be missing. The bytes are UTF-8 and counted in units of UTF-16."""
    digits = raw.decode("utf-8", "replace").rstrip("=")
    length = len(digits.encode("utf-16-le")) // 2
    if length % 8 not in _BASE32_ENDS:
        raise refused(f"Invalid input length {length}")
    for character in digits:
        if character not in _BASE32:
            unit = int.from_bytes(character.encode("utf-16-be")[:2])
            shown = character if 0x20 < unit < 0x7F else f"0x{unit:x}"
            raise refused(f"Unrecognized character: {shown}")
    return base64.b32decode(digits + "=" * (-len(digits) % 8))


@value_function("trino_char2hexint", ["VARCHAR"], "VARCHAR", pa.string())
def char2hexint(text: str) -> str:
    """The digits of UTF-16."""
    return text.encode("utf-16-be", "surrogatepass").hex().upper()


@value_function("trino_from_big_endian_32", ["BLOB"], "INTEGER", pa.int32())
def from_big_endian_32(value: bytes) -> int:
    """Four bytes as an integer."""
    if len(value) != 4:
        raise refused(f"expected 4-byte input, but got instead: {len(value)}")
    return int.from_bytes(value, signed=True)


@value_function("trino_from_big_endian_64", ["BLOB"], "BIGINT", pa.int64())
def from_big_endian_64(value: bytes) -> int:
    """Eight bytes as an integer."""
    if len(value) != 8:
        raise refused(f"expected 8-byte input, but got instead: {len(value)}")
    return int.from_bytes(value, signed=True)


@value_function("trino_from_ieee754_32", ["BLOB"], "FLOAT", pa.float32())
def from_ieee754_32(value: bytes) -> float:
    """Four bytes as a real."""
    if len(value) != 4:
        raise refused("Input floating-point value must be exactly 4 bytes long")
    return float(struct.unpack(">f", value)[0])


@value_function("trino_from_ieee754_64", ["BLOB"], "DOUBLE", pa.float64())
def from_ieee754_64(value: bytes) -> float:
    """Eight bytes as a double."""
    if len(value) != 8:
        raise refused("Input floating-point value must be exactly 8 bytes long")
    return float(struct.unpack(">d", value)[0])


@value_function("trino_to_ieee754_32", ["FLOAT"], "BLOB", pa.binary())
def to_ieee754_32(value: float) -> bytes:
    """A real as four bytes."""
    return struct.pack(">f", float("nan") if value != value else value)


@value_function("trino_to_ieee754_64", ["DOUBLE"], "BLOB", pa.binary())
def to_ieee754_64(value: float) -> bytes:
    """A double as eight bytes."""
    return struct.pack(">d", float("nan") if value != value else value)
