"""Printing and parsing datetimes by pattern, as Joda-Time does it for Trino.

A pattern is compiled to parts: literals, numbers and texts of fields, fractions, zones. Two languages compile to them:
Joda's own letters (format_datetime, parse_datetime) and MySQL's percent codes (date_format, date_parse).
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.datetimes import days_of
from lodestar_server.execution.kernel.functions.python.locales import ENGLISH, LocaleTexts
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.execution.kernel.functions.python.zone_names import zone_id, zone_name
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR
from lodestar_server.spi.values import frozen
from lodestar_server.spi.zones import canonical_zone, fixed_offset, offset_zone

_FIRST_TEXT = {"monthOfYear": 1, "dayOfWeek": 1, "halfdayOfDay": 0, "era": 0}
_RANGES = {
    "centuryOfEra": (0, 2_922_789),
    "yearOfEra": (1, 292_278_993),
    "year": (-292_275_054, 292_278_993),
    "weekyear": (-292_275_054, 292_278_993),
    "weekOfWeekyear": (1, 53),
    "dayOfWeek": (1, 7),
    "dayOfYear": (1, 366),
    "monthOfYear": (1, 12),
    "dayOfMonth": (1, 31),
    "hourOfHalfday": (0, 11),
    "clockhourOfHalfday": (1, 12),
    "hourOfDay": (0, 23),
    "clockhourOfDay": (1, 24),
    "minuteOfHour": (0, 59),
    "secondOfMinute": (0, 59),
}
_ZONE_NAMES = {
    "UTC": "UTC",
    "GMT": "UTC",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}
_UNLIMITED = 9
_DIGITS = "0123456789"


@frozen
class Moment:
    """A wall clock: days since 1970-01-01, milliseconds of the day, the zone (None without) and its offset."""

    days: int
    millis: int
    zone: str | None = None
    offset: int = 0


@frozen
class Part:
    """`kind`: literal, number, two_digit_year, text, fraction, offset, zone_id or zone_name."""

    kind: str
    field: str = ""
    minimum: int = 1
    maximum: int = _UNLIMITED
    pivot: int = 0
    """Of a year of two digits: the year in the middle of the hundred that it may be; 0 is thirty years ago."""


_NUMBERS = {
    "C": "centuryOfEra",
    "Y": "yearOfEra",
    "x": "weekyear",
    "y": "year",
    "w": "weekOfWeekyear",
    "e": "dayOfWeek",
    "d": "dayOfMonth",
    "D": "dayOfYear",
    "K": "hourOfHalfday",
    "h": "clockhourOfHalfday",
    "k": "clockhourOfDay",
    "H": "hourOfDay",
    "m": "minuteOfHour",
    "s": "secondOfMinute",
}
_YEARS = "Yxy"


@lru_cache(maxsize=512)
def compile_joda(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern of letters. Raises: INVALID_FUNCTION_ARGUMENT."""
    if not pattern:
        raise refused("Invalid pattern specification: Pattern is null or empty")
    tokens = _joda_tokens(pattern)
    parts: list[Part] = []
    for index, (letter, text) in enumerate(tokens):
        following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
        parts.append(_joda_part(letter, text, following in _NUMBERS or following in ("M", "S")))
    if not parts:
        raise refused("Both printing and parsing not supported")
    return tuple(parts)


def _joda_tokens(pattern: str) -> list[tuple[str, str]]:
    """Runs of one letter as (letter, run), everything else as ("", text)."""
    tokens: list[tuple[str, str]] = []
    position = 0
    literal = ""
    quoted = False
    while position < len(pattern):
        character = pattern[position]
        if character == "'":
            if pattern[position + 1 : position + 2] == "'":
                literal += "'"
                position += 2
                continue
            quoted = not quoted
        elif quoted or not (character.isascii() and character.isalpha()):
            literal += character
        else:
            end = position
            while end < len(pattern) and pattern[end] == character:
                end += 1
            if literal:
                tokens.append(("", literal))
                literal = ""
            tokens.append((character, pattern[position:end]))
            position = end
            continue
        position += 1
    return [*tokens, ("", literal)] if literal else tokens


