"""format(): texts as java.util.Formatter makes them.

An argument arrives as the kind of its Java value and a text: numbers and booleans as Java prints them, moments as
Trino prints them; a zoned moment is local time, offset in seconds and zone, with bars between. Source: the definition
of java.util.Formatter; what it complains about is Trino's message.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.locales import ENGLISH, LocaleTexts, locale_texts
from lodestar_server.execution.kernel.functions.python.moments import KNOWN_LETTERS, Moment, format_moment
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.values import frozen

_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT])?([a-zA-Z%])", re.ASCII)
_CLASSES = {
    "boolean": "java.lang.Boolean",
    "long": "java.lang.Long",
    "float": "java.lang.Float",
    "double": "java.lang.Double",
    "decimal": "java.math.BigDecimal",
    "string": "java.lang.String",
    "date": "java.time.LocalDate",
    "timestamp": "java.time.LocalDateTime",
    "zoned": "java.time.ZonedDateTime",
    "time": "java.time.LocalTime",
}
_CONVERSIONS = "bBhHsScCdoxXeEfgGaA%n"
_MOMENTS = ("date", "timestamp", "zoned", "time", "long")
_WIDE = Context(prec=2000)
_DEFAULT_PRECISION = 6


class FormatProblem(Exception):
    """What Java would throw: the name of its exception without `Exception`, and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")


@frozen
class _Argument:
    kind: str
    text: str | None

    def refuse(self, conversion: str) -> FormatProblem:
        return FormatProblem("IllegalFormatConversion", f"{conversion} != {_CLASSES[self.kind]}")


