"""JSON: documents are parsed by the server (`json_parse`), indexed by JSON paths (`json_extract`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import sqltypes
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.types import TypeEngine

from lodestar.types.literals import text_literal

Processor = Callable[[Any], Any]


class JSON(sqltypes.JSON):
    """A document. None is JSON's null unless `none_as_null=True`, as everywhere in SQLAlchemy."""

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        return func.json_parse(bindvalue, type_=self)

    def literal_processor(self, dialect: Dialect) -> Processor:
        serialized: Processor = self.bind_processor(dialect)  # type: ignore[no-untyped-call]

        def process(value: Any) -> str:
            text = serialized(value)
            return "NULL" if text is None else text_literal(text)

        return process


def json_path(steps: Sequence[Any]) -> str:
    """The path of member names and array indexes, from the root: ("a", 1) is `$["a"][1]`."""
    return "$" + "".join(
        f"[{json.dumps(step, ensure_ascii=False) if isinstance(step, str) else step}]" for step in steps
    )


class _PathElement(sqltypes.JSON.JSONElementType):
    """A bound index; what it is depends on the index, so on `_steps`."""

    def _steps(self, value: Any) -> Sequence[Any]:
        return (value,)

    def bind_processor(self, dialect: Dialect) -> Processor:
        return lambda value: json_path(self._steps(value))

    def literal_processor(self, dialect: Dialect) -> Processor:
        return lambda value: text_literal(json_path(self._steps(value)))


class _JSONIndex(_PathElement, sqltypes.JSON.JSONIndexType):
    pass


class _JSONIntIndex(_PathElement, sqltypes.JSON.JSONIntIndexType):
    pass


class _JSONStrIndex(_PathElement, sqltypes.JSON.JSONStrIndexType):
    pass


class _JSONPath(_PathElement, sqltypes.JSON.JSONPathType):
    def _steps(self, value: Any) -> Sequence[Any]:
        steps: Sequence[Any] = value
        return steps


JSON_TYPES: dict[type[TypeEngine[Any]], type[TypeEngine[Any]]] = {
    sqltypes.JSON: JSON,
    sqltypes.JSON.JSONIndexType: _JSONIndex,
    sqltypes.JSON.JSONIntIndexType: _JSONIntIndex,
    sqltypes.JSON.JSONStrIndexType: _JSONStrIndex,
    sqltypes.JSON.JSONPathType: _JSONPath,
}