def _joda_part(letter: str, run: str, before_number: bool) -> Part:
    count = len(run)
    if not letter:
        return Part("literal", run)
    if letter in _YEARS and count == 2:
        # Unless more digits follow, a text of more or fewer digits than two is a year as it is.
        return Part(
            "two_digit_year", "weekyear" if letter == "x" else "year", maximum=2 if before_number else _UNLIMITED
        )
    if letter in _NUMBERS:
        return Part("number", _NUMBERS[letter], count, _maximum(letter, count, before_number))
    match letter:
        case "M":
            if count >= 3:
                return Part("text", "monthOfYear", 0 if count >= 4 else 3)
            return Part("number", "monthOfYear", count, 2)
        case "S":
            return Part("fraction", "", count, count)
        case "E":
            return Part("text", "dayOfWeek", 0 if count >= 4 else 3)
        case "a":
            return Part("text", "halfdayOfDay", 0)
        case "G":
            return Part("text", "era", 0)
        case "z":
            return Part("zone_name", "", count)
        case "Z":
            return Part("zone_id") if count >= 3 else Part("offset", "", count)
    raise refused(f"Illegal pattern component: {run}")


def _maximum(letter: str, count: int, before_number: bool) -> int:
    if letter in _YEARS:
        return count if before_number else max(count, _UNLIMITED)
    if letter == "C":
        return count
    if letter == "e":
        return max(count, 1)
    return max(count, 3 if letter == "D" else 2)


_MYSQL = {
    "a": [Part("text", "dayOfWeek", 3)],
    "b": [Part("text", "monthOfYear", 3)],
    "c": [Part("number", "monthOfYear", 1, 2)],
    "d": [Part("number", "dayOfMonth", 2, 2)],
    "e": [Part("number", "dayOfMonth", 1, 2)],
    "f": [Part("fraction", "", 6, 9)],
    "H": [Part("number", "hourOfDay", 2, 2)],
    "h": [Part("number", "clockhourOfHalfday", 2, 2)],
    "I": [Part("number", "clockhourOfHalfday", 2, 2)],
    "i": [Part("number", "minuteOfHour", 2, 2)],
    "j": [Part("number", "dayOfYear", 3, 3)],
    "k": [Part("number", "hourOfDay", 1, 2)],
    "l": [Part("number", "clockhourOfHalfday", 1, 2)],
    "M": [Part("text", "monthOfYear", 0)],
    "m": [Part("number", "monthOfYear", 2, 2)],
    "p": [Part("text", "halfdayOfDay", 0)],
    "S": [Part("number", "secondOfMinute", 2, 2)],
    "s": [Part("number", "secondOfMinute", 2, 2)],
    "v": [Part("number", "weekOfWeekyear", 2, 2)],
    "W": [Part("text", "dayOfWeek", 0)],
    "x": [Part("number", "weekyear", 4, 4)],
    "Y": [Part("number", "year", 4, 4)],
    "y": [Part("two_digit_year", "year", maximum=2, pivot=2020)],
    "%": [Part("literal", "%")],
}
_COLON = Part("literal", ":")
_MYSQL["T"] = [*_MYSQL["H"], _COLON, *_MYSQL["i"], _COLON, *_MYSQL["s"]]
_MYSQL["r"] = [*_MYSQL["h"], _COLON, *_MYSQL["i"], _COLON, *_MYSQL["s"], Part("literal", " "), *_MYSQL["p"]]
_UNSUPPORTED = "DUuVwX"