@frozen
class _Specifier:
    whole: str
    flags: str
    width: int
    precision: int | None
    conversion: str
    texts: LocaleTexts = ENGLISH

    def padded(self, text: str) -> str:
        blanks = " " * (self.width - len(text.encode("utf-16-le", "surrogatepass")) // 2)
        return text + blanks if "-" in self.flags else blanks + text


@value_function("trino_format", ["VARCHAR", "VARCHAR", "VARCHAR[]", "VARCHAR"], "VARCHAR", pa.string())
def format_values(pattern: str, kinds: str, texts: list[str | None], locale: str) -> str:
    """`kinds` are those of the arguments, with commas between."""
    arguments = [_Argument(kind, text) for kind, text in zip(kinds.split(","), texts, strict=True)]
    try:
        return _format(pattern, arguments, locale_texts(locale))
    except FormatProblem as problem:
        raise refused(f"Invalid format string: {pattern} ({problem})") from None


def _format(pattern: str, arguments: list[_Argument], texts: LocaleTexts) -> str:
    made: list[str] = []
    position = ordinary = 0
    last = -1
    while True:
        start = pattern.find("%", position)
        if start < 0:
            return "".join(made) + pattern[position:]
        made.append(pattern[position:start])
        match = _SPECIFIER.match(pattern, start)
        if match is None:
            raise FormatProblem("UnknownFormatConversion", f"Conversion = '{_culprit(pattern, start)}'")
        position = match.end()
        index, flags, width, precision, moment, letter = match.groups()
        conversion = (moment or "") + letter
        specifier = _Specifier(
            match[0], flags, int(width or 0), None if precision is None else int(precision), conversion, texts
        )
        _check(specifier, moment is not None)
        if letter in "%n" and moment is None:
            made.append("\n" if letter == "n" else specifier.padded("%"))
            continue
        if "<" in flags:
            chosen = last
        elif index is not None:
            chosen = int(index) - 1
        else:
            chosen = ordinary
            ordinary += 1
        if not 0 <= chosen < len(arguments):
            raise FormatProblem("MissingFormatArgument", f"Format specifier '{specifier.whole}'")
        last = chosen
        made.append(_converted(specifier, arguments[chosen], moment is not None))


def _culprit(pattern: str, start: int) -> str:
    """The character at which a specifier stops being one; its first where the text stops before."""
    match = re.compile(r"%(?:\d+\$)?[-#+ 0,(<]*\d*(?:\.\d+)?[tT]?").match(pattern, start)
    end = start + 1 if match is None else match.end()
    if end < len(pattern) and pattern[end:] != ".":
        return pattern[end]
    return pattern[start + 1 : start + 2] or "%"


def _check(specifier: _Specifier, moment: bool) -> None:
    """What Java refuses before it looks at the argument, in its order for each kind of conversion."""
    flags, letter = specifier.flags, specifier.conversion[-1]
    for flag in flags:
        if flags.count(flag) > 1:
            raise FormatProblem("DuplicateFormatFlags", f"Flags = '{flag}'")
    if not moment:
        if letter not in _CONVERSIONS:
            raise FormatProblem("UnknownFormatConversion", f"Conversion = '{letter}'")
        letter = letter.lower()
    if specifier.precision is not None and (moment or letter in "cdox%n"):
        raise FormatProblem("IllegalFormatPrecision", str(specifier.precision))
    if moment:
        if letter not in KNOWN_LETTERS:
            raise FormatProblem("UnknownFormatConversion", f"Conversion = 't{letter}'")
        _refuse_flags(specifier, letter, "#+ 0,(")
        _check_width(specifier, "-")
    elif letter in "%n":
        _check_text(specifier, letter)
    elif letter in "bhs":
        if letter != "s":
            _refuse_flags(specifier, letter, "#")
        _check_width(specifier, "-")
        _refuse_flags(specifier, letter, "+ 0,(")
    elif letter == "c":
        _refuse_flags(specifier, letter, "#+ 0,(")
        _check_width(specifier, "-")
    else:
        _check_width(specifier, "-0")
        if ("-" in flags and "0" in flags) or ("+" in flags and " " in flags):
            raise FormatProblem("IllegalFormatFlags", f"Flags = '{_in_order(flags)}'")
        _refuse_flags(specifier, letter, _REFUSED_OF_NUMBERS.get(letter, ""))


_REFUSED_OF_NUMBERS = {"d": "#", "o": ",", "x": ",", "e": ",", "g": "#", "a": ",("}


def _in_order(flags: str) -> str:
    return "".join(flag for flag in "-#+ 0,(<" if flag in flags)


def _refuse_flags(specifier: _Specifier, letter: str, refused_flags: str) -> None:
    wrong = "".join(flag for flag in _in_order(specifier.flags) if flag in refused_flags)
    if wrong:
        raise FormatProblem("FormatFlagsConversionMismatch", f"Conversion = {letter}, Flags = {wrong}")


def _check_width(specifier: _Specifier, flags: str) -> None:
    if not specifier.width and any(flag in flags for flag in specifier.flags):
        raise FormatProblem("MissingFormatWidth", specifier.whole)


def _check_text(specifier: _Specifier, letter: str) -> None:
    if letter == "n" and specifier.width:
        raise FormatProblem("IllegalFormatWidth", str(specifier.width))
    if specifier.flags not in (("", "-") if letter == "%" else ("",)):
        raise FormatProblem("IllegalFormatFlags", f"Flags = '{_in_order(specifier.flags)}'")
    _check_width(specifier, "-")


def _converted(specifier: _Specifier, argument: _Argument, moment: bool) -> str:
    letter = specifier.conversion[-1]
    if moment:
        text = _moment(specifier, argument)
        upper = specifier.conversion[0] == "T"
    else:
        text = _GENERAL[letter.lower()](specifier, argument)
        upper = letter.isupper()
    return specifier.padded(text.upper() if upper else text)


def _moment(specifier: _Specifier, argument: _Argument) -> str:
    letter = specifier.conversion[-1]
    if argument.text is None:
        return _cut(specifier, "null")
    if argument.kind not in _MOMENTS:
        raise argument.refuse(letter)
    try:
        return format_moment(Moment.read(argument.kind, argument.text), letter)
    except KeyError as problem:
        raise argument.refuse(str(problem.args[0])) from None


def _cut(specifier: _Specifier, text: str) -> str:
    return text if specifier.precision is None else text[: specifier.precision]


def _string(specifier: _Specifier, argument: _Argument) -> str:
    _refuse_flags(specifier, "s", "#")
    if argument.text is None:
        return _cut(specifier, "null")
    if argument.kind in ("timestamp", "zoned", "time", "date"):
        return _cut(specifier, Moment.read(argument.kind, argument.text).iso())
    return _cut(specifier, argument.text)


def _boolean(specifier: _Specifier, argument: _Argument) -> str:
    if argument.kind == "boolean":
        return _cut(specifier, argument.text or "false")
    return _cut(specifier, "false" if argument.text is None else "true")


def _character(specifier: _Specifier, argument: _Argument) -> str:
    if argument.text is None:
        return "null"
    raise argument.refuse("c")


# Numbers


def _signed(specifier: _Specifier, negative: bool, digits: str) -> str:
    """Sign and padding of a number's digits, its marks in the session's language; hexadecimal has none."""
    flags = specifier.flags
    if specifier.texts is not ENGLISH and not digits.startswith("0x"):
        digits = digits.translate({ord(","): specifier.texts.grouping, ord("."): specifier.texts.decimal})
    before, after = "", ""
    if negative:
        before, after = ("(", ")") if "(" in flags else ("-", "")
    elif "+" in flags:
        before = "+"
    elif " " in flags:
        before = " "
    if "0" in flags:
        digits = digits.rjust(specifier.width - len(before) - len(after), "0")
    return before + digits + after


def _grouped(specifier: _Specifier, digits: str) -> str:
    if "," not in specifier.flags:
        return digits
    whole, point, fraction = digits.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def _integer(specifier: _Specifier, argument: _Argument) -> str:
    if argument.text is None:
        return "null"
    if argument.kind != "long":
        raise argument.refuse("d")
    value = int(argument.text)
    return _signed(specifier, value < 0, _grouped(specifier, str(abs(value))))


def _radix(specifier: _Specifier, argument: _Argument) -> str:
    letter = specifier.conversion.lower()
    if argument.text is None:
        return "null"
    if argument.kind != "long":
        raise argument.refuse(letter)
    _refuse_flags(specifier, letter, "+ (")
    digits = format(int(argument.text) & 0xFFFFFFFFFFFFFFFF, letter)
    prefix = {"x": "0x", "o": "0"}[letter] if "#" in specifier.flags else ""
    if "0" in specifier.flags:
        digits = digits.rjust(specifier.width - len(prefix), "0")
    return prefix + digits


def _real(specifier: _Specifier, argument: _Argument) -> Decimal | str:
    """A number with fraction; the text for what is none or not finite."""
    letter = specifier.conversion.lower()
    if argument.text is None:
        return _cut(specifier, "null")
    if argument.kind not in ("float", "double", "decimal"):
        raise argument.refuse(letter)
    if argument.text == "NaN":
        return "NaN"
    if argument.text.endswith("Infinity"):
        return _signed(
            _Specifier("", specifier.flags.replace("0", ""), 0, None, ""), argument.text[0] == "-", "Infinity"
        )
    return Decimal(argument.text)


def _fixed(specifier: _Specifier, argument: _Argument) -> str:
    value = _real(specifier, argument)
    if isinstance(value, str):
        return value
    precision = _DEFAULT_PRECISION if specifier.precision is None else specifier.precision
    return _signed(specifier, value.is_signed(), _grouped(specifier, _plain(abs(value), precision)))


def _plain(value: Decimal, precision: int) -> str:
    return format(value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP, _WIDE), "f")


