"""Config properties of Trino that users have in their files and that change nothing here: known, typed, accepted.

Rows in `trino_properties.tsv`: key (`*.` at its start stands for any client's prefix), kind, default, `secret`, older
names, and what became of retired ones. A group that declares a key takes precedence over the row.
Source: the config classes of Trino 476.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files

from lodestar_server.spi.properties import DataSize, Duration, decode_value
from lodestar_server.spi.values import frozen

_RETIRED = "retired"


@frozen
class KnownProperty:
    """One row."""

    key: str
    kind: str
    default: str
    secret: bool
    legacy: tuple[str, ...]
    fate: str

    @property
    def retired(self) -> bool:
        """It stops the start."""
        return self.fate == _RETIRED

    @property
    def replacement(self) -> str | None:
        """The newer key that took its place, if one did."""
        return self.fate.removeprefix("use ") if self.fate.startswith("use ") else None

    def check(self, value: str) -> None:
        """Raises: ValueError with a message for the user."""
        word, _, members = self.kind.partition(" ")
        match word:
            case "boolean":
                decode_value(bool, value)
            case "integer":
                decode_value(int, value)
            case "double":
                decode_value(float, value)
            case "size":
                DataSize.parse(value)
            case "duration":
                Duration.parse(value)
            case "enum":
                names = members.split()
                if value.upper().replace("-", "_") not in {name.upper() for name in names}:
                    raise ValueError(f"must be one of {', '.join(names)}, not '{value}'")


@lru_cache(maxsize=1)
def known_properties() -> dict[str, KnownProperty]:
    """Every row by its key, older names included."""
    found: dict[str, KnownProperty] = {}
    text = (files(__package__) / "trino_properties.tsv").read_text("utf-8")
    for line in text.splitlines()[1:]:
        key, kind, default, secret, legacy, fate = line.split("\t")
        older = tuple(legacy.split(",")) if legacy else ()
        row = KnownProperty(key, kind, default, bool(secret), older, fate)
        found[key] = row
        for name in older:
            found.setdefault(name, KnownProperty(name, kind, default, bool(secret), (), f"use {key}"))
    return found


def find_known(key: str) -> KnownProperty | None:
    """The row of a key, or None."""
    rows = known_properties()
    found = rows.get(key)
    if found is None and ".http-client." in key:
        found = rows.get("*.http-client." + key.partition(".http-client.")[2])
    return found


def nearest_key(key: str, keys: Iterable[str]) -> str | None:
    """The key somebody may have meant."""
    found = get_close_matches(key, list(keys), n=1, cutoff=0.75)
    return found[0] if found else None
