"""Patterns of dates and times as formats of DuckDB's strftime and strptime, where those mean the same."""

from __future__ import annotations

import re

_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%g000",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "W": "%A",
    "Y": "%Y",
    "y": "%y",
    "%": "%%",
}
_MYSQL_CODES = re.compile(r"%(.?)|([^%]+)", re.DOTALL)
_JODA = {
    "yyyy": "%Y",
    "YYYY": "%Y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "MMM": "%b",
    "MMMM": "%B",
    "EEE": "%a",
    "EEEE": "%A",
    "a": "%p",
}
_JODA_RUNS = re.compile(r"'([^']*)'|([A-Za-z])\2*|([^A-Za-z']+)")
_TERADATA = {"yyyy": "%Y", "mm": "%m", "dd": "%d", "hh24": "%H", "mi": "%M", "ss": "%S"}
_TERADATA_CODES = re.compile(r"(yyyy|mm|dd|hh24|mi|ss)|([-/,.;: ]+)")
_NAMES = re.compile("%[aAbBp]")
_PARSED = re.compile(r"(?:[^%]|%-?[YmdHMS]|%[bBg]|%%)*")
"""What strptime reads as Trino does, given that the text is what strftime writes."""
_DAY = (re.compile("%Y"), re.compile("%-?m|%[bB]"), re.compile("%-?d"))


def strftime_of_mysql(pattern: str) -> str | None:
    """The same format for DuckDB's strftime, None when that has no such codes."""
    if not pattern or (pattern.endswith("%") and not pattern.endswith("%%")):
        return None
    made = ""
    for match in _MYSQL_CODES.finditer(pattern):
        code, text = match.groups()
        if text is not None:
            made += text
        elif code in _MYSQL:
            made += _MYSQL[code]
        else:
            return None
    return made


def strftime_of_joda(pattern: str) -> str | None:
    """The same for a pattern of letters of the plain kinds."""
    if "''" in pattern:
        return None
    made, position = "", 0
    for match in _JODA_RUNS.finditer(pattern):
        if match.start() != position:
            return None
        position = match.end()
        quoted, letter, text = match.groups()
        if letter is not None:
            known = _JODA.get(match.group(0))
            if known is None:
                return None
            made += known
        elif text is not None:
            made += text.replace("%", "%%")
        elif quoted:
            made += quoted.replace("%", "%%")
        else:
            return None
    return made if pattern and position == len(pattern) else None


def strftime_of_teradata(pattern: str) -> str | None:
    """The same for a pattern of to_char, without halves of days and years of two digits."""
    made, position = "", 0
    for match in _TERADATA_CODES.finditer(pattern):
        if match.start() != position:
            return None
        position = match.end()
        made += match[2] or _TERADATA[match[1]]
    return made if pattern and position == len(pattern) else None


def parses_alike(format_: str | None) -> bool:
    """A text that strftime gives back is read by strptime as Trino reads it: a day is named, and nothing twice."""
    if format_ is None or not _PARSED.fullmatch(format_):
        return False
    codes = [code.replace("-", "").replace("B", "m").replace("b", "m") for code in re.findall("%-?[a-zA-Z]", format_)]
    return all(part.search(format_) for part in _DAY) and len(set(codes)) == len(codes)


def has_names(format_: str) -> bool:
    """It has words of a language in it."""
    return _NAMES.search(format_) is not None
