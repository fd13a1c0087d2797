"""CALL <catalog>.system.…: partitions by hand, figures forgotten. Each is a change of its own, done at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.definitions import partition_handles
from lodestar_server.plugins.connectors.hive.footers import FooterCache
from lodestar_server.plugins.connectors.hive.partition_names import read_values
from lodestar_server.plugins.connectors.hive.session import timestamp_precision
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, split_location
from lodestar_server.plugins.toolkit.metastore.interface import Metastore, PartWrite
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.plugins.toolkit.metastore.partition_names import (
    NULL_VALUE,
    make_partition_name,
    parse_partition_name,
)
from lodestar_server.plugins.toolkit.metastore.written import QUERY_ID, new_partition
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    INVALID_PROCEDURE_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    PROCEDURE_CALL_FAILED,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.procedures import Procedure, ProcedureArgument, TableProcedure
from lodestar_server.spi.properties import DataSize, PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BOOLEAN, VARCHAR, ArrayType

Arguments = Mapping[str, Any]
_TEXTS = ArrayType(VARCHAR)
_TABLE = (ProcedureArgument("schema_name", VARCHAR), ProcedureArgument("table_name", VARCHAR))
_PARTITION = (ProcedureArgument("partition_columns", _TEXTS), ProcedureArgument("partition_values", _TEXTS))


class SyncMode(Enum):
    """What is taken over from the directories."""

    ADD = "ADD"
    DROP = "DROP"
    FULL = "FULL"


OPTIMIZE = "OPTIMIZE"
TABLE_PROCEDURES: Sequence[TableProcedure] = (
    TableProcedure(
        OPTIMIZE,
        (
            PropertyMetadata(
                "file_size_threshold",
                "Only compact files smaller than given threshold in bytes",
                VARCHAR,
                DataSize.parse("100MB"),
                decode=DataSize.parse,
            ),
        ),
        rewrites=True,
    ),
)


class HiveProcedures:
    """The procedures of one catalog."""

    def __init__(self, files: FileSystem, metastore: Metastore, footers: FooterCache, config: HiveConfig) -> None:
        self._files = files
        self._metastore = metastore
        self._footers = footers
        self._config = config

    def all(self) -> tuple[Procedure, ...]:
        """For the engine."""
        optional = [
            ProcedureArgument(one.name, one.type, required=False, default=None) for one in (*_TABLE, *_PARTITION)
        ]
        sync = (ProcedureArgument("mode", VARCHAR), ProcedureArgument("case_sensitive", BOOLEAN, False, True))
        location = ProcedureArgument("location", VARCHAR, False, None)
        values = ProcedureArgument("partition_values", ArrayType(_TEXTS), False, None)
        return (
            Procedure("system", "create_empty_partition", (*_TABLE, *_PARTITION), self.create_empty_partition),
            Procedure("system", "register_partition", (*_TABLE, *_PARTITION, location), self.register_partition),
            Procedure("system", "unregister_partition", (*_TABLE, *_PARTITION), self.unregister_partition),
            Procedure("system", "sync_partition_metadata", (*_TABLE, *sync), self.sync_partition_metadata),
            Procedure("system", "drop_stats", (*_TABLE, values), self.drop_stats),
            Procedure(
                "system", "flush_metadata_cache", tuple(optional), self.flush_metadata_cache, named_arguments_only=True
            ),
        )

    def create_empty_partition(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Raises: INVALID_PROCEDURE_ARGUMENT, ALREADY_EXISTS, HIVE_INVALID_PARTITION_VALUE."""
        name = _table_name(arguments)
        columns, given = _required(arguments, "partition_columns"), _required(arguments, "partition_values")
        table = self._metastore.find_table(name)
        if table is None or table.is_view:
            raise _missing(arguments)
        _check_columns(table, columns)
        values = _values(table, given)
        if self._metastore.find_partition(table, values) is not None:
            raise LodestarError(ALREADY_EXISTS, "Partition already exists")
        read_values(partition_handles(table, timestamp_precision(session)), values)
        partition = new_partition(table, PartWrite(values, (), 0, 0, 0, session.query_id))
        self._files.make_directory(partition.location)
        self._metastore.add_partitions(name, (partition,))

    def register_partition(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Raises: PERMISSION_DENIED, NOT_FOUND, INVALID_PROCEDURE_ARGUMENT, ALREADY_EXISTS, HIVE_METASTORE_ERROR."""
        if not self._config.allow_register_partition:
            raise LodestarError(PERMISSION_DENIED, "register_partition procedure is disabled")
        table, values = self._partition(arguments)
        known = self._metastore.find_partition(table, values)
        if known is not None:
            raise LodestarError(
                ALREADY_EXISTS,
                f"Partition [{_name(table, values)}] is already registered with location {known.location}",
            )
        location = arguments["location"]
        if location is None:
            location = child_of(table.location, _name(table, values))
        try:
            split_location(location)
        except ValueError:
            raise _failed(f"No scheme for file system location: {location}") from None
        if self._files.find(location) is None:
            raise _wrong(f"Partition location does not exist: {location}")
        self._metastore.add_partitions(table.name, (_found(table, values, location, session.query_id),))

    def unregister_partition(self, session: ConnectorSession, arguments: Arguments) -> None:
        """The files stay. Raises: NOT_FOUND, INVALID_PROCEDURE_ARGUMENT."""
        table, values = self._partition(arguments)
        if self._metastore.find_partition(table, values) is None:
            raise LodestarError(NOT_FOUND, f"Partition '{_name(table, values)}' does not exist")
        self._metastore.drop_partitions(table.name, [values], delete_files=False)

    def sync_partition_metadata(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Partitions for directories, no partitions without. Raises: NOT_FOUND, INVALID_PROCEDURE_ARGUMENT."""
        name = _table_name(arguments)
        text = _required(arguments, "mode")
        if text.upper() not in SyncMode.__members__:
            raise _wrong(f"Invalid partition metadata sync mode: {text}")
        mode = SyncMode[text.upper()]
        if arguments["case_sensitive"] is None:
            raise _failed("case_sensitive cannot be null")
        table = self._require(name)
        found: dict[tuple[str, ...], str] = {}
        for values, location in self._directories(table, case_sensitive=arguments["case_sensitive"]):
            found.setdefault(values, location)
        known = set(self._metastore.list_partitions(table))
        if mode is not SyncMode.DROP:
            new = [(values, location) for values, location in found.items() if values not in known]
            self._metastore.add_partitions(
                name, [_found(table, values, location, session.query_id) for values, location in new]
            )
        if mode is not SyncMode.ADD:
            gone = sorted(values for values in known if values not in found)
            self._metastore.drop_partitions(name, gone, delete_files=False)

    def drop_stats(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Of the table or of some partitions. Raises: INVALID_PROCEDURE_ARGUMENT, NOT_FOUND."""
        name = _table_name(arguments)
        table = self._metastore.find_table(name)
        if table is None or table.is_view:
            raise _missing(arguments)
        given = arguments["partition_values"]
        count = len(table.partition_columns)
        if given is None:
            parts = self._metastore.list_partitions(table) if count else [None]
            self._metastore.drop_figures(name, parts)
            return
        if any(values is None for values in given):
            raise _wrong("Null partition value")
        if not given:
            raise _wrong("No partitions provided")
        if not count:
            raise _wrong("Cannot specify partition values for an unpartitioned table")
        for values in given:
            if len(values) != count:
                shown = ", ".join("null" if value is None else value for value in values)
                raise _wrong(f"Partition values [{shown}] don't match the number of partition columns ({count})")
        wanted = [_values(table, values) for values in given]
        if any(self._metastore.find_partition(table, values) is None for values in wanted):
            raise LodestarError(NOT_FOUND, f"Partition '{name}' not found")
        self._metastore.drop_figures(name, wanted)

    def flush_metadata_cache(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Forget what is remembered of the metastore and of files. Raises: INVALID_PROCEDURE_ARGUMENT, NOT_FOUND."""
        schema, table = arguments["schema_name"], arguments["table_name"]
        columns, values = arguments["partition_columns"] or (), arguments["partition_values"] or ()
        if len(columns) != len(values):
            raise _failed("Parameters partition_column and partition_value should have same length")
        if schema is not None and table is not None:
            name = SchemaTableName(schema, table)
            # Dropped first: a table that was made elsewhere may be remembered as missing.
            self._metastore.forget(name, tuple(values) if columns else None)
            found = self._metastore.find_table(name)
            if found is None:
                raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
            if columns and len(values) != len(found.partition_columns):
                raise _failed("partition value count must match partition column count")
        elif schema is not None or table is not None or columns:
            raise _wrong(
                "Illegal parameter set passed. Valid usages:\n - 'flush_metadata_cache()'\n"
                " - flush_metadata_cache(schema_name => ..., table_name => ...)"
                " - flush_metadata_cache(schema_name => ..., table_name => ...,"
                " partition_columns => ARRAY['...'], partition_values => ARRAY['...'])"
            )
        else:
            self._metastore.forget()
        self._footers.clear()
        self._files.forget()

    # inside
    def _require(self, name: SchemaTableName) -> Table:
        table = self._metastore.find_table(name)
        if table is None:
            raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
        if not table.partition_columns:
            raise _wrong(f"Table is not partitioned: {name}")
        return table

    def _partition(self, arguments: Arguments) -> tuple[Table, tuple[str, ...]]:
        name = _table_name(arguments)
        columns, values = _required(arguments, "partition_columns"), _required(arguments, "partition_values")
        table = self._require(name)
        _check_columns(table, columns)
        return table, _values(table, values)

    def _directories(self, table: Table, *, case_sensitive: bool) -> Iterator[tuple[tuple[str, ...], str]]:
        """Directories that look like partitions: their values and locations."""
        names = [column.name for column in table.partition_columns]

        def descend(directory: str, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
            prefix = f"{names[len(above)]}="
            for info in self._files.list(directory):
                shown = info.name if case_sensitive else info.name.lower()
                if not info.is_directory or not shown.startswith(prefix):
                    continue
                below = (*above, info.name)
                if len(below) < len(names):
                    yield from descend(info.location, below)
                else:
                    yield parse_partition_name("/".join(below), len(names)), info.location

        return descend(table.location, ())


def _found(table: Table, values: tuple[str, ...], location: str, query_id: str) -> Partition:
    """A partition of files of which nothing is known."""
    return Partition(
        values,
        table.columns,
        {QUERY_ID: query_id},
        table.storage_format,
        table.serde_parameters,
        table.bucketing,
        location,
    )


def _name(table: Table, values: Sequence[str]) -> str:
    return make_partition_name([column.name for column in table.partition_columns], values)


def _table_name(arguments: Arguments) -> SchemaTableName:
    """As metastores keep names: in lower case."""
    return SchemaTableName(_required(arguments, "schema_name").lower(), _required(arguments, "table_name").lower())


def _missing(arguments: Arguments) -> LodestarError:
    return _wrong(f"Table '{arguments['schema_name']}.{arguments['table_name']}' does not exist")


def _required(arguments: Arguments, name: str) -> Any:
    if arguments[name] is None:
        raise _wrong(f"{name} cannot be null")
    return arguments[name]


def _check_columns(table: Table, columns: Sequence[str | None]) -> None:
    actual = [column.name for column in table.partition_columns]
    if list(columns) != actual:
        shown = ", ".join(actual)
        raise _wrong(f"Provided partition column names do not match actual partition column names: [{shown}]")


def _values(table: Table, values: Sequence[str | None]) -> tuple[str, ...]:
    if len(values) != len(table.partition_columns):
        raise _failed("partition value count must match partition column count")
    found = []
    for place, value in enumerate(values):
        if value is None:
            raise _failed(f"at index {place}")
        found.append(value or NULL_VALUE)
    return tuple(found)


def _wrong(message: str) -> LodestarError:
    return LodestarError(INVALID_PROCEDURE_ARGUMENT, message)


def _failed(message: str) -> LodestarError:
    return LodestarError(PROCEDURE_CALL_FAILED, message)
