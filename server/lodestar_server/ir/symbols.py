"""Symbols: the unique, typed names of a plan's columns. Users' names return at the output node."""

from __future__ import annotations

from dataclasses import field

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class Symbol:
    """One column of a plan. Equal symbols have the same `id`; `hint` is only for the reader of EXPLAIN."""

    id: int
    type: Type = field(compare=False)
    hint: str = field(compare=False, default="expr")

    @property
    def name(self) -> str:
        """The text of EXPLAIN, unique in a plan: `nationkey_3`."""
        return f"{self.hint}_{self.id}"

    def __repr__(self) -> str:
        return f"{self.name}:{self.type.display}"


class SymbolAllocator:
    """Hands out symbols with fresh ids; one per statement."""

    __slots__ = ("_next",)

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def new(self, type_: Type, hint: str = "expr") -> Symbol:
        """A symbol that no other of this statement equals."""
        symbol = Symbol(self._next, type_, hint)
        self._next += 1
        return symbol

    def like(self, symbol: Symbol) -> Symbol:
        """A fresh symbol of the same type and hint."""
        return self.new(symbol.type, symbol.hint)
