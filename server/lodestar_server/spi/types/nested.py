"""array, map, row, and the type of a lambda."""

from __future__ import annotations

from lodestar_server.spi.types.base import Type
from lodestar_server.spi.values import frozen


@frozen
class ArrayType(Type):
    """Ordered values of one type, NULLs among them."""

    element: Type

    @property
    def base(self) -> str:
        return "array"

    @property
    def display(self) -> str:
        return f"array({self.element.display})"

    @property
    def signature_text(self) -> str:
        return f"array({self.element.signature_text})"

    @property
    def comparable(self) -> bool:
        return self.element.comparable

    @property
    def orderable(self) -> bool:
        return self.element.orderable

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.element,)


@frozen
class MapType(Type):
    """Unordered entries; keys are unique, comparable and never NULL."""

    key: Type
    value: Type

    @property
    def base(self) -> str:
        return "map"

    @property
    def display(self) -> str:
        return f"map({self.key.display}, {self.value.display})"

    @property
    def signature_text(self) -> str:
        return f"map({self.key.signature_text},{self.value.signature_text})"

    @property
    def comparable(self) -> bool:
        return self.value.comparable

    @property
    def orderable(self) -> bool:
        return False

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.key, self.value)


@frozen
class RowField:
    """One field of a row; `name` None is an anonymous field. Names may repeat."""

    name: str | None
    type: Type

    @property
    def display(self) -> str:
        if self.name is None:
            return self.type.display
        return f"{self.name} {self.type.display}"

    @property
    def signature_text(self) -> str:
        """As `display`, for messages of function resolution, which quote the name."""
        if self.name is None:
            return self.type.signature_text
        return f"{self.quoted_name} {self.type.signature_text}"

    @property
    def quoted_name(self) -> str:
        """The name in double quotes."""
        return '"' + (self.name or "").replace('"', '""') + '"'


@frozen
class RowType(Type):
    """A fixed list of fields, compared by position."""

    fields: tuple[RowField, ...]

    @staticmethod
    def anonymous(*types: Type) -> RowType:
        """A row whose fields have no names."""
        return RowType(tuple(RowField(None, type_) for type_ in types))

    @property
    def base(self) -> str:
        return "row"

    @property
    def display(self) -> str:
        return f"row({', '.join(field.display for field in self.fields)})"

    @property
    def signature_text(self) -> str:
        return f"row({','.join(field.signature_text for field in self.fields)})"

    @property
    def comparable(self) -> bool:
        return all(field.type.comparable for field in self.fields)

    @property
    def orderable(self) -> bool:
        return all(field.type.orderable for field in self.fields)

    @property
    def children(self) -> tuple[Type, ...]:
        return tuple(field.type for field in self.fields)


@frozen
class FunctionType(Type):
    """The type of a lambda argument: not a type of any value."""

    arguments: tuple[Type, ...]
    result: Type

    @property
    def base(self) -> str:
        return "function"

    @property
    def display(self) -> str:
        return f"function({','.join(t.display for t in (*self.arguments, self.result))})"

    @property
    def comparable(self) -> bool:
        return False

    @property
    def orderable(self) -> bool:
        return False

    @property
    def children(self) -> tuple[Type, ...]:
        return (*self.arguments, self.result)
