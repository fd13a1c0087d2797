"""Numbers, bytes, UUIDs, addresses and the types nobody looks into.

Only what Trino does otherwise than SQLAlchemy's generic types is here; integers, booleans and text are as they come.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID as PythonUUID

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import sqltypes
from sqlalchemy.types import TypeEngine, UserDefinedType

from lodestar.types.literals import literal

Processor = Callable[[Any], Any]


class TINYINT(sqltypes.SmallInteger):
    """One byte."""

    __visit_name__ = "TINYINT"


class _Numeric(sqltypes.Numeric):  # type: ignore[type-arg]
    """Every Numeric and DECIMAL."""

    def literal_processor(self, dialect: Dialect) -> Processor:
        # a float keeps its shortest digits
        return lambda value: literal(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))


class _Float(sqltypes.Float):  # type: ignore[type-arg]
    """Every Float, REAL and DOUBLE."""

    def literal_processor(self, dialect: Dialect) -> Processor:
        return lambda value: literal(float(value))


class _LargeBinary(sqltypes.LargeBinary):
    """Every LargeBinary, BLOB, BINARY and VARBINARY."""

    def literal_processor(self, dialect: Dialect) -> Processor:
        return lambda value: literal(bytes(value))


class _Uuid(sqltypes.Uuid):  # type: ignore[type-arg]
    """Every Uuid and UUID: `as_uuid=False` speaks text, `native_uuid=False` stores CHAR(32)."""

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        if not self.native_uuid:
            return _typed(super().bind_processor(dialect))
        if self.as_uuid:
            return None
        return lambda value: value if value is None or isinstance(value, PythonUUID) else PythonUUID(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Processor | None:
        if not self.native_uuid:
            return _typed(super().result_processor(dialect, coltype))  # type: ignore[no-untyped-call]
        if self.as_uuid:
            return lambda value: PythonUUID(value) if isinstance(value, str) else value
        return lambda value: None if value is None else str(value)

    def literal_processor(self, dialect: Dialect) -> Processor | None:
        if not self.native_uuid:
            return _typed(super().literal_processor(dialect))  # type: ignore[no-untyped-call]
        return lambda value: literal(value if isinstance(value, PythonUUID) else PythonUUID(value))


class IPADDRESS(UserDefinedType[Any]):
    """An IPv4 or IPv6 address; values are those of Python's `ipaddress`."""

    cache_ok = True
    __visit_name__ = "IPADDRESS"

    def literal_processor(self, dialect: Dialect) -> Processor:
        return lambda value: literal(ip_address(value))


class OPAQUE(UserDefinedType[Any]):
    """A type only the server looks into, by its name: HyperLogLog, tdigest, qdigest(bigint), Geometry, color …

    Values are whatever the driver gives (bytes for sketches, text for the rest); as a parameter a value needs an
    expression that makes one, so only the server's own functions write them.
    """

    cache_ok = True
    __visit_name__ = "OPAQUE"

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"OPAQUE({self.type_name!r})"


class HYPERLOGLOG(OPAQUE):
    """The sketch of `approx_set`."""

    def __init__(self, type_name: str = "HyperLogLog") -> None:
        super().__init__(type_name)


def _typed(processor: Any) -> Processor | None:
    found: Processor | None = processor
    return found


SCALARS: dict[type[TypeEngine[Any]], type[TypeEngine[Any]]] = {
    sqltypes.Numeric: _Numeric,
    sqltypes.Float: _Float,
    sqltypes._Binary: _LargeBinary,
    sqltypes.Uuid: _Uuid,
}
