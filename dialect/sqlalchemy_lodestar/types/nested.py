"""ARRAY, MAP and ROW, with the operations their columns offer.

An index that is not there gives NULL (`element_at`), as everywhere in SQLAlchemy, where Trino's own `[…]` fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import column, func, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import coercions, operators, roles, sqltypes
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine, UserDefinedType, to_instance

Processor = Callable[[Any], Any]


class ARRAY(sqltypes.ARRAY):  # type: ignore[type-arg]
    """`ARRAY(item)`; `dimensions=2` is an array of arrays. Values are lists.

    Indexes count from 1 and negative ones from the end; `zero_indexes=True` counts from 0. Slices include both ends.
    """

    class Comparator(sqltypes.ARRAY.Comparator):  # type: ignore[type-arg]
        """Index, slice, `||`, and what Trino calls contains, arrays_overlap and cardinality."""

        def contains(self, other: Any, **keywords: Any) -> ColumnElement[bool]:
            """True when `other` is one of the items."""
            return func.contains(self.expr, _item(self.expr, other, self.type.item_type), type_=sqltypes.Boolean())

        def overlap(self, other: Any) -> ColumnElement[bool]:
            """True when the two arrays share an item."""
            return func.arrays_overlap(self.expr, _item(self.expr, other, self.type), type_=sqltypes.Boolean())

        def length(self) -> ColumnElement[int]:
            """How many items there are."""
            return func.cardinality(self.expr, type_=sqltypes.BigInteger())

    comparator_factory = Comparator

    def __init__(
        self, item_type: Any, as_tuple: bool = False, dimensions: int | None = None, zero_indexes: bool = False
    ) -> None:
        # Trino knows the depth of every array, so there is nothing to guess from values: one unless it is said
        super().__init__(item_type, as_tuple=as_tuple, dimensions=dimensions or 1, zero_indexes=zero_indexes)

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        return self._over_items(self.item_type.dialect_impl(dialect).bind_processor(dialect), list)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Processor | None:
        item = self.item_type.dialect_impl(dialect).result_processor(dialect, coltype)
        collection = tuple if self.as_tuple else list
        return None if item is None and not self.as_tuple else self._over_items(item, collection)

    def literal_processor(self, dialect: Dialect) -> Processor | None:
        item = self.item_type.dialect_impl(dialect).literal_processor(dialect)
        return None if item is None else self._over_items(_or_null(item), lambda items: f"ARRAY[{', '.join(items)}]")

    def _over_items(self, item: Processor | None, collection: Callable[[Iterable[Any]], Any]) -> Processor:
        def process(value: Any) -> Any:
            return None if value is None else self._apply_item_processor(value, item, self.dimensions, collection)

        return process


class MAP(sqltypes.Indexable, UserDefinedType[Mapping[Any, Any]]):
    """`MAP(key, value)`. Values are dicts; `column[key]` is the value of the key or NULL."""

    cache_ok = True
    __visit_name__ = "MAP"

    class Comparator(sqltypes.Indexable.Comparator[Any], UserDefinedType.Comparator[Any]):
        """Index by key, and Trino's map_keys, map_values and cardinality."""

        type: MAP

        def _setup_getitem(self, index: Any) -> tuple[Any, Any, TypeEngine[Any]]:
            return operators.getitem, _item(self.expr, index, self.type.key_type), self.type.value_type

        def keys(self) -> ColumnElement[Any]:
            """The keys, an array."""
            return func.map_keys(self.expr, type_=ARRAY(self.type.key_type))

        def values(self) -> ColumnElement[Any]:
            """The values, an array in the order of the keys."""
            return func.map_values(self.expr, type_=ARRAY(self.type.value_type))

        def length(self) -> ColumnElement[int]:
            """How many entries there are."""
            return func.cardinality(self.expr, type_=sqltypes.BigInteger())

    comparator_factory = Comparator

    def __init__(self, key_type: Any, value_type: Any) -> None:
        self.key_type: TypeEngine[Any] = to_instance(key_type)
        self.value_type: TypeEngine[Any] = to_instance(value_type)

    def __repr__(self) -> str:
        return f"MAP({self.key_type!r}, {self.value_type!r})"

    @property
    def python_type(self) -> type[Any]:
        return dict

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        return self._over_entries(
            self.key_type.dialect_impl(dialect).bind_processor(dialect),
            self.value_type.dialect_impl(dialect).bind_processor(dialect),
        )

    def result_processor(self, dialect: Dialect, coltype: Any) -> Processor | None:
        return self._over_entries(
            self.key_type.dialect_impl(dialect).result_processor(dialect, coltype),
            self.value_type.dialect_impl(dialect).result_processor(dialect, coltype),
        )

    def literal_processor(self, dialect: Dialect) -> Processor | None:
        key = self.key_type.dialect_impl(dialect).literal_processor(dialect)
        value = self.value_type.dialect_impl(dialect).literal_processor(dialect)
        if key is None or value is None:
            return None
        one_value = _or_null(value)

        def process(entries: Mapping[Any, Any]) -> str:
            keys = ", ".join(key(each) for each in entries)
            values = ", ".join(one_value(each) for each in entries.values())
            return f"MAP(ARRAY[{keys}], ARRAY[{values}])"

        return process

    @staticmethod
    def _over_entries(key: Processor | None, value: Processor | None) -> Processor | None:
        if key is None and value is None:
            return None
        of_key, of_value = _nullable(key), _nullable(value)
        return lambda entries: (
            None if entries is None else {of_key(name): of_value(found) for name, found in entries.items()}
        )


