"""Names of months and days, and marks in numbers, in the language of a session. Source: CLDR, as Java has it too."""

from __future__ import annotations

from functools import lru_cache

from lodestar_server.spi.values import frozen

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _short(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[:3] for name in names)


@frozen
class LocaleTexts:
    """What a language calls things. Days begin with Monday."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    halves: tuple[str, ...] = ("AM", "PM")
    eras: tuple[str, ...] = ("BC", "AD")
    grouping: str = ","
    decimal: str = "."

    def names(self, field: str, *, short: bool) -> tuple[str, ...]:
        """The texts of a field of `joda`, first value first."""
        match field:
            case "monthOfYear":
                return self.short_months if short else self.months
            case "dayOfWeek":
                return self.short_days if short else self.days
            case "halfdayOfDay":
                return self.halves
        return self.eras


ENGLISH = LocaleTexts(_MONTHS, _short(_MONTHS), _DAYS, _short(_DAYS))
_ROOT = LocaleTexts(_short(_MONTHS), _short(_MONTHS), _short(_DAYS), _short(_DAYS))
"""Of a tag that is no language: Java's root locale knows the short names only."""


def is_english(locale: str) -> bool:
    """The texts are those of `ENGLISH`, without looking."""
    return locale in ("en_US", "en")


@lru_cache(maxsize=64)
def locale_texts(locale: str) -> LocaleTexts:
    """The texts of a session's locale (`de`, `fr_FR`, empty for the root); English for one that nobody knows."""
    if is_english(locale):
        return ENGLISH
    if not locale:
        return _ROOT
    from babel import Locale, UnknownLocaleError

    language, _, rest = locale.partition("_")
    known = None
    for name in (f"{language}_{rest.partition('_')[0]}", language):
        try:
            known = Locale.parse(name.rstrip("_"))
            break
        except (UnknownLocaleError, ValueError):
            continue
    if known is None:
        return ENGLISH
    months, days, halves = known.months["format"], known.days["format"], known.day_periods["format"]["abbreviated"]
    symbols = known.number_symbols[known.default_numbering_system]
    return LocaleTexts(
        tuple(months["wide"][month] for month in range(1, 13)),
        tuple(months["abbreviated"][month] for month in range(1, 13)),
        tuple(days["wide"][day] for day in range(7)),
        tuple(days["abbreviated"][day] for day in range(7)),
        (halves["am"], halves["pm"]),
        (known.eras["abbreviated"][0], known.eras["abbreviated"][1]),
        symbols["group"],
        symbols["decimal"],
    )
