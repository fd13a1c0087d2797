"""The values of quoted tokens: doubled quotes, Unicode escapes, hexadecimal digits, integers."""

from __future__ import annotations

import re

from lodestar_server.spi.errors import SYNTAX_ERROR, Location, LodestarError

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SPACE_IN_BINARY = re.compile(r"[^\S\x1c-\x1f]")
_RADIX = {"0x": 16, "0X": 16, "0o": 8, "0O": 8, "0b": 2, "0B": 2}


def unquote(text: str) -> str:
    """What stands between the quotes of a token, its doubled quotes halved."""
    quote = text[0]
    inside = text[1:-1]
    return inside.replace(quote + quote, quote) if quote in inside else inside


def decode_unicode_string(text: str, escape: str, location: Location) -> str:
    """The value of `U&'…' UESCAPE 'escape'`; `text` is the whole first token.

    Raises: LodestarError(SYNTAX_ERROR) in Trino's words, at `location`.
    """
    _check_escape(escape, location)
    raw = unquote(text[2:])
    if escape not in raw:
        return raw
    decoded: list[str] = []
    place = 0
    while place < len(raw):
        character = raw[place]
        place += 1
        if character != escape:
            decoded.append(character)
            continue
        following = raw[place : place + 1]
        if not following:
            raise _fault("Incomplete escape sequence: ", location)
        if following == escape:
            decoded.append(escape)
            place += 1
            continue
        if following == "+":
            place += 1
            length = 6
        elif following in _HEX_DIGITS:
            length = 4
        else:
            raise _fault(f"Invalid hexadecimal digit: {following}", location)
        digits = raw[place : place + length]
        valid = next((at for at, digit in enumerate(digits) if digit not in _HEX_DIGITS), len(digits))
        if valid < length:
            raise _fault(f"Incomplete escape sequence: {digits[:valid]}", location)
        decoded.append(_decode_code_point(digits, location))
        place += length
    return "".join(decoded)


def decode_binary(text: str, location: Location) -> bytes:
    """The value of `X'…'`; blanks between the digits are ignored. Raises: LodestarError(SYNTAX_ERROR)."""
    digits = _SPACE_IN_BINARY.sub("", text[2:-1])
    if not _HEX_DIGITS.issuperset(digits):
        raise _fault("Binary literal can only contain hexadecimal digits", location)
    if len(digits) % 2:
        raise _fault("Binary literal must contain an even number of digits", location)
    return bytes.fromhex(digits)


def decode_integer(text: str, location: Location) -> int:
    """The value of an integer literal with its sign, if it fits 64 bits. Raises: LodestarError(SYNTAX_ERROR)."""
    sign = -1 if text[0] == "-" else 1
    digits = text[1:] if sign < 0 else text
    # The longest text that can fit: int() takes quadratic time on long ones.
    if len(digits) <= 200:
        radix = _RADIX.get(digits[:2], 10)
        # `0x_1F`: Python takes no digit separator in front.
        value = sign * int(digits if radix == 10 else digits[2:].removeprefix("_"), radix)
        if -(2**63) <= value < 2**63:
            return value
    raise _fault(f"Invalid numeric literal: {text}", location)


def _check_escape(escape: str, location: Location) -> None:
    if not escape:
        raise _fault("Empty Unicode escape character", location)
    if len(escape) > 1 or not "\x20" < escape < "\x7f" or escape in _HEX_DIGITS or escape in "\"+'":
        raise _fault(f"Invalid Unicode escape character: {escape}", location)


def _decode_code_point(digits: str, location: Location) -> str:
    code_point = int(digits, 16)
    if code_point > 0x10FFFF:
        raise _fault(f"Invalid escaped character: {digits}", location)
    if 0xD800 <= code_point < 0xE000:
        raise _fault(
            f"Invalid escaped character: {digits}. Escaped character is a surrogate. Use '\\+123456' instead.", location
        )
    return chr(code_point)


def _fault(message: str, location: Location) -> LodestarError:
    return LodestarError(SYNTAX_ERROR, message, location=location)
