"""The calls of a Hive Metastore as a `Registry`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lodestar_server.plugins.toolkit.metastore import functions
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.partition_names import make_partition_name, parse_partition_name
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.remote.registry import Figures, Values
from lodestar_server.plugins.toolkit.metastore.thrift.client import ThriftClient, calling
from lodestar_server.plugins.toolkit.metastore.thrift.config import ThriftConfig
from lodestar_server.plugins.toolkit.metastore.thrift.convert import (
    database_from,
    database_to,
    owner_privileges,
    partition_from,
    partition_to,
    table_from,
    table_to,
)
from lodestar_server.plugins.toolkit.metastore.thrift.figures import ENGINE, figures_from, figures_to
from lodestar_server.plugins.toolkit.metastore.thrift.locks import exclusively
from lodestar_server.plugins.toolkit.metastore.thrift.permissions import ThriftPermissions
from lodestar_server.plugins.toolkit.metastore.thrift.refusals import (
    is_missing,
    is_unknown_method,
    refusals,
    text_of,
)
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.plugins.toolkit.metastore.written import QUERY_ID
from lodestar_server.spi.connector import LanguageFunction, not_supported
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    NOT_FOUND,
    SCHEMA_ALREADY_EXISTS,
    SCHEMA_NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

METADATA_LOCATION = "metadata_location"
"""Of an Iceberg table: the one parameter that must not change between look and change."""

PARTITIONS_PER_CALL = 500
ADDED_PER_CALL = 100
FIGURES_PER_CALL = 500
_ATTEMPTS = 10
_ANY = ""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+").fullmatch
"""Texts that are safe in a pattern: the metastore makes one of them and escapes nothing."""
_CHANGED_MEANWHILE = "has been modified"
_TIMES = ("transient_lastDdlTime", "COLUMN_STATS_ACCURATE")
_AVRO_SCHEMAS = ("avro.schema.url", "avro.schema.literal")


class ThriftRegistry:
    """A `Registry`. Thread-safe."""

    def __init__(self, client: ThriftClient, config: ThriftConfig, *, locking: bool = True) -> None:
        self._client = client
        self._config = config
        self._locking = locking
        self._permissions = ThriftPermissions(client, config.catalog_name, self._existing_table)
        self._writers = ThreadPoolExecutor(config.statistics_threads, thread_name_prefix="metastore-statistics")

    def _in(self, schema: str | None) -> str:
        """A schema inside the catalog of the metastore, when one is named."""
        catalog = self._config.catalog_name
        if catalog is None:
            return schema or ""
        return f"@{catalog}#{'!' if schema == '' else schema or ''}"

    def _owned(self, struct: Any, attribute: str = "catName") -> Any:
        if self._config.catalog_name is not None:
            setattr(struct, attribute, self._config.catalog_name)
        return struct

    def _read(self, call: Callable[[Any], Any], missing: Any = None) -> Any:
        """`missing`: the answer for what is not there."""
        from thriftpy2.thrift import TException

        try:
            return self._client.read(call)
        except TException as fault:
            if is_missing(fault):
                return missing
            raise LodestarError(HIVE_METASTORE_ERROR, text_of(fault)) from fault

    # databases
    def list_databases(self) -> list[str]:
        """All of them."""
        if self._config.catalog_name is not None:
            return list(self._read(lambda calls: calls.get_databases(self._in(None)), []))
        return list(self._read(lambda calls: calls.get_all_databases(), []))

    def _database(self, name: str) -> Any:
        return self._read(lambda calls: calls.get_database(self._in(name)))

    def find_database(self, name: str) -> Database | None:
        """None when there is none."""
        found = self._database(name)
        return None if found is None else database_from(found)

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        struct = self._owned(database_to(database), "catalogName")

        def made() -> bool:
            found = self.find_database(database.name)
            return found is not None and _same_query(found.parameters, database.parameters)

        def existing() -> LodestarError:
            return LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{database.name}'")

        with refusals(existing=existing):
            self._client.change(lambda calls: calls.create_database(struct), made)

    def replace_database(self, database: Database) -> None:
        """Raises: SCHEMA_NOT_FOUND."""
        found = self._required_database(database.name)
        struct = database_to(database, found)
        with refusals(missing=lambda: _no_schema(database.name)):
            self._client.change(
                lambda calls: calls.alter_database(self._in(database.name), struct),
                lambda: self.find_database(database.name) == database_from(struct),
            )

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: NOT_SUPPORTED: the metastore cannot."""
        self._required_database(name)
        not_supported("Hive metastore does not support renaming schemas")

    def _required_database(self, name: str) -> Any:
        found = self._database(name)
        if found is None:
            raise _no_schema(name)
        return found

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND; HIVE_METASTORE_ERROR when it is not empty."""
        self._required_database(name)
        with refusals(missing=lambda: _no_schema(name)):
            self._client.change(
                lambda calls: calls.drop_database(self._in(name), True, False),
                lambda: self._database(name) is None,
            )

    # tables
    def list_tables(self, schema: str) -> list[str]:
        """Tables and views."""
        pattern = schema.replace("|", "*")
        found = self._read(lambda calls: calls.get_table_meta(self._in(pattern), "*", []), [])
        return [one.tableName for one in found if one.dbName == schema]

    def _table(self, name: SchemaTableName) -> Any:
        api = structs()
        request = api.GetTableRequest(
            name.schema,
            name.table,
            capabilities=api.ClientCapabilities([api.ClientCapability.INSERT_ONLY_TABLES]),
            engine=ENGINE,
        )
        self._owned(request)

        def call(calls: Any) -> Any:
            try:
                return calls.get_table_req(request).table
            except Exception as fault:
                if not is_unknown_method(fault):
                    raise
            return calls.get_table(self._in(name.schema), name.table)

        return self._read(call)

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None when there is none."""
        found = self._table(name)
        if found is None:
            return None
        table = table_from(found)
        known = {**table.parameters, **table.serde_parameters}
        if table.storage_format == "AVRO" and any(key in known for key in _AVRO_SCHEMAS):
            fields = self._read(lambda calls: calls.get_fields(self._in(name.schema), name.table))
            return table if fields is None else table_from(found, fields)
        return table

    def create_table(self, table: Table, user: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        struct = self._owned(table_to(table))
        if table.owner is not None:
            struct.privileges = owner_privileges(user)

        def made() -> bool:
            found = self.find_table(table.name)
            return found is not None and _same_query(found.parameters, table.parameters)

        def existing() -> LodestarError:
            return LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{table.name}'")

        if self._database(table.name.schema) is None:
            raise _no_schema(table.name.schema)
        try:
            with refusals(missing=lambda: _no_schema(table.name.schema), existing=existing):
                self._client.change(lambda calls: calls.create_table_with_environment_context(struct, _context()), made)
        except LodestarError as fault:
            # An earlier try may have been slower than our patience.
            if fault.code is not TABLE_ALREADY_EXISTS or not made():
                raise

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """A table of Iceberg is changed under the metastore's lock; without locks the metastore compares.

        Raises: TABLE_NOT_FOUND, HIVE_TABLE_LOCK_NOT_ACQUIRED.
        """
        found = self._required_table(name)
        if self._locking and METADATA_LOCATION in (found.parameters or {}):
            with exclusively(self._client, self._in(name.schema), name, self._config.lock_max_wait):
                self._alter(name, self._required_table(name), change)
        else:
            self._alter(name, found, change)

    def _required_table(self, name: SchemaTableName) -> Any:
        found = self._table(name)
        if found is None:
            raise _no_table(name)
        return found

    def _alter(self, name: SchemaTableName, found: Any, change: Callable[[Table], Table]) -> None:
        from thriftpy2.thrift import TException

        for _ in range(_ATTEMPTS):
            before = table_from(found)
            struct = table_to(change(before), found)
            expected = None if self._locking else before.parameters.get(METADATA_LOCATION)
            try:
                self._tell(name, struct, found, _context(expected))
                return
            except TException as fault:
                if is_missing(fault):
                    raise _no_table(name) from fault
                if _CHANGED_MEANWHILE not in text_of(fault):
                    raise LodestarError(HIVE_METASTORE_ERROR, text_of(fault)) from fault
            found = self._required_table(name)
        raise LodestarError(HIVE_METASTORE_ERROR, f"Table {name} changes all the time")

    def _tell(self, name: SchemaTableName, struct: Any, before: Any, context: Any) -> None:
        wanted, old = _comparable(struct), _comparable(before)

        def changed() -> bool:
            now = self._table(SchemaTableName(struct.dbName, struct.tableName))
            if now is not None and _comparable(now) == wanted:
                return True
            still = self._table(name)
            if still is not None and _comparable(still) == old:
                return False
            raise LodestarError(HIVE_METASTORE_ERROR, f"Table {name} has been changed by somebody else since")

        self._client.change(
            lambda calls: calls.alter_table_with_environment_context(
                self._in(name.schema), name.table, struct, context
            ),
            changed,
        )

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND."""
        import copy

        found = self._required_table(name)
        struct = copy.copy(found)
        struct.dbName, struct.tableName = new_name.schema, new_name.table
        with refusals(missing=lambda: _no_table(name)):
            self._client.change(
                lambda calls: calls.alter_table_with_environment_context(
                    self._in(name.schema), name.table, struct, _context()
                ),
                lambda: self._table(name) is None and self._table(new_name) is not None,
            )

    def drop_table(self, table: Table, *, delete_files: bool) -> None:
        """Raises: TABLE_NOT_FOUND."""
        name = table.name
        with refusals(missing=lambda: _no_table(name)):
            self._client.change(
                lambda calls: calls.drop_table(self._in(name.schema), name.table, delete_files),
                lambda: self._table(name) is None,
            )

    # partitions
    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        """Values of partitions, in the order of the metastore, which compares single texts only."""
        name = table.name
        if not table.partition_columns:
            return []
        texts = [one[0] if one is not None and len(one) == 1 and _PLAIN(one[0]) else _ANY for one in wanted or ()]
        if any(texts):
            call = calling("get_partition_names_ps", self._in(name.schema), name.table, texts, -1)
        else:
            call = calling("get_partition_names", self._in(name.schema), name.table, -1)
        found = self._read(call, [])
        return [parse_partition_name(one, len(table.partition_columns)) for one in found]

    def _partitions(self, table: Table, values: Sequence[Values]) -> Iterator[Any]:
        name = table.name
        for some in _pieces([_partition_name(table, one) for one in values], PARTITIONS_PER_CALL):
            yield from self._read(calling("get_partitions_by_names", self._in(name.schema), name.table, some), [])

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]:
        """Those that are there."""
        return {one.values: one for one in map(partition_from, self._partitions(table, values))}

    def add_partitions(self, table: Table, partitions: Sequence[Partition]) -> None:
        """Raises: ALREADY_EXISTS."""
        added: list[Values] = []
        try:
            for some in _pieces(partitions, ADDED_PER_CALL):
                self._add(table, some)
                added += [one.values for one in some]
        except LodestarError:
            if added:
                self.drop_partitions(table, added, delete_files=False)
            raise

    def _add(self, table: Table, partitions: Sequence[Partition]) -> None:
        wanted = {one.values: one for one in partitions}

        def made() -> bool:
            found = self.find_partitions(table, list(wanted))
            return len(found) == len(wanted) and all(
                _same_query(one.parameters, wanted[values].parameters) for values, one in found.items()
            )

        def existing() -> LodestarError:
            return LodestarError(ALREADY_EXISTS, "Partition already exists")

        structs_ = [self._owned(partition_to(table, one)) for one in partitions]
        with refusals(missing=lambda: _no_table(table.name), existing=existing):
            self._client.change(lambda calls: calls.add_partitions(structs_), made)

    def alter_partitions(self, table: Table, changes: Mapping[Values, Callable[[Partition], Partition]]) -> None:
        """Partitions that are gone are left out."""
        name = table.name
        found = list(self._partitions(table, list(changes)))
        for some in _pieces(found, ADDED_PER_CALL):
            altered = []
            wanted: dict[Values, Partition] = {}
            for one in some:
                values = tuple(one.values)
                struct = partition_to(table, changes[values](partition_from(one)), one)
                altered.append(struct)
                wanted[values] = partition_from(struct)

            def made(wanted: Mapping[Values, Partition] = wanted) -> bool:
                now = self.find_partitions(table, list(wanted))
                return all(_basics(one) == _basics(now.get(values)) for values, one in wanted.items())

            with refusals(missing=lambda: _no_table(name)):
                self._client.change(
                    calling(
                        "alter_partitions_with_environment_context",
                        self._in(name.schema),
                        name.table,
                        altered,
                        _context(),
                    ),
                    made,
                )

    def drop_partitions(self, table: Table, values: Sequence[Values], *, delete_files: bool) -> None:
        """All of them or none."""
        api = structs()
        name = table.name
        request = api.DropPartitionsRequest(
            dbName=name.schema,
            tblName=name.table,
            parts=api.RequestPartsSpec(names=[_partition_name(table, one) for one in values]),
            deleteData=delete_files,
            ifExists=True,
            needResult=False,
        )
        self._owned(request)
        with refusals(missing=lambda: LodestarError(NOT_FOUND, f"Partition of {name} not found")):
            self._client.change(
                lambda calls: calls.drop_partitions_req(request), lambda: not self.find_partitions(table, values)
            )

    # figures
    def table_figures(self, table: Table) -> Figures:
        """Of the data columns."""
        name = table.name
        request = structs().TableStatsRequest(
            name.schema, name.table, [one.name for one in table.columns], engine=ENGINE
        )
        found = self._read(lambda calls: calls.get_table_statistics_req(self._owned(request)).tableStats, [])
        return figures_from(found)

    def partition_figures(self, table: Table, values: Sequence[Values]) -> Mapping[Values, Figures]:
        """Of the data columns."""
        name = table.name
        found: dict[Values, Figures] = {}
        columns = [one.name for one in table.columns]
        for some in _pieces([_partition_name(table, one) for one in values], PARTITIONS_PER_CALL):
            request = self._owned(
                structs().PartitionsStatsRequest(name.schema, name.table, columns, some, engine=ENGINE)
            )
            answer = self._read(calling("get_partitions_statistics_req", request))
            for partition, statistics in ({} if answer is None else answer.partStats).items():
                found[parse_partition_name(partition, len(table.partition_columns))] = figures_from(statistics)
        return found

    def _description(self, table: Table, partition: str | None = None) -> Any:
        name = table.name
        return self._owned(
            structs().ColumnStatisticsDesc(partition is None, name.schema, name.table, partName=partition)
        )

    def put_table_figures(self, table: Table, figures: Figures, gone: Iterable[str]) -> None:
        """Repeating it does no harm."""
        written = figures_to({one.name: one.type for one in table.columns}, figures)
        statistics = structs().ColumnStatistics(self._description(table), written, engine=ENGINE)
        name = table.name
        with refusals(missing=lambda: _no_table(name)):
            if written:
                self._client.read(lambda calls: calls.update_table_column_statistics(statistics))
            for column in gone:
                self._client.read(
                    calling("delete_table_column_statistics", self._in(name.schema), name.table, column, ENGINE)
                )

    def put_partition_figures(
        self, table: Table, figures: Mapping[Values, Figures], gone: Mapping[Values, Iterable[str]]
    ) -> None:
        """Several partitions at a time; repeating it does no harm."""
        putting = [self._writers.submit(self._put, table, some) for some in self._written(table, figures)]
        for one in putting:
            one.result()
        # Not beside each other: both change what a partition says of its figures.
        forgetting = [self._writers.submit(self._forget, table, *one) for one in gone.items() if one[1]]
        for one in forgetting:
            one.result()

    def _written(self, table: Table, figures: Mapping[Values, Figures]) -> Iterator[list[Any]]:
        """What one call may carry: a metastore spends up to some milliseconds on a figure."""
        types = {one.name: one.type for one in table.columns}
        for some in _pieces(list(figures), max(1, FIGURES_PER_CALL // max(1, len(types)))):
            written = [
                structs().ColumnStatistics(
                    self._description(table, _partition_name(table, values)), shown, engine=ENGINE
                )
                for values in some
                if (shown := figures_to(types, figures[values]))
            ]
            if written:
                yield written

    def _put(self, table: Table, written: Sequence[Any]) -> None:
        request = structs().SetPartitionsStatsRequest(written, needMerge=False, engine=ENGINE)
        with refusals(missing=lambda: _no_table(table.name)):
            self._client.read(calling("set_aggr_stats_for", request))

    def _forget(self, table: Table, values: Values, columns: Iterable[str]) -> None:
        name, partition = table.name, _partition_name(table, values)
        with refusals(missing=lambda: _no_table(name)):
            for column in columns:
                self._client.read(
                    calling(
                        "delete_partition_column_statistics",
                        self._in(name.schema),
                        name.table,
                        partition,
                        column,
                        ENGINE,
                    )
                )

    # functions
    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        """Those that are kept as Trino keeps them."""
        found = []
        names = self._read(lambda calls: calls.get_functions(self._in(schema), f"{functions.RESOURCE_PREFIX}*"), [])
        for resource in names:
            name = functions.resource_function(resource)
            one = self._read(calling("get_function", self._in(schema), resource))
            if name is not None and one is not None:
                pieces = [piece.uri for piece in one.resourceUris or ()]
                found.append((name, functions.from_resources(resource, pieces)))
        return found

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        """Raises: ALREADY_EXISTS unless it may be replaced."""
        api = structs()
        resource = functions.resource_name(name.table, function.signature)
        struct = api.Function(
            functionName=resource,
            dbName=name.schema,
            className="TrinoFunction",
            ownerName=function.owner,
            ownerType=api.PrincipalType.USER,
            createTime=0,
            functionType=api.FunctionType.JAVA,
            resourceUris=[api.ResourceUri(api.ResourceType.FILE, one) for one in functions.to_resources(function)],
        )
        self._owned(struct)
        there = self._find_function(name.schema, resource)
        if there is not None and not replace:
            raise LodestarError(ALREADY_EXISTS, "Function already exists")
        if there is not None:
            self._drop_function(name.schema, resource)
        with refusals(
            missing=lambda: _no_schema(name.schema),
            existing=lambda: LodestarError(ALREADY_EXISTS, "Function already exists"),
        ):
            self._client.change(
                lambda calls: calls.create_function(struct),
                lambda: self._find_function(name.schema, resource) is not None,
            )

    def _find_function(self, schema: str, resource: str) -> Any:
        return self._read(lambda calls: calls.get_function(self._in(schema), resource))

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """Raises: NOT_FOUND."""
        resource = functions.resource_name(name.table, signature)
        if self._find_function(name.schema, resource) is None:
            raise LodestarError(NOT_FOUND, "Function not found")
        self._drop_function(name.schema, resource)

    def _drop_function(self, schema: str, resource: str) -> None:
        with refusals(missing=lambda: LodestarError(NOT_FOUND, "Function not found")):
            self._client.change(
                lambda calls: calls.drop_function(self._in(schema), resource),
                lambda: self._find_function(schema, resource) is None,
            )

    def permissions(self) -> Permissions:
        """Those of the metastore."""
        return self._permissions

    def _existing_table(self, name: SchemaTableName) -> Table:
        return table_from(self._required_table(name))

    def close(self) -> None:
        """Connections and threads go."""
        self._writers.shutdown(wait=False, cancel_futures=True)
        self._client.close()


def _context(expected_location: str | None = None) -> Any:
    # Without it the metastore lists all files of a table to count them.
    properties = {"DO_NOT_UPDATE_STATS": "true"}
    if expected_location is not None:
        properties |= {"expected_parameter_key": METADATA_LOCATION, "expected_parameter_value": expected_location}
    return structs().EnvironmentContext(properties)


def _comparable(struct: Any) -> tuple[Any, ...]:
    table = table_from(struct)
    parameters = {key: value for key, value in table.parameters.items() if key not in _TIMES}
    return table.name, table.owner, parameters, table.columns, table.partition_columns, table.location


def _basics(partition: Partition | None) -> Any:
    if partition is None:
        return None
    return {key: value for key, value in partition.parameters.items() if key not in _TIMES}


def _same_query(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return any(key in wanted and found.get(key) == wanted[key] for key in (QUERY_ID, METADATA_LOCATION))


def _partition_name(table: Table, values: Values) -> str:
    return make_partition_name([column.name for column in table.partition_columns], values)


def _pieces(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _no_schema(name: str) -> LodestarError:
    return LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name}' not found")


def _no_table(name: SchemaTableName) -> LodestarError:
    return LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
