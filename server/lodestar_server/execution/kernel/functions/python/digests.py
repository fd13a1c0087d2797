"""Digests and hashes of binary values that DuckDB has not. Sources: the published definitions of each."""

from __future__ import annotations

import hashlib
import hmac
import zlib

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR

_MASK = (1 << 64) - 1


@value_function("trino_sha512", ["BLOB"], "BLOB", pa.binary())
def sha512(value: bytes) -> bytes:
    """64 bytes."""
    return hashlib.sha512(value).digest()


@value_function("trino_crc32", ["BLOB"], "BIGINT", pa.int64())
def crc32(value: bytes) -> int:
    """The checksum of zip."""
    return zlib.crc32(value)


def _keyed(name: str, digest: str) -> None:
    @value_function(name, ["BLOB", "BLOB"], "BLOB", pa.binary())
    def keyed(value: bytes, key: bytes) -> bytes:
        if not key:
            raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Empty key"))
        return hmac.digest(key, value, digest)


for _digest in ("md5", "sha1", "sha256", "sha512"):
    _keyed(f"trino_hmac_{_digest}", _digest)


def _rotate(value: int, bits: int) -> int:
    value &= _MASK
    return (value << bits | value >> (64 - bits)) & _MASK


# xxHash, 64 bits

_X1, _X2, _X3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_X4, _X5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _xx_round(lane: int, word: int) -> int:
    return _rotate(lane + word * _X2, 31) * _X1 & _MASK


def xxhash64_of(value: bytes) -> int:
    """xxHash64 with seed 0, unsigned."""
    position = 0
    if len(value) >= 32:
        lanes = [(_X1 + _X2) & _MASK, _X2, 0, -_X1 & _MASK]
        while position + 32 <= len(value):
            for index in range(4):
                start = position + 8 * index
                lanes[index] = _xx_round(lanes[index], int.from_bytes(value[start : start + 8], "little"))
            position += 32
        made = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            made = ((made ^ _xx_round(0, lane)) * _X1 + _X4) & _MASK
    else:
        made = _X5
    made = (made + len(value)) & _MASK
    while position + 8 <= len(value):
        word = int.from_bytes(value[position : position + 8], "little")
        made = (_rotate(made ^ _xx_round(0, word), 27) * _X1 + _X4) & _MASK
        position += 8
    if position + 4 <= len(value):
        word = int.from_bytes(value[position : position + 4], "little")
        made = (_rotate(made ^ (word * _X1 & _MASK), 23) * _X2 + _X3) & _MASK
        position += 4
    for byte in value[position:]:
        made = _rotate(made ^ (byte * _X5 & _MASK), 11) * _X1 & _MASK
    made = (made ^ made >> 33) * _X2 & _MASK
    made = (made ^ made >> 29) * _X3 & _MASK
    return made ^ made >> 32


# MurmurHash 3, 128 bits for 64-bit machines

_M1, _M2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


def _murmur_mix(word: int) -> int:
    word = (word ^ word >> 33) * 0xFF51AFD7ED558CCD & _MASK
    word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return word ^ word >> 33


def _murmur_first(word: int) -> int:
    return _rotate(word * _M1, 31) * _M2 & _MASK


def _murmur_second(word: int) -> int:
    return _rotate(word * _M2, 33) * _M1 & _MASK


@value_function("trino_murmur3", ["BLOB"], "BLOB", pa.binary())
def murmur3(value: bytes) -> bytes:
    """Sixteen bytes, seed 0."""
    first = second = 0
    whole = len(value) - len(value) % 16
    for position in range(0, whole, 16):
        first ^= _murmur_first(int.from_bytes(value[position : position + 8], "little"))
        first = ((_rotate(first, 27) + second) * 5 + 0x52DCE729) & _MASK
        second ^= _murmur_second(int.from_bytes(value[position + 8 : position + 16], "little"))
        second = ((_rotate(second, 31) + first) * 5 + 0x38495AB5) & _MASK
    rest = value[whole:]
    second ^= _murmur_second(int.from_bytes(rest[8:], "little"))
    first ^= _murmur_first(int.from_bytes(rest[:8], "little"))
    first, second = first ^ len(value), second ^ len(value)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    first, second = _murmur_mix(first), _murmur_mix(second)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    return first.to_bytes(8, "little") + second.to_bytes(8, "little")


