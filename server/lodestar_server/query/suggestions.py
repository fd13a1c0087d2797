"""Names that a user may have meant: Jaro-Winkler similarity, as Trino computes it."""

from __future__ import annotations

from collections.abc import Iterable

_THRESHOLD = 0.7
_PREFIX_WEIGHT = 0.1
_MINIMUM = 0.85


def similar_names(wanted: str, known: Iterable[str], count: int = 3) -> list[str]:
    """At most `count` known names that are much like the wanted one, the most similar first."""
    rated = [(similarity(name, wanted), name) for name in known]
    close = [(ratio, name) for ratio, name in rated if ratio > _MINIMUM]
    return [name for _, name in sorted(close, key=lambda one: -one[0])[:count]]


def similarity(first: str, second: str) -> float:
    """0 for nothing in common to 1 for equal."""
    if first == second:
        return 1.0
    short, long = sorted((first, second), key=len)
    matched_short, matched_long = _matches(short, long)
    matches = len(matched_short)
    if matches == 0:
        return 0.0
    swapped = sum(a != b for a, b in zip(matched_short, matched_long, strict=True)) // 2
    jaro = (matches / len(first) + matches / len(second) + (matches - swapped) / matches) / 3
    if jaro <= _THRESHOLD:
        return jaro
    prefix = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return jaro + min(_PREFIX_WEIGHT, 1 / len(long)) * prefix * (1 - jaro)


def _matches(short: str, long: str) -> tuple[list[str], list[str]]:
    """The characters of each that have a partner in the other, no further away than half of the longer."""
    reach = max(len(long) // 2 - 1, 0)
    taken = [False] * len(long)
    found: list[str] = []
    for i, character in enumerate(short):
        for j in range(max(i - reach, 0), min(i + reach + 1, len(long))):
            if not taken[j] and long[j] == character:
                taken[j] = True
                found.append(character)
                break
    return found, [character for character, used in zip(long, taken, strict=True) if used]