class ROW(sqltypes.Indexable, UserDefinedType[Sequence[Any]]):
    """`ROW(field type, …)` from pairs of a name (None: without) and a type. Values are tuples, or dicts by name.

    `column["field"]` is a field by name, `column[1]` by place, from 1.
    """

    cache_ok = True
    __visit_name__ = "ROW"

    class Comparator(sqltypes.Indexable.Comparator[Any], UserDefinedType.Comparator[Any]):
        """Fields by name or place."""

        type: ROW

        def _setup_getitem(self, index: Any) -> tuple[Any, Any, TypeEngine[Any]]:
            return operators.getitem, _field(index), self.type.field_type(index)

    comparator_factory = Comparator

    def __init__(self, fields: Iterable[tuple[str | None, Any]]) -> None:
        self.fields: tuple[tuple[str | None, TypeEngine[Any]], ...] = tuple(
            (name, to_instance(type_)) for name, type_ in fields
        )

    def __repr__(self) -> str:
        return f"ROW({list(self.fields)!r})"

    @property
    def python_type(self) -> type[Any]:
        return tuple

    def field_type(self, index: str | int) -> TypeEngine[Any]:
        """The type of one field. Raises KeyError for a name or place that the row does not have."""
        if isinstance(index, int):
            if not 1 <= index <= len(self.fields):
                raise KeyError(f"{self!r} has no field {index}")
            return self.fields[index - 1][1]
        for name, type_ in self.fields:
            if name is not None and name.lower() == index.lower():
                return type_
        raise KeyError(f"{self!r} has no field {index!r}")

    def bind_processor(self, dialect: Dialect) -> Processor:
        processors = [_nullable(type_.dialect_impl(dialect).bind_processor(dialect)) for _, type_ in self.fields]

        def process(value: Any) -> Any:
            if value is None:
                return None
            return tuple(each(item) for each, item in zip(processors, self._in_order(value), strict=True))

        return process

    def result_processor(self, dialect: Dialect, coltype: Any) -> Processor | None:
        processors = [type_.dialect_impl(dialect).result_processor(dialect, coltype) for _, type_ in self.fields]
        if not any(processors):
            return None
        nullable = [_nullable(each) for each in processors]

        def process(value: Any) -> Any:
            if value is None:
                return None
            items = [each(item) for each, item in zip(nullable, value, strict=True)]
            remade = getattr(value, "_replaced", None)  # a driver's row keeps its field names
            return tuple(items) if remade is None else remade(items)

        return process

    def literal_processor(self, dialect: Dialect) -> Processor | None:
        processors = [type_.dialect_impl(dialect).literal_processor(dialect) for _, type_ in self.fields]
        if not all(processors):
            return None

        def process(value: Any) -> str:
            items = (
                "NULL" if item is None else each(item)
                for each, item in zip(processors, self._in_order(value), strict=True)
                if each is not None
            )
            return f"CAST(ROW({', '.join(items)}) AS {dialect.type_compiler_instance.process(self)})"

        return process

    def _in_order(self, value: Any) -> Sequence[Any]:
        if isinstance(value, Mapping):
            return [value.get(name) for name, _ in self.fields]
        items: Sequence[Any] = value
        return items


def _field(index: str | int) -> ColumnElement[Any]:
    # not a parameter: Trino resolves fields before it knows the parameters' values
    return literal_column(str(index)) if isinstance(index, int) else column(index)


def _item(expression: Any, value: Any, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    found: ColumnElement[Any] = coercions.expect(
        roles.BinaryElementRole, value, expr=expression, operator=operators.getitem, bindparam_type=type_
    )
    return found


def _nullable(process: Processor | None) -> Processor:
    if process is None:
        return lambda value: value
    return lambda value: None if value is None else process(value)


def _or_null(process: Processor) -> Processor:
    return lambda value: "NULL" if value is None else process(value)