@lru_cache(maxsize=512)
def compile_mysql(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern of percent codes. Raises: INVALID_FUNCTION_ARGUMENT."""
    if not pattern:
        raise refused("Both printing and parsing not supported")
    parts: list[Part] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character != "%":
            parts.append(Part("literal", character))
            continue
        if position == len(pattern):
            break
        code = pattern[position]
        position += 1
        if code in _UNSUPPORTED:
            raise refused(f"%{code} not supported in date format string")
        parts += _MYSQL.get(code, [Part("literal", code)])
    if not parts:
        raise refused("Both printing and parsing not supported")
    return tuple(parts)


# Printing


def _calendar(days: int) -> tuple[int, date]:
    """A year of any size and a day of the same place in a year like it (of the same length and weekdays)."""
    cycles, within = divmod(days + 719_162, 146_097)
    day = date.fromordinal(within + 1)
    return day.year + cycles * 400, day


def field_value(moment: Moment, field: str) -> int:
    """One field of a moment."""
    year, day = _calendar(moment.days)
    hour = moment.millis // 3_600_000
    match field:
        case "year":
            return year
        case "yearOfEra":
            return year if year > 0 else 1 - year
        case "centuryOfEra":
            return abs(year) // 100
        case "era":
            return 1 if year > 0 else 0
        case "weekyear":
            return day.isocalendar().year + year - day.year
        case "weekOfWeekyear":
            return day.isocalendar().week
        case "dayOfWeek":
            return day.isoweekday()
        case "dayOfYear":
            return day.timetuple().tm_yday
        case "monthOfYear":
            return day.month
        case "dayOfMonth":
            return day.day
        case "halfdayOfDay":
            return hour // 12
        case "hourOfHalfday":
            return hour % 12
        case "clockhourOfHalfday":
            return hour % 12 or 12
        case "clockhourOfDay":
            return hour or 24
        case "hourOfDay":
            return hour
        case "minuteOfHour":
            return moment.millis // 60_000 % 60
        case _:
            return moment.millis // 1000 % 60


def print_moment(parts: Sequence[Part], moment: Moment, texts: LocaleTexts = ENGLISH) -> str:
    """The text of a moment."""
    return "".join(_print_part(part, moment, texts) for part in parts)


def _print_part(part: Part, moment: Moment, texts: LocaleTexts) -> str:
    match part.kind:
        case "literal":
            return part.field
        case "number":
            value = field_value(moment, part.field)
            return ("-" if value < 0 else "") + str(abs(value)).rjust(part.minimum, "0")
        case "two_digit_year":
            return f"{abs(field_value(moment, part.field)) % 100:02d}"
        case "text":
            names = texts.names(part.field, short=bool(part.minimum))
            return names[field_value(moment, part.field) - _FIRST_TEXT[part.field]]
        case "fraction":
            return f"{moment.millis % 1000:03d}".ljust(part.minimum, "0")[: part.minimum]
        case "offset":
            sign, minutes = "-" if moment.offset < 0 else "+", abs(moment.offset)
            return f"{sign}{minutes // 60:02d}{':' if part.minimum == 2 else ''}{minutes % 60:02d}"
        case "zone_id":
            return zone_id(moment.zone or "UTC")
        case _:
            return _zone_name(moment, long=part.minimum >= 4)


_LONG_NAMES = {"UTC": "Coordinated Universal Time"}


def _zone_name(moment: Moment, *, long: bool) -> str:
    zone = moment.zone or "UTC"
    if fixed_offset(zone) is not None:
        return _LONG_NAMES.get(zone, zone) if long else zone
    year, day = _calendar(moment.days)
    clock = datetime(year if 0 < year < 9999 else day.year, day.month, day.day) + timedelta(milliseconds=moment.millis)
    return zone_name(zone, clock, long=long)


# Parsing


def _malformed(text: str, position: int) -> ValueError:
    sample = text if len(text) <= position + 35 else text[: position + 32] + "..."
    if position <= 0:
        return refused(f'Invalid format: "{sample}"')
    if position >= len(text):
        return refused(f'Invalid format: "{sample}" is too short')
    return refused(f'Invalid format: "{sample}" is malformed at "{sample[position:]}"')


def parse_moment(parts: Sequence[Part], text: str, texts: LocaleTexts = ENGLISH) -> Moment:
    """The moment that a text says; fields it lacks are those of 1970-01-01. Raises: INVALID_FUNCTION_ARGUMENT."""
    if any(part.kind == "zone_name" and part.minimum >= 4 for part in parts):
        raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Parsing not supported"))
    values: dict[str, int] = {}
    zone: str | None = None
    position = 0
    for part in parts:
        found, position = _parse_part(part, text, position, values, texts)
        zone = found if found is not None else zone
    if position < len(text):
        raise _malformed(text, position)
    for field, value in values.items():
        low, high = _RANGES.get(field, (0, 999))
        if not low <= value <= high:
            raise _out_of_range(text, field, value, low, high)
    days = _days(text, values)
    return Moment(days, _millis(values), zone)


def _parse_part(
    part: Part, text: str, position: int, values: dict[str, int], texts: LocaleTexts
) -> tuple[str | None, int]:
    """The zone when the part is one, and where the next part begins."""
    match part.kind:
        case "literal":
            end = position + len(part.field)
            if text[position:end].lower() != part.field.lower():
                raise _malformed(text, position)
            return None, end
        case "number":
            values[part.field], end = _number(text, position, part.maximum, signed=part.field in ("year", "weekyear"))
            return None, end
        case "two_digit_year":
            values[part.field], end = _two_digit_year(part, text, position)
            return None, end
        case "text":
            return None, _parse_text(part, text, position, values, texts)
        case "fraction":
            end = position
            while end < len(text) and end - position < part.maximum and text[end] in _DIGITS:
                end += 1
            if end == position:
                raise _malformed(text, position)
            values["millis"] = int(text[position : min(end, position + 3)].ljust(3, "0"))
            return None, end
        case "offset":
            return _parse_offset(text, position)
        case _:
            return _parse_zone(part, text, position)


def _number(text: str, position: int, maximum: int, *, signed: bool) -> tuple[int, int]:
    end = position
    if signed and text[position : position + 1] in ("+", "-"):
        end += 1
    start = end
    while end < len(text) and end - start < maximum and text[end] in _DIGITS:
        end += 1
    if end == start:
        raise _malformed(text, position)
    return int(text[position:end]), end


def _two_digit_year(part: Part, text: str, position: int) -> tuple[int, int]:
    strict = part.maximum == 2
    value, end = _number(text, position, part.maximum, signed=not strict)
    if end - position != 2 or not text[position].isdigit():
        if strict:
            raise _malformed(text, position)
        return value, end
    lowest = (part.pivot or date.today().year - 30) - 50
    return lowest + (value - lowest) % 100, end


_COMMON_ERAS = [("BCE", 0), ("CE", 1)]
"""Other English names, read but not printed."""


def _parse_text(part: Part, text: str, position: int, values: dict[str, int], texts: LocaleTexts) -> int:
    candidates = [
        (name, index) for short in (False, True) for index, name in enumerate(texts.names(part.field, short=short))
    ]
    if part.field == "era" and texts.eras == ENGLISH.eras:
        candidates += _COMMON_ERAS
    for name, index in sorted(candidates, key=lambda one: -len(one[0])):
        if text[position : position + len(name)].lower() == name.lower():
            values[part.field] = index + _FIRST_TEXT[part.field]
            return position + len(name)
    raise _malformed(text, position)


def _parse_offset(text: str, position: int) -> tuple[str, int]:
    if text[position : position + 1] == "Z":
        return "UTC", position + 1
    sign = text[position : position + 1]
    digits = text[position + 1 : position + 3]
    if sign not in ("+", "-") or not digits.isdigit() or len(digits) < 2:
        raise _malformed(text, position)
    end = position + 3
    if text[end : end + 1] == ":":
        end += 1
    minutes = text[end : end + 2]
    total = int(digits) * 60
    if minutes.isdigit() and len(minutes) == 2:
        total += int(minutes)
        end += 2
    return offset_zone(-total if sign == "-" else total), end


def _parse_zone(part: Part, text: str, position: int) -> tuple[str, int]:
    for end in range(len(text), position, -1):
        name = text[position:end]
        known = _ZONE_NAMES.get(name) if part.kind == "zone_name" else canonical_zone(name)
        if known is not None and not (part.kind == "zone_id" and name[:3] in ("GMT", "UTC") and len(name) > 3):
            return known, end
    raise _malformed(text, position)


def _out_of_range(text: str, field: str, value: int, low: int, high: int) -> ValueError:
    return refused(f'Cannot parse "{text}": Value {value} for {field} must be in the range [{low},{high}]')


_DEFAULT_YEAR = 2000


def _days(text: str, values: dict[str, int]) -> int:
    year = values.get("year", values.get("yearOfEra"))
    if year is None and "weekyear" not in values and "centuryOfEra" in values:
        year = values["centuryOfEra"] * 100
    if values.get("era") == 0 and year is not None and "year" not in values:
        # A year of the calendar overwrites what the era said; only one of the era is counted from it.
        year = 1 - year
    if "weekyear" in values or "weekOfWeekyear" in values or "dayOfWeek" in values:
        return _days_by_steps(text, values, year)
    if year is None:
        dated = any(field in values for field in ("monthOfYear", "dayOfMonth", "dayOfYear"))
        year = _DEFAULT_YEAR if dated else 1970
    if "dayOfYear" in values:
        first = days_of(year, 1, 1)
        following = days_of(year + 1, 1, 1)
        assert first is not None and following is not None
        if values["dayOfYear"] > following - first:
            raise _out_of_range(text, "dayOfYear", values["dayOfYear"], 1, following - first)
        return first + values["dayOfYear"] - 1
    month, day = values.get("monthOfYear", 1), values.get("dayOfMonth", 1)
    days = days_of(year, month, day)
    if days is None:
        last = max(one for one in range(28, 32) if days_of(year, month, one) is not None)
        raise _out_of_range(text, "dayOfMonth", day, 1, last)
    return days


_DATED = ("monthOfYear", "weekOfWeekyear", "dayOfYear", "dayOfMonth", "dayOfWeek")
_WITHOUT_CLOCK = {"era", "year", "yearOfEra", "weekyear", *_DATED}


def _days_by_steps(text: str, values: dict[str, int], year: int | None) -> int:
    """Joda-Time sets field after field, the widest first, twice: cut to each field's start, then leaving the rest."""
    steps: list[tuple[str, int]] = []
    for field, value in values.items():
        if field == "weekyear":
            steps.append((field, value))
        elif field in ("year", "yearOfEra") and year is not None and ("year", year) not in steps:
            steps.append(("year", year))
    steps = steps or [("year", _DEFAULT_YEAR)]
    steps += [(field, values[field]) for field in _DATED if field in values]
    days = 0
    for field, value in steps:
        days = _start_of(_with_field(text, days, field, value), field)
    for field, value in steps:
        days = _with_field(text, days, field, value)
    return days if values.keys() - _WITHOUT_CLOCK else _start_of(days, steps[-1][0])


def _with_field(text: str, days: int, field: str, value: int) -> int:
    """The day with another value of the field, the smaller fields kept as far as they can be."""
    year, day = _calendar(days)
    match field:
        case "year":
            return _day_of_month_at_most(value, day.month, day.day)
        case "monthOfYear":
            return _day_of_month_at_most(year, value, day.day)
        case "weekyear":
            week, weekday = day.isocalendar()[1:]
            return _first_monday(value) + (min(week, _weeks(value)) - 1) * 7 + weekday - 1
        case "weekOfWeekyear":
            weekyear, week, _ = day.isocalendar()
            weeks = _weeks(weekyear + year - day.year)
            if value > weeks:
                raise _out_of_range(text, field, value, 1, weeks)
            return days + (value - week) * 7
        case "dayOfYear":
            first, length = _day_of_month_at_most(year, 1, 1), 365 + isleap(year)
            if value > length:
                raise _out_of_range(text, field, value, 1, length)
            return first + value - 1
        case "dayOfMonth":
            last = monthrange(day.year, day.month)[1]
            if value > last:
                raise _out_of_range(text, field, value, 1, last)
            return days + value - day.day
        case _:
            return days + value - day.isoweekday()


def _start_of(days: int, field: str) -> int:
    """The first day of the year, month or week."""
    year, day = _calendar(days)
    match field:
        case "year":
            return _day_of_month_at_most(year, 1, 1)
        case "monthOfYear":
            return days - day.day + 1
        case "weekyear":
            return days - (day.isocalendar()[1] - 1) * 7 - day.isoweekday() + 1
        case "weekOfWeekyear":
            return days - day.isoweekday() + 1
        case _:
            return days


def _day_of_month_at_most(year: int, month: int, day: int) -> int:
    first = days_of(year, month, 1)
    assert first is not None
    # A year of the same length stands for those of which the calendar does not know.
    return first + min(day, monthrange(2000 + year % 400, month)[1]) - 1


def _first_monday(weekyear: int) -> int:
    fourth = days_of(weekyear, 1, 4)
    assert fourth is not None
    return fourth - (fourth + 3) % 7


def _weeks(weekyear: int) -> int:
    return (_first_monday(weekyear + 1) - _first_monday(weekyear)) // 7


def _millis(values: dict[str, int]) -> int:
    hour = values.get("hourOfDay", 0)
    if "clockhourOfDay" in values:
        hour = values["clockhourOfDay"] % 24
    if "hourOfHalfday" in values or "clockhourOfHalfday" in values:
        hour = values.get("hourOfHalfday", values.get("clockhourOfHalfday", 0) % 12)
        hour += 12 * values.get("halfdayOfDay", 0)
    elif "halfdayOfDay" in values:
        hour = hour % 12 + 12 * values["halfdayOfDay"]
    minutes = hour * 60 + values.get("minuteOfHour", 0)
    return (minutes * 60 + values.get("secondOfMinute", 0)) * 1000 + values.get("millis", 0)
