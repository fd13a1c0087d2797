"""Types as Trino writes them in DDL and CAST.

Generic types are made to lose nothing of Python's values: DateTime and Time have microseconds, Float is a double.
Upper-case types are exactly what they say: TIMESTAMP is Trino's TIMESTAMP, with its three digits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import exc
from sqlalchemy.sql.compiler import GenericTypeCompiler

_REAL_BITS = 24  # the binary digits a REAL holds; SQL's FLOAT(p) counts in these


class LodestarTypeCompiler(GenericTypeCompiler):
    """One method for each type; a method that is not here renders as SQLAlchemy's own."""

    def visit_TINYINT(self, type_: Any, **keywords: Any) -> str:
        return "TINYINT"

    def visit_FLOAT(self, type_: Any, **keywords: Any) -> str:
        return "REAL" if type_.precision is not None and type_.precision <= _REAL_BITS else "DOUBLE"

    def visit_DOUBLE_PRECISION(self, type_: Any, **keywords: Any) -> str:
        return "DOUBLE"

    def visit_NUMERIC(self, type_: Any, **keywords: Any) -> str:
        return self.visit_DECIMAL(type_, **keywords)

    def visit_DECIMAL(self, type_: Any, **keywords: Any) -> str:
        if type_.precision is None:
            return "DECIMAL"
        return f"DECIMAL({type_.precision})" if type_.scale is None else f"DECIMAL({type_.precision}, {type_.scale})"

    def visit_VARCHAR(self, type_: Any, **keywords: Any) -> str:
        return "VARCHAR" if type_.length is None else f"VARCHAR({type_.length})"

    def visit_CHAR(self, type_: Any, **keywords: Any) -> str:
        return "CHAR" if type_.length is None else f"CHAR({type_.length})"

    def visit_NVARCHAR(self, type_: Any, **keywords: Any) -> str:
        return self.visit_VARCHAR(type_, **keywords)

    def visit_NCHAR(self, type_: Any, **keywords: Any) -> str:
        return self.visit_CHAR(type_, **keywords)

    def visit_TEXT(self, type_: Any, **keywords: Any) -> str:
        return self.visit_VARCHAR(type_, **keywords)

    def visit_CLOB(self, type_: Any, **keywords: Any) -> str:
        return self.visit_VARCHAR(type_, **keywords)

    def visit_BLOB(self, type_: Any, **keywords: Any) -> str:
        return "VARBINARY"

    def visit_BINARY(self, type_: Any, **keywords: Any) -> str:
        return "VARBINARY"

    def visit_VARBINARY(self, type_: Any, **keywords: Any) -> str:
        return "VARBINARY"

    def visit_uuid(self, type_: Any, **keywords: Any) -> str:
        return "UUID" if type_.native_uuid else super().visit_uuid(type_, **keywords)

    def visit_datetime(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIMESTAMP", 6, type_.timezone)

    def visit_DATETIME(self, type_: Any, **keywords: Any) -> str:
        return self.visit_datetime(type_, **keywords)

    def visit_time(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIME", 6, type_.timezone)

    def visit_TIMESTAMP(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIMESTAMP", None, type_.timezone)

    def visit_TIME(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIME", None, type_.timezone)

    def visit_LODESTAR_TIMESTAMP(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIMESTAMP", type_.precision, type_.timezone)

    def visit_LODESTAR_TIME(self, type_: Any, **keywords: Any) -> str:
        return self._temporal("TIME", type_.precision, type_.timezone)

    def visit_interval(self, type_: Any, **keywords: Any) -> str:
        return "INTERVAL DAY TO SECOND"

    def visit_INTERVAL_DAY_TO_SECOND(self, type_: Any, **keywords: Any) -> str:
        return "INTERVAL DAY TO SECOND"

    def visit_INTERVAL_YEAR_TO_MONTH(self, type_: Any, **keywords: Any) -> str:
        return "INTERVAL YEAR TO MONTH"

    def visit_JSON(self, type_: Any, **keywords: Any) -> str:
        return "JSON"

    def visit_IPADDRESS(self, type_: Any, **keywords: Any) -> str:
        return "IPADDRESS"

    def visit_OPAQUE(self, type_: Any, **keywords: Any) -> str:
        return str(type_.type_name)

    def visit_ARRAY(self, type_: Any, **keywords: Any) -> str:
        text = self.process(type_.item_type, **keywords)
        for _ in range(type_.dimensions or 1):
            text = f"ARRAY({text})"
        return text

    def visit_MAP(self, type_: Any, **keywords: Any) -> str:
        return f"MAP({self.process(type_.key_type, **keywords)}, {self.process(type_.value_type, **keywords)})"

    def visit_ROW(self, type_: Any, **keywords: Any) -> str:
        if not type_.fields:
            raise exc.CompileError("a ROW needs at least one field")
        # always in quotes: a field named like a type would otherwise read as a field without a name
        fields = (
            (f'"{name.replace(chr(34), chr(34) * 2)}" ' if name is not None else "") + self.process(field, **keywords)
            for name, field in type_.fields
        )
        return f"ROW({', '.join(fields)})"

    @staticmethod
    def _temporal(name: str, precision: int | None, timezone: bool) -> str:
        return f"{name}{'' if precision is None else f'({precision})'}{' WITH TIME ZONE' if timezone else ''}"
