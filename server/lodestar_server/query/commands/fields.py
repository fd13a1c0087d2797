"""Paths into row columns: `column.field.element.field`, where `element`, `key` and `value` enter arrays and maps."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.spi.errors import AMBIGUOUS_NAME, COLUMN_NOT_FOUND, NOT_SUPPORTED, Location, LodestarError
from lodestar_server.spi.types import ArrayType, MapType, RowType, Type


def shown_path(path: Sequence[str]) -> str:
    """A path as messages show it."""
    return f"[{', '.join(path)}]"


def ambiguous(path: Sequence[str], column: Type, at: Location) -> LodestarError:
    """Several fields have the name."""
    message = f"Field path {shown_path(path)} within {column.display} is ambiguous"
    return LodestarError(AMBIGUOUS_NAME, message, location=at)


def fields_named(row: RowType, name: str) -> list[Type]:
    """The types of the fields of a row with a name, whatever its case."""
    return [field.type for field in row.fields if field.name is not None and field.name.lower() == name.lower()]


def descend(
    column: Type, names: Sequence[str], path: Sequence[str], at: Location, *, maps: bool = True, containers: bool = True
) -> Type:
    """The type that `names` lead to from a column. `path` is the whole path, for messages.

    Raises: COLUMN_NOT_FOUND, AMBIGUOUS_NAME, NOT_SUPPORTED.
    """
    current = column
    for name in names:
        found = _candidates(current, name, maps and containers, containers)
        if not found:
            message = f"Field '{name}' does not exist within {current.display}"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=at)
        if len(found) > 1:
            raise ambiguous(path, column, at)
        current = found[0]
    return current


def _candidates(type_: Type, name: str, maps: bool, arrays: bool) -> list[Type]:
    match type_:
        case ArrayType() if arrays:
            if name != "element":
                raise LodestarError(NOT_SUPPORTED, _denoted("ARRAY", "'element'", name))
            return [type_.element]
        case MapType() if maps:
            if name not in ("key", "value"):
                raise LodestarError(NOT_SUPPORTED, _denoted("MAP", "'key' or 'value'", name))
            return [type_.key if name == "key" else type_.value]
        case RowType():
            return fields_named(type_, name)
    raise LodestarError(NOT_SUPPORTED, f"Unsupported type: {type_.display}")


def _denoted(kind: str, by: str, name: str) -> str:
    return f"{kind} type should be denoted by {by} in the path; found '{name}'"


def check_droppable(column: Type, path: Sequence[str], at: Location, *, may_be_missing: bool) -> bool:
    """The path leads to a field that can be dropped; false when it does not exist and need not.

    Raises: COLUMN_NOT_FOUND, NOT_SUPPORTED. Field names are matched in their case.
    """
    current, container = column, None
    for position, name in enumerate(path):
        if isinstance(current, ArrayType):
            if name != "element":
                raise LodestarError(NOT_SUPPORTED, _denoted("ARRAY", "'element'", name))
            current = current.element
            if position == len(path) - 1:
                message = f"Field path {shown_path(path)} does not point to row field"
                raise LodestarError(COLUMN_NOT_FOUND, message, location=at)
            continue
        if isinstance(current, RowType):
            found = [field.type for field in current.fields if field.name == name]
            if len(found) > 1:
                message = f"Field path {shown_path(path)} within {column.display} is ambiguous"
                raise LodestarError(COLUMN_NOT_FOUND, message, location=at)
            if found:
                container, current = current, found[0]
                continue
            if may_be_missing:
                return False
        message = (
            f"Cannot resolve field '{name}' within {current.display} type when dropping {shown_path(path)} "
            f"in {column.display}"
        )
        raise LodestarError(NOT_SUPPORTED, message, location=at)
    assert container is not None
    if len(container.fields) == 1:
        raise LodestarError(NOT_SUPPORTED, "Cannot drop the only field in a row type", location=at)
    return True