def _scientific(specifier: _Specifier, argument: _Argument) -> str:
    value = _real(specifier, argument)
    if isinstance(value, str):
        return value
    precision = _DEFAULT_PRECISION if specifier.precision is None else specifier.precision
    return _signed(specifier, value.is_signed(), _with_exponent(abs(value), precision))


def _with_exponent(value: Decimal, precision: int) -> str:
    if value:
        value = Context(prec=precision + 1, rounding=ROUND_HALF_UP).plus(value)
    exponent = value.adjusted() if value else 0
    digits = _plain(value.scaleb(-exponent, _WIDE), precision)
    return f"{digits}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _general(specifier: _Specifier, argument: _Argument) -> str:
    value = _real(specifier, argument)
    if isinstance(value, str):
        return value
    precision = _DEFAULT_PRECISION if specifier.precision is None else specifier.precision or 1
    magnitude = abs(value)
    if magnitude:
        magnitude = Context(prec=precision, rounding=ROUND_HALF_UP).plus(magnitude)
    if not magnitude:
        digits = _plain(magnitude, precision - 1)
    elif Decimal("0.0001") <= magnitude < Decimal(10) ** precision:
        digits = _plain(magnitude, precision - 1 - magnitude.adjusted())
    else:
        digits = _with_exponent(magnitude, precision - 1)
    return _signed(specifier, value.is_signed(), _grouped(specifier, digits) if "e" not in digits else digits)


