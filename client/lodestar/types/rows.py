"""Values of ROW types: tuples whose fields have names."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any


class Row(tuple[Any, ...]):
    """A value of a ROW type: a tuple, its fields also by name (`row.x`, `row["x"]`) where a name is unique.

    `_fields` are the names in order, None for fields without one.
    """

    __slots__ = ()
    _fields: tuple[str | None, ...] = ()
    _places: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        place = self._places.get(name)
        if place is None:
            raise AttributeError(f"The row has no single field {name!r}")
        return tuple.__getitem__(self, place)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            place = self._places.get(key)
            if place is None:
                raise KeyError(key)
            return tuple.__getitem__(self, place)
        return tuple.__getitem__(self, key)

    def _asdict(self) -> dict[str, Any]:
        """Fields by name; those without a name are `field0`, `field1` … by position."""
        return {name or f"field{place}": self[place] for place, name in enumerate(self._fields)}

    def __repr__(self) -> str:
        shown = (
            repr(value) if name is None else f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)
        )
        return f"Row({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return make_row, (self._fields, tuple(self))


@functools.lru_cache(maxsize=1024)
def row_class(names: tuple[str | None, ...]) -> type[Row]:
    """The class of rows with these names."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name is not None:
            places[name] = -1 if name in places else place
    unique = {name: place for name, place in places.items() if place >= 0}
    return type("Row", (Row,), {"__slots__": (), "_fields": names, "_places": unique})


def make_row(names: Sequence[str | None], values: Sequence[Any]) -> Row:
    """A row of named values."""
    return row_class(tuple(names))(values)
