"""Classes of characters: `\\d`, `\\p{…}`, POSIX names."""

from __future__ import annotations

import regex

from lodestar_server.execution.kernel.regexp.pieces import escaped
from lodestar_server.spi.values import frozen

ASCII_CLASSES = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\v\f\r ",
}
"""Shorthands that mean ASCII only, as the inside of a class."""

_POSIX = "alnum alpha ascii blank cntrl digit graph lower print punct space upper xdigit word"
_CATEGORIES = """
L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp
"""
_SCRIPTS = """
Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Han Hangul Hebrew Hiragana Katakana Khmer Lao Latin
Mongolian Tamil Telugu Thai Tibetan
"""
_JAVA = {
    "javaLowerCase": "Ll",
    "javaUpperCase": "Lu",
    "javaWhitespace": "White_Space",
    "javaLetter": "L",
    "javaDigit": "Nd",
    "javaLetterOrDigit": "L Nd",
    "javaAlphabetic": "Alphabetic",
    "javaSpaceChar": "Z",
    "javaISOControl": "Cc",
}
"""Properties by the names of Java's methods."""
_LOWERED = {name.lower(): name for name in (_CATEGORIES + _SCRIPTS).split()}


@frozen
class Item:
    """Part of a class, as it stands inside of brackets; `re2` is None for what RE2 has not."""

    re2: str | None
    regex: str
    single: str | None = None
    """The character, when it is one that may begin a range."""


def character(text: str) -> Item:
    """One character."""
    return Item(escaped(text), escaped(text), text)


def span(low: str, high: str) -> Item:
    """A range of characters."""
    text = f"{escaped(low)}-{escaped(high)}"
    return Item(text, text)


def shorthand(letter: str) -> Item:
    """`\\d`, `\\W` …"""
    inside = ASCII_CLASSES[letter.lower()]
    if letter.islower():
        return Item(inside, inside)
    negated = f"[^{inside}]"
    return Item({"D": r"\D", "W": r"\W"}.get(letter), negated)


def posix(name: str, *, negated: bool) -> Item | None:
    """`[:alpha:]`, which is Unicode's; None for a name that there is not."""
    if name not in _POSIX.split():
        return None
    return Item(None, f"[:{'^' if negated else ''}{name}:]")


def has_property(name: str, *, negated: bool) -> Item | None:
    """`\\p{name}`; None for a name that there is not."""
    key = name.replace("_", "").replace("-", "").replace(" ", "").lower()
    letter = "P" if negated else "p"
    if name in _JAVA:
        inside = "".join(f"\\p{{{one}}}" for one in _JAVA[name].split())
        return Item(None, f"[^{inside}]" if negated else inside)
    known = _LOWERED.get(key)
    if known is not None:
        return Item(f"\\{letter}{{{known}}}", f"\\{letter}{{{known}}}")
    if key.startswith("is") or not name.replace("_", "").replace(" ", "").replace("-", "").isalnum():
        return None
    text = f"\\{letter}{{{name}}}"
    try:
        regex.compile(text, regex.VERSION1)
    except regex.error:
        return None
    return Item(None, text)