_HEX_FLOAT = re.compile(r"(-?)0x(\d)\.([0-9a-f]*?)0*p([+-]\d+)")


def _hexadecimal(specifier: _Specifier, argument: _Argument) -> str:
    if argument.text is not None and argument.kind == "decimal":
        raise argument.refuse("a")
    value = _real(specifier, argument)
    if isinstance(value, str):
        return value
    match = _HEX_FLOAT.fullmatch(float(value).hex())
    assert match is not None
    sign, whole, fraction, exponent = match.groups()
    digits = (fraction or "0").ljust(specifier.precision or 0, "0")
    return _signed(specifier, sign == "-", f"0x{whole}.{digits}p{int(exponent)}")


# Hash codes


def _hash(specifier: _Specifier, argument: _Argument) -> str:
    if argument.text is None:
        return _cut(specifier, "null")
    return _cut(specifier, format(hash_code(argument.kind, argument.text) & 0xFFFFFFFF, "x"))


def hash_code(kind: str, text: str) -> int:
    """Java's hashCode of a value."""
    match kind:
        case "boolean":
            return 1231 if text == "true" else 1237
        case "long":
            return _folded(int(text) & 0xFFFFFFFFFFFFFFFF)
        case "double":
            return _folded(int.from_bytes(struct.pack(">d", float(text))))
        case "float":
            return int.from_bytes(struct.pack(">f", float(text)))
        case "decimal":
            return _decimal_hash(Decimal(text))
        case "date":
            moment = Moment.read(kind, text)
            packed = (moment.year << 11) + (moment.month << 6) + moment.day
            return (moment.year & 0xFFFFF800) ^ packed
    made = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for start in range(0, len(units), 2):
        made = (made * 31 + int.from_bytes(units[start : start + 2])) & 0xFFFFFFFF
    return made


def _folded(bits: int) -> int:
    return (bits ^ bits >> 32) & 0xFFFFFFFF


def _decimal_hash(value: Decimal) -> int:
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits)))
    scale = -int(exponent)
    if unscaled < 2**63:
        folded = ((unscaled >> 32) * 31 + (unscaled & 0xFFFFFFFF)) & 0xFFFFFFFF
        return 31 * (-folded if sign else folded) + scale
    words = unscaled.to_bytes((unscaled.bit_length() + 31) // 32 * 4)
    made = 0
    for start in range(0, len(words), 4):
        made = (made * 31 + int.from_bytes(words[start : start + 4])) & 0xFFFFFFFF
    return 31 * (-made if sign else made) + scale


_GENERAL: dict[str, Callable[[_Specifier, _Argument], str]] = {
    "s": _string,
    "b": _boolean,
    "h": _hash,
    "c": _character,
    "d": _integer,
    "o": _radix,
    "x": _radix,
    "e": _scientific,
    "f": _fixed,
    "g": _general,
    "a": _hexadecimal,
}
