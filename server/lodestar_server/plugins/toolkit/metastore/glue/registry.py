"""Glue's actions as a `Registry`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as changed
from typing import Any

from lodestar_server.plugins.toolkit.metastore import functions
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.glue.client import GlueClient, GlueRefused
from lodestar_server.plugins.toolkit.metastore.glue.config import GlueConfig
from lodestar_server.plugins.toolkit.metastore.glue.convert import (
    METADATA_LOCATION,
    database_from,
    database_to,
    partition_from,
    partition_to,
    table_from,
    table_to,
)
from lodestar_server.plugins.toolkit.metastore.glue.expressions import partition_expression
from lodestar_server.plugins.toolkit.metastore.glue.figures import figures_from, figures_to
from lodestar_server.plugins.toolkit.metastore.glue.permissions import GluePermissions
from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.remote.registry import Figures, Values
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

FETCHED_PER_REQUEST = 1000
ADDED_PER_REQUEST = 100
DROPPED_PER_REQUEST = 25
COLUMNS_READ = 100
COLUMNS_WRITTEN = 25
_ATTEMPTS = 10
_MEANWHILE = ("ConcurrentModificationException", "VersionMismatchException")


class GlueRegistry:
    """A `Registry`. Thread-safe."""

    def __init__(self, client: GlueClient, config: GlueConfig) -> None:
        self._client = client
        self._config = config

    # databases
    def list_databases(self) -> list[str]:
        """All of them."""
        return [one["Name"] for one in self._client.pages("get_databases", "DatabaseList")]

    def find_database(self, name: str) -> Database | None:
        """None when there is none; one without a place of its own is in the default warehouse."""
        found = self._client.find("get_database", Name=name)
        if found is None:
            return None
        database = database_from(found["Database"])
        home = self._config.default_warehouse_dir
        if database.location is None and home is not None:
            return changed(database, location=f"{home.rstrip('/')}/{name}.db")
        return database

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        home = self._config.default_warehouse_dir
        if database.location is None and home is not None:
            database = changed(database, location=f"{home.rstrip('/')}/{database.name}.db")

        def made() -> bool:
            found = self.find_database(database.name)
            return found is not None and _same(found.parameters, database.parameters)

        try:
            self._client.change(made, "create_database", DatabaseInput=database_to(database))
        except GlueRefused as refused:
            # An earlier try of the library may have been the one.
            if refused.existing and made():
                return
            if refused.existing:
                raise LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{database.name}'") from refused
            raise refused.error() from refused

    def replace_database(self, database: Database) -> None:
        """Raises: NOT_SUPPORTED: Glue keeps no owners."""
        not_supported("setting the database owner is not supported by Glue")

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, SCHEMA_ALREADY_EXISTS."""
        found = self._client.find("get_database", Name=name)
        if found is None:
            raise _no_schema(name)
        renamed = database_to(changed(database_from(found["Database"]), name=new_name))
        try:
            self._client.change(
                lambda: self.find_database(new_name) is not None,
                "update_database",
                Name=name,
                DatabaseInput=renamed,
            )
        except GlueRefused as refused:
            if refused.existing:
                raise LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{new_name}'") from refused
            raise refused.error() from refused

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND."""
        if self._client.pages("get_tables", "TableList", DatabaseName=name):
            # Glue would delete the tables as well.
            raise LodestarError(HIVE_METASTORE_ERROR, f"Database {name} is not empty")
        with_missing = _no_schema(name)
        self._dropped(with_missing, lambda: self.find_database(name) is None, "delete_database", Name=name)

    def _dropped(self, missing: LodestarError, gone: Callable[[], bool], operation: str, **parameters: Any) -> None:
        try:
            self._client.change(gone, operation, **parameters)
        except GlueRefused as refused:
            raise (missing if refused.missing else refused.error()) from refused

    # tables
    def list_tables(self, schema: str) -> list[str]:
        """Tables and views."""
        return [one["Name"] for one in self._client.pages("get_tables", "TableList", DatabaseName=schema)]

    def _table(self, name: SchemaTableName) -> Any:
        found = self._client.find("get_table", DatabaseName=name.schema, Name=name.table)
        return None if found is None else found["Table"]

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None when there is none."""
        found = self._table(name)
        return None if found is None else table_from(found)

    def create_table(self, table: Table, user: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        self._create(table.name, table_to(table), table.parameters)

    def _create(self, name: SchemaTableName, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        def made() -> bool:
            found = self.find_table(name)
            return found is not None and _same(found.parameters, parameters)

        try:
            self._client.change(made, "create_table", DatabaseName=name.schema, TableInput=document)
        except GlueRefused as refused:
            if refused.missing:
                raise _no_schema(name.schema) from refused
            if refused.existing and made():
                return
            if refused.existing:
                raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'") from refused
            raise refused.error() from refused

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Only as it was seen: Glue compares versions. Raises: TABLE_NOT_FOUND."""
        for _ in range(_ATTEMPTS):
            found = self._required(name)
            document = table_to(change(table_from(found)), found)
            version = {"VersionId": found["VersionId"]} if found.get("VersionId") else {}

            def made(document: Mapping[str, Any] = document, found: Any = found) -> bool:
                now = self._required(name)
                if now.get("Parameters") == document["Parameters"]:
                    return True
                if now.get("VersionId") == found.get("VersionId"):
                    return False
                raise LodestarError(HIVE_METASTORE_ERROR, f"Table {name} has been changed by somebody else since")

            try:
                self._client.change(
                    made,
                    "update_table",
                    DatabaseName=name.schema,
                    TableInput=document,
                    SkipArchive=self._config.skip_archive,
                    **version,
                )
                return
            except GlueRefused as refused:
                if refused.missing:
                    raise _no_table(name) from refused
                if refused.code not in _MEANWHILE:
                    raise refused.error() from refused
        raise LodestarError(HIVE_METASTORE_ERROR, f"Table {name} changes all the time")

    def _required(self, name: SchemaTableName) -> Any:
        found = self._table(name)
        if found is None:
            raise _no_table(name)
        return found

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Glue cannot: the table is made again with its partitions, then the old one goes. The files stay."""
        found = self._required(name)
        table = table_from(found)
        renamed = changed(table, name=new_name)
        self._create(new_name, {**table_to(table, found), "Name": new_name.table}, table.parameters)
        try:
            if table.partition_columns:
                partitions = self.find_partitions(table, self.list_partitions(table))
                self.add_partitions(renamed, list(partitions.values()))
            self.drop_table(table, delete_files=False)
        except LodestarError:
            if self._table(name) is not None:
                self.drop_table(renamed, delete_files=False)
            raise

    def drop_table(self, table: Table, *, delete_files: bool) -> None:
        """Glue deletes no files. Raises: TABLE_NOT_FOUND."""
        name = table.name
        self._dropped(
            _no_table(name),
            lambda: self._table(name) is None,
            "delete_table",
            DatabaseName=name.schema,
            Name=name.table,
        )

    # partitions
    def _named(self, table: Table) -> dict[str, Any]:
        return {"DatabaseName": table.name.schema, "TableName": table.name.table}

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        """Values of partitions, listed in segments at the same time."""
        if not table.partition_columns:
            return []
        names = [column.name for column in table.partition_columns]
        expression = partition_expression(names, wanted) if wanted else ""
        filtering = {"Expression": expression} if expression else {}
        count = self._config.partition_segments
        each = [
            {
                **self._named(table),
                **filtering,
                "ExcludeColumnSchema": True,
                "Segment": {"SegmentNumber": number, "TotalSegments": count},
            }
            for number in range(count)
        ]
        found = self._client.pages_of_each("get_partitions", "Partitions", each)
        return sorted({tuple(one["Values"]) for one in found})

    def _partitions(self, table: Table, values: Sequence[Values]) -> list[Any]:
        found: list[Any] = []
        todo = [list(one) for one in values]
        while todo:
            each = [
                {**self._named(table), "PartitionsToGet": [{"Values": one} for one in some]}
                for some in _pieces(todo, FETCHED_PER_REQUEST)
            ]
            try:
                answers = self._client.ask_each("batch_get_partition", each)
            except GlueRefused as refused:
                if refused.missing:
                    return []
                raise refused.error() from refused
            found += [one for answer in answers for one in answer.get("Partitions", [])]
            left = [one["Values"] for answer in answers for one in answer.get("UnprocessedKeys", [])]
            if len(left) == len(todo):
                raise LodestarError(HIVE_METASTORE_ERROR, f"Glue does not give partitions of {table.name}")
            todo = left
        return found

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]:
        """Those that are there."""
        return {one.values: one for one in map(partition_from, self._partitions(table, values))}

    def add_partitions(self, table: Table, partitions: Sequence[Partition]) -> None:
        """Raises: ALREADY_EXISTS."""
        added: list[Values] = []
        try:
            for some in _pieces(partitions, ADDED_PER_REQUEST):
                self._add(table, some, added)
        except LodestarError:
            if added:
                self.drop_partitions(table, added, delete_files=False)
            raise

    def _add(self, table: Table, partitions: Sequence[Partition], added: list[Values]) -> None:
        wanted = {one.values: one for one in partitions}

        def made() -> bool:
            found = self.find_partitions(table, list(wanted))
            return all(
                values in found and _same(found[values].parameters, wanted[values].parameters) for values in wanted
            )

        inputs = [partition_to(table, one) for one in partitions]
        try:
            answer = self._client.ask("batch_create_partition", **self._named(table), PartitionInputList=inputs)
        except GlueRefused as refused:
            raise (_no_table(table.name) if refused.missing else refused.error()) from refused
        except LodestarError:
            if made():
                added += wanted
                return
            raise
        failed = {tuple(one["PartitionValues"]): one["ErrorDetail"] for one in answer.get("Errors", [])}
        added += [values for values in wanted if values not in failed]
        for values, detail in failed.items():
            if detail["ErrorCode"] == "AlreadyExistsException":
                there = self.find_partitions(table, [values]).get(values)
                if there is None or not _same(there.parameters, wanted[values].parameters):
                    raise LodestarError(ALREADY_EXISTS, "Partition already exists")
                added.append(values)
            else:
                raise LodestarError(HIVE_METASTORE_ERROR, str(detail.get("ErrorMessage") or detail["ErrorCode"]))

    def alter_partitions(self, table: Table, changes: Mapping[Values, Callable[[Partition], Partition]]) -> None:
        """Partitions that are gone are left out."""
        for some in _pieces(self._partitions(table, list(changes)), ADDED_PER_REQUEST):
            entries = [
                {
                    "PartitionValueList": one["Values"],
                    "PartitionInput": partition_to(table, changes[tuple(one["Values"])](partition_from(one)), one),
                }
                for one in some
            ]
            try:
                answer = self._client.ask("batch_update_partition", **self._named(table), Entries=entries)
            except GlueRefused as refused:
                raise (_no_table(table.name) if refused.missing else refused.error()) from refused
            for failed in answer.get("Errors", []):
                detail = failed["ErrorDetail"]
                if detail["ErrorCode"] != "EntityNotFoundException":
                    raise LodestarError(HIVE_METASTORE_ERROR, str(detail.get("ErrorMessage") or detail["ErrorCode"]))

    def drop_partitions(self, table: Table, values: Sequence[Values], *, delete_files: bool) -> None:
        """Glue deletes no files."""
        each = [
            {**self._named(table), "PartitionsToDelete": [{"Values": list(one)} for one in some]}
            for some in _pieces(values, DROPPED_PER_REQUEST)
        ]
        try:
            answers = self._client.ask_each("batch_delete_partition", each)
        except GlueRefused as refused:
            raise (_no_table(table.name) if refused.missing else refused.error()) from refused
        for answer in answers:
            for failed in answer.get("Errors", []):
                detail = failed["ErrorDetail"]
                if detail["ErrorCode"] != "EntityNotFoundException":
                    raise LodestarError(HIVE_METASTORE_ERROR, str(detail.get("ErrorMessage") or detail["ErrorCode"]))

    # figures
    def _figures(self, operation: str, columns: Sequence[str], **where: Any) -> Figures:
        each = [{**where, "ColumnNames": some} for some in _pieces(columns, COLUMNS_READ)]
        try:
            answers = self._client.ask_each(operation, each)
        except GlueRefused as refused:
            if refused.missing or refused.unimplemented:
                return {}
            raise refused.error() from refused
        return figures_from(one for answer in answers for one in answer.get("ColumnStatisticsList", []))

    def table_figures(self, table: Table) -> Figures:
        """Of the data columns."""
        names = [one.name for one in table.columns]
        return self._figures("get_column_statistics_for_table", names, **self._named(table))

    def partition_figures(self, table: Table, values: Sequence[Values]) -> Mapping[Values, Figures]:
        """Of the data columns; a request for each partition."""
        names = [one.name for one in table.columns]
        each = [
            {**self._named(table), "PartitionValues": list(one), "ColumnNames": some}
            for one in values
            for some in _pieces(names, COLUMNS_READ)
        ]
        try:
            answers = self._client.ask_each("get_column_statistics_for_partition", each)
        except GlueRefused as refused:
            if refused.missing or refused.unimplemented:
                return {}
            raise refused.error() from refused
        found: dict[Values, dict[str, Mapping[str, Any]]] = {}
        for where, answer in zip(each, answers, strict=True):
            known = figures_from(answer.get("ColumnStatisticsList", []))
            found.setdefault(tuple(where["PartitionValues"]), {}).update(known)
        return found

    def put_table_figures(self, table: Table, figures: Figures, gone: Iterable[str]) -> None:
        """Repeating it does no harm."""
        self._put("table", table, [(self._named(table), figures, gone)])

    def put_partition_figures(
        self, table: Table, figures: Mapping[Values, Figures], gone: Mapping[Values, Iterable[str]]
    ) -> None:
        """Several partitions at a time; repeating it does no harm."""
        both = {**dict.fromkeys(gone), **dict.fromkeys(figures)}
        parts = [
            ({**self._named(table), "PartitionValues": list(one)}, figures.get(one, {}), gone.get(one, ()))
            for one in both
        ]
        self._put("partition", table, parts)

    def _put(self, kind: str, table: Table, parts: Sequence[tuple[dict[str, Any], Figures, Iterable[str]]]) -> None:
        types = {one.name: one.type for one in table.columns}
        written = [
            {**where, "ColumnStatisticsList": some}
            for where, figures, _ in parts
            for some in _pieces(figures_to(types, figures), COLUMNS_WRITTEN)
        ]
        removed = [{**where, "ColumnName": column} for where, _, gone in parts for column in gone]
        try:
            self._client.ask_each(f"update_column_statistics_for_{kind}", written)
            self._client.ask_each(f"delete_column_statistics_for_{kind}", removed)
        except GlueRefused as refused:
            if not (refused.missing or refused.unimplemented):
                raise refused.error() from refused

    # functions
    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        """Those that are kept as Trino keeps them."""
        found = []
        for one in self._client.pages(
            "get_user_defined_functions",
            "UserDefinedFunctions",
            DatabaseName=schema,
            Pattern=f"{functions.RESOURCE_PREFIX}.*",
        ):
            name = functions.resource_function(one["FunctionName"])
            if name is not None:
                pieces = [piece["Uri"] for piece in one.get("ResourceUris") or ()]
                found.append((name, functions.from_resources(one["FunctionName"], pieces)))
        return found

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        """Raises: ALREADY_EXISTS unless it may be replaced."""
        resource = functions.resource_name(name.table, function.signature)
        document = {
            "FunctionName": resource,
            "ClassName": "TrinoFunction",
            "OwnerType": "USER",
            "ResourceUris": [{"ResourceType": "FILE", "Uri": one} for one in functions.to_resources(function)],
        }
        if function.owner is not None:
            document["OwnerName"] = function.owner
        there = self._client.find("get_user_defined_function", DatabaseName=name.schema, FunctionName=resource)
        if there is not None and not replace:
            raise LodestarError(ALREADY_EXISTS, "Function already exists")
        try:
            if there is None:
                self._client.ask("create_user_defined_function", DatabaseName=name.schema, FunctionInput=document)
            else:
                self._client.ask(
                    "update_user_defined_function",
                    DatabaseName=name.schema,
                    FunctionName=resource,
                    FunctionInput=document,
                )
        except GlueRefused as refused:
            if refused.existing:
                raise LodestarError(ALREADY_EXISTS, "Function already exists") from refused
            raise (_no_schema(name.schema) if refused.missing else refused.error()) from refused

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """Raises: NOT_FOUND."""
        resource = functions.resource_name(name.table, signature)
        self._dropped(
            LodestarError(NOT_FOUND, "Function not found"),
            lambda: True,
            "delete_user_defined_function",
            DatabaseName=name.schema,
            FunctionName=resource,
        )

    def permissions(self) -> Permissions | None:
        """Those of a service that keeps none."""
        return GluePermissions()

    def close(self) -> None:
        """Connections go."""
        self._client.close()


def _same(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return any(key in wanted and found.get(key) == wanted[key] for key in (QUERY_ID, METADATA_LOCATION))


def _pieces(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _no_schema(name: str) -> LodestarError:
    return LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name}' not found")


def _no_table(name: SchemaTableName) -> LodestarError:
    return LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