# SpookyHash 2, both seeds 0

_SPOOKY = 0xDEADBEEFDEADBEEF
_SHORT_MIX = (50, 52, 30, 41, 54, 48, 38, 37, 62, 34, 5, 36)
_SHORT_END = (15, 52, 26, 51, 28, 9, 47, 54, 32, 25, 63)
_LONG_MIX = (11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46)
_LONG_END = (44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54)
_SHORT_LIMIT = 192
_BLOCK = 96


def _words(value: bytes) -> list[int]:
    return [int.from_bytes(value[start : start + 8], "little") for start in range(0, len(value), 8)]


def _spooky_mix(state: list[int]) -> None:
    for step, bits in enumerate(_SHORT_MIX):
        turned, added, mixed = (step + 2) % 4, (step + 3) % 4, step % 4
        state[turned] = (_rotate(state[turned], bits) + state[added]) & _MASK
        state[mixed] ^= state[turned]


def _spooky_short(value: bytes) -> int:
    state = [0, 0, _SPOOKY, _SPOOKY]
    rest = value
    while len(rest) >= 16:
        state[2] = (state[2] + int.from_bytes(rest[:8], "little")) & _MASK
        state[3] = (state[3] + int.from_bytes(rest[8:16], "little")) & _MASK
        _spooky_mix(state)
        if len(rest) < 32:
            rest = rest[16:]
            break
        state[0] = (state[0] + int.from_bytes(rest[16:24], "little")) & _MASK
        state[1] = (state[1] + int.from_bytes(rest[24:32], "little")) & _MASK
        rest = rest[32:]
    state[3] += len(value) << 56
    state[2] += int.from_bytes(rest[:8], "little") if rest else _SPOOKY
    state[3] += int.from_bytes(rest[8:], "little") if rest else _SPOOKY
    state = [word & _MASK for word in state]
    for step, bits in enumerate(_SHORT_END):
        mixed, turned = (step + 3) % 4, (step + 2) % 4
        state[mixed] ^= state[turned]
        state[turned] = _rotate(state[turned], bits)
        state[mixed] = (state[mixed] + state[turned]) & _MASK
    return state[0]


def _spooky_long(value: bytes) -> int:
    state = [0, 0, _SPOOKY] * 4
    whole = len(value) - len(value) % _BLOCK
    for start in range(0, whole, _BLOCK):
        for index, word in enumerate(_words(value[start : start + _BLOCK])):
            state[index] = (state[index] + word) & _MASK
            state[(index + 2) % 12] ^= state[(index + 10) % 12]
            state[(index + 11) % 12] ^= state[index]
            state[index] = _rotate(state[index], _LONG_MIX[index])
            state[(index + 11) % 12] = (state[(index + 11) % 12] + state[(index + 1) % 12]) & _MASK
    rest = value[whole:]
    last = rest.ljust(_BLOCK - 1, b"\0") + bytes([len(rest)])
    state = [(word + more) & _MASK for word, more in zip(state, _words(last), strict=True)]
    for _ in range(3):
        for index, bits in enumerate(_LONG_END):
            before, after, second = (index + 11) % 12, (index + 1) % 12, (index + 2) % 12
            state[before] = (state[before] + state[after]) & _MASK
            state[second] ^= state[before]
            state[after] = _rotate(state[after], bits)
    return state[0]


@value_function("trino_spooky_hash_v2_64", ["BLOB"], "BLOB", pa.binary())
def spooky_hash_v2_64(value: bytes) -> bytes:
    """Eight bytes, the highest first."""
    made = _spooky_short(value) if len(value) < _SHORT_LIMIT else _spooky_long(value)
    return made.to_bytes(8)


@value_function("trino_spooky_hash_v2_32", ["BLOB"], "BLOB", pa.binary())
def spooky_hash_v2_32(value: bytes) -> bytes:
    """The last four of the eight bytes."""
    return spooky_hash_v2_64(value)[4:]
