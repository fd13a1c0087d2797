"""FileScans as SQL: `read_parquet` over listed files, each column brought into the kernel's encoding."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.constants import constant
from lodestar_server.execution.kernel.encoding.keys import null_of
from lodestar_server.execution.kernel.encoding.rounding import rounded_timestamp
from lodestar_server.execution.kernel.encoding.types import duckdb_type, has_picoseconds
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.remote import with_paths
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir.nodes import TableScan
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.page import FileColumn, FileFormat, FileScan, FileSlice
from lodestar_server.spi.types import (
    DOUBLE,
    REAL,
    UUID,
    VARBINARY,
    ArrayType,
    CharType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import row_field_name
from lodestar_server.spi.values import frozen

_MAX_CONSTANT_GROUPS = 64


@frozen
class _Zone:
    """Casts of file values know no query: files hold no values that depend on one."""

    zone: str = "UTC"

    def start_micros(self) -> Sql:
        return sql.fragment("0")


def scan_query(scan: TableScan, files: Sequence[FileScan]) -> str:
    """A parenthesized query with the scan's columns under their symbols' names.

    Raises: NOT_SUPPORTED for formats and byte ranges that DuckDB's reader does not take.
    """
    names = [f"c{symbol.id}" for symbol in scan.outputs]
    queries = [query for one in files if one.slices for query in _queries(one, names)]
    if not queries:
        nulls = [
            sql.fragment(f"{{0}} AS {name}", null_of(symbol.type))
            for name, symbol in zip(names, scan.outputs, strict=True)
        ]
        queries = [sql.fragment("SELECT {*} WHERE FALSE", *(nulls or [sql.fragment("1 AS c0")]))]
    return sql.render(sql.fragment("(" + " UNION ALL ".join(f"{{{i}}}" for i in range(len(queries))) + ")", *queries))


def _queries(files: FileScan, names: Sequence[str]) -> list[Sql]:
    if files.format is not FileFormat.PARQUET:
        raise LodestarError(NOT_SUPPORTED, f"Reading {files.format.value} files is not supported")
    files = with_paths(files)
    groups: dict[tuple[object, ...], list[str]] = {}
    for one in _whole_files(files.slices):
        groups.setdefault(one.constants, []).append(one.path)
    if len(groups) > _MAX_CONSTANT_GROUPS:
        return [_joined_query(files, names, groups)]
    return [_group_query(files, names, constants, paths) for constants, paths in groups.items()]


def _whole_files(slices: Sequence[FileSlice]) -> list[FileSlice]:
    """One slice per file; byte ranges of a file have to cover it."""
    covered: dict[tuple[str, tuple[object, ...]], int] = {}
    first: dict[tuple[str, tuple[object, ...]], FileSlice] = {}
    for one in slices:
        key = (one.path, one.constants)
        covered[key] = covered.get(key, 0) + one.length
        first.setdefault(key, one)
    for key, one in first.items():
        if covered[key] < one.file_size:
            raise LodestarError(NOT_SUPPORTED, f"Reading a byte range of {one.path} is not supported")
    return list(first.values())


_GLOB = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})


def _source(paths: Sequence[str], options: str = "") -> Sql:
    listed = sql.fragment("[{*}]", *(sql.text(path.translate(_GLOB)) for path in paths))
    return sql.fragment(f"read_parquet({{0}}, hive_partitioning=false{options})", listed)


def _group_query(files: FileScan, names: Sequence[str], constants: tuple[object, ...], paths: Sequence[str]) -> Sql:
    outputs = []
    for name, column in zip(names, files.columns, strict=True):
        if column.constant is not None:
            value = constant(column.type, constants[column.constant])
        else:
            value = _file_column(column)
        outputs.append(sql.fragment(f"{{0}} AS {name}", value))
    listed = sql.fragment("{*}", *(outputs or [sql.fragment("1 AS c0")]))
    return sql.fragment("SELECT {0} FROM {1}", listed, _source(paths))


def _joined_query(files: FileScan, names: Sequence[str], groups: dict[tuple[object, ...], list[str]]) -> Sql:
    """Many different constants: a table of them beside the files, met by file name."""
    types: dict[int, Type] = {c.constant: c.type for c in files.columns if c.constant is not None}
    rows = [
        sql.fragment("({*})", sql.text(path), *(constant(types[i], values[i]) for i in sorted(types)))
        for values, paths in groups.items()
        for path in paths
    ]
    held = ", ".join(f"k{index}" for index in sorted(types))
    outputs = []
    for name, column in zip(names, files.columns, strict=True):
        value = sql.name(f"k{column.constant}") if column.constant is not None else _file_column(column)
        outputs.append(sql.fragment(f"{{0}} AS {name}", value))
    paths = [path for group in groups.values() for path in group]
    return sql.fragment(
        f"SELECT {{0}} FROM {{1}} JOIN (VALUES {{2}}) AS k(path, {held}) ON lodestar_path = k.path",
        sql.fragment("{*}", *outputs),
        _source(paths, ", filename='lodestar_path'"),
        sql.fragment("{*}", *rows),
    )


def _file_column(column: FileColumn) -> Sql:
    if column.name is None:
        return null_of(column.type)
    held = column.file_type or column.type
    value = _converted(decoded(sql.quoted(column.name), held), held, column.type)
    if column.type in (REAL, DOUBLE) and not column.never_nan:
        # Extremes in Parquet are those of the numbers; DuckDB takes them for bounds of NaN too, and decides
        # comparisons by them. It does not see through a condition.
        return sql.let(value, lambda one: sql.case([(sql.is_not_null(one), one)]))
    return value


def _converted(value: Sql, source: Type, target: Type) -> Sql:
    """A decoded value as another type: rows by field name, the rest as CAST does."""
    match source, target:
        case RowType(), RowType():
            return sql.let(value, lambda row: _row_by_name(row, source, target))
        case ArrayType(element), ArrayType(wanted) if element != wanted:
            return sql.call("list_transform", value, sql.function_of(lambda one: _converted(one, element, wanted)))
        case MapType(), MapType() if source != target:

            def entry(one: Sql) -> Sql:
                return sql.struct(
                    key=_converted(sql.field(one, "key"), source.key, target.key),
                    value=_converted(sql.field(one, "value"), source.value, target.value),
                )

            return sql.fragment(
                "map_from_entries(list_transform(map_entries({0}), {1}))", value, sql.function_of(entry)
            )
        case _ if source == VARBINARY and isinstance(target, VarcharType):
            return sql.call("decode", value)
        case _:
            return cast_value(value, source, target, _Zone())


def _row_by_name(row: Sql, source: RowType, target: RowType) -> Sql:
    positions = {(one.name or "").lower(): index for index, one in enumerate(source.fields)}
    parts: dict[str, Sql] = {}
    for index, one in enumerate(target.fields):
        position = positions.get((one.name or "").lower())
        if position is None:
            parts[row_field_name(index)] = null_of(one.type)
        else:
            part = sql.field(row, row_field_name(position))
            parts[row_field_name(index)] = _converted(part, source.fields[position].type, one.type)
    return sql.case([(sql.is_not_null(row), sql.struct(**parts))])


def decoded(value: Sql, type_: Type) -> Sql:
    """A value as DuckDB reads it from a file, in the encoding of its type."""
    match type_:
        case CharType():
            return sql.fragment("rtrim({0}, ' ')", value)
        case TimeType():
            return sql.fragment("(epoch_us({0}) * 1000000)", value)
        case TimestampType():
            return _timestamp(value, type_)
        case TimestampTzType():

            def zoned(v: Sql) -> Sql:
                plain = _timestamp(v, TimestampType(type_.precision))
                if has_picoseconds(type_):
                    made = sql.let(
                        plain, lambda p: sql.struct(t=sql.field(p, "t"), p=sql.field(p, "p"), z=sql.text("UTC"))
                    )
                else:
                    made = sql.struct(t=plain, z=sql.text("UTC"))
                return sql.case([(sql.is_not_null(v), made)])

            return sql.let(value, zoned)
        case ArrayType(element):
            if _is_native(element):
                return sql.cast(value, duckdb_type(type_))
            return sql.call("list_transform", value, sql.function_of(lambda one: decoded(one, element)))
        case MapType(key, element):
            if _is_native(key) and _is_native(element):
                return sql.cast(value, duckdb_type(type_))

            def entry(one: Sql) -> Sql:
                return sql.struct(
                    key=decoded(sql.field(one, "key"), key), value=decoded(sql.field(one, "value"), element)
                )

            return sql.fragment(
                "map_from_entries(list_transform(map_entries({0}), {1}))", value, sql.function_of(entry)
            )
        case RowType(fields):

            def packed(row: Sql) -> Sql:
                parts = {
                    row_field_name(index): decoded(
                        sql.fragment("struct_extract({0}, {1})", row, sql.text(one.name or "")), one.type
                    )
                    for index, one in enumerate(fields)
                }
                return sql.case([(sql.is_not_null(row), sql.struct(**parts))])

            return sql.let(value, packed)
    if type_ == UUID:
        return sql.fragment("unhex(replace(CAST({0} AS VARCHAR), '-', ''))", value)
    return sql.cast(value, duckdb_type(type_))


_OWN_ENCODINGS = (CharType, TimeType, TimestampType, TimestampTzType, RowType)


def _is_native(type_: Type) -> bool:
    """DuckDB reads it from files as the kernel holds it."""
    if isinstance(type_, _OWN_ENCODINGS) or type_ == UUID:
        return False
    return all(_is_native(child) for child in type_.children)


def _timestamp(value: Sql, type_: TimestampType) -> Sql:
    if not has_picoseconds(type_):
        micros = sql.cast(value, "TIMESTAMP")
        # Files hold microseconds or finer; the type says how many digits count.
        return rounded_timestamp(micros, TimestampType(6), type_.precision)[0]

    def nanoseconds(v: Sql) -> Sql:
        rest = sql.fragment("CAST(((epoch_ns({0}) % 1000) + 1000) % 1000 * 1000 AS INTEGER)", v)
        whole = sql.fragment("make_timestamp((epoch_ns({0}) - ((epoch_ns({0}) % 1000) + 1000) % 1000) // 1000)", v)
        return sql.case([(sql.is_not_null(v), sql.struct(t=whole, p=rest))])

    return sql.let(value, nanoseconds)
