"""What a database holds, asked of `information_schema` and `system`.

Names are folded to lower case in every question: Trino resolves them so and stores them so, however they were written.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exc, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope, ReflectionDefaults, cache
from sqlalchemy.exc import SAWarning
from sqlalchemy.sql import sqltypes

from sqlalchemy_lodestar.compiler import split_schema
from sqlalchemy_lodestar.types import read_type

# The connectors whose "table$partitions" has one column for each partition column.
PARTITIONED_BY_COLUMNS = ("hive", "hive-hadoop2")

_KINDS = {
    ObjectKind.TABLE: "table",
    ObjectKind.VIEW: "view",
    ObjectKind.MATERIALIZED_VIEW: "materialized view",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where tables are; `information_schema` is the quoted name of that schema in the catalog."""

    catalog: str
    schema: str
    information_schema: str


class LodestarInspector(Inspector):
    """SQLAlchemy's Inspector, and catalogs."""

    def get_catalog_names(self) -> list[str]:
        """The catalogs of the server."""
        with self._operation_context() as connection:
            names: list[str] = self.dialect.get_catalog_names(connection, info_cache=self.info_cache)  # type: ignore[attr-defined]
            return names


class Reflection:
    """The part of the dialect that asks. `schema` may be `catalog.schema`; `lodestar_catalog` is stronger."""

    inspector = LodestarInspector
    reflection_options = ("lodestar_catalog",)

    identifier_preparer: Any
    default_schema_name: str | None

    # ---- names

    @cache
    def get_catalog_names(self, connection: Connection, **keywords: Any) -> list[str]:
        """The catalogs of the server."""
        return _first_of_each(connection, "SELECT catalog_name FROM system.metadata.catalogs ORDER BY 1")

    @cache
    def get_schema_names(self, connection: Connection, **keywords: Any) -> list[str]:
        """The schemas of the catalog of the connection (or of the option `lodestar_catalog`)."""
        catalog = self._catalog(connection, None, keywords)
        source = f"{self._quoted(catalog)}.information_schema.schemata"
        return _first_of_each(connection, f"SELECT schema_name FROM {source} ORDER BY 1")

    @cache
    def has_schema(self, connection: Connection, schema_name: str, schema: str | None = None, **keywords: Any) -> bool:
        """Whether the schema exists."""
        place = self._place(connection, schema_name, keywords)
        source = f"{self._quoted(place.catalog)}.information_schema.schemata"
        question = f"SELECT schema_name FROM {source} WHERE schema_name = :schema"
        return bool(_first_of_each(connection, question, schema=place.schema))

    @cache
    def get_table_names(self, connection: Connection, schema: str | None = None, **keywords: Any) -> list[str]:
        """Tables, without views and materialized views."""
        return self._names(connection, schema, "table", keywords)

    @cache
    def get_view_names(self, connection: Connection, schema: str | None = None, **keywords: Any) -> list[str]:
        """Views, without materialized ones."""
        return self._names(connection, schema, "view", keywords)

    @cache
    def get_materialized_view_names(
        self, connection: Connection, schema: str | None = None, **keywords: Any
    ) -> list[str]:
        """Materialized views."""
        return self._names(connection, schema, "materialized view", keywords)

    def get_temp_table_names(self, connection: Connection, schema: str | None = None, **keywords: Any) -> list[str]:
        """There are none."""
        return []

    def get_temp_view_names(self, connection: Connection, schema: str | None = None, **keywords: Any) -> list[str]:
        """There are none."""
        return []

    def get_sequence_names(self, connection: Connection, schema: str | None = None, **keywords: Any) -> list[str]:
        """There are none."""
        return []

    def has_sequence(self, connection: Connection, sequence_name: str, schema: str | None = None, **kw: Any) -> bool:
        """There are none."""
        return False

    def has_index(
        self, connection: Connection, table_name: str, index_name: str, schema: str | None = None, **keywords: Any
    ) -> bool:
        """Whether the table has an index of the name."""
        if not self.has_table(connection, table_name, schema, **keywords):
            return False
        return any(
            index["name"] == index_name for index in self.get_indexes(connection, table_name, schema, **keywords)
        )

    @cache
    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any) -> bool:
        """Whether a table, view or materialized view of the name exists."""
        place = self._place(connection, schema, keywords)
        question = (
            f"SELECT table_name FROM {place.information_schema}.tables "
            "WHERE table_schema = :schema AND table_name = :table"
        )
        return bool(_first_of_each(connection, question, schema=place.schema, table=_folded(table_name)))

    # ---- columns

    @cache
    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> list[ReflectedColumn]:
        """Columns in order, with type, nullability, comment and default. Raises: NoSuchTableError."""
        place = self._place(connection, schema, keywords)
        question = (
            "SELECT table_name, column_name, data_type, is_nullable, column_default, comment "
            f"FROM {place.information_schema}.columns "
            "WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position"
        )
        rows = connection.execute(text(question), {"schema": place.schema, "table": _folded(table_name)})
        columns = [_column(row) for row in rows]
        if not columns:
            raise exc.NoSuchTableError(_shown(table_name, schema))
        return columns

    def get_multi_columns(
        self,
        connection: Connection,
        *,
        schema: str | None = None,
        filter_names: Collection[str] | None = None,
        scope: ObjectScope = ObjectScope.DEFAULT,
        kind: ObjectKind = ObjectKind.TABLE,
        **keywords: Any,
    ) -> Iterator[tuple[tuple[str | None, str], list[ReflectedColumn]]]:
        """The columns of many tables in one question."""
        names = self._wanted(connection, schema, filter_names, scope, kind, keywords)
        if not names:
            return
        place = self._place(connection, schema, keywords)
        question = (
            "SELECT table_name, column_name, data_type, is_nullable, column_default, comment "
            f"FROM {place.information_schema}.columns "
            "WHERE table_schema = :schema ORDER BY table_name, ordinal_position"
        )
        found: dict[str, list[ReflectedColumn]] = {}
        for row in connection.execute(text(question), {"schema": place.schema}):
            if row.table_name in names:
                found.setdefault(row.table_name, []).append(_column(row))
        for folded, columns in found.items():
            yield (schema, names[folded]), columns

    # ---- texts

    @cache
    def get_view_definition(
        self, connection: Connection, view_name: str, schema: str | None = None, **keywords: Any
    ) -> str:
        """The query of a view or materialized view. Raises: NoSuchTableError."""
        place = self._place(connection, schema, keywords)
        names = {"schema": place.schema, "view": _folded(view_name)}
        found = connection.execute(
            text(
                f"SELECT view_definition FROM {place.information_schema}.views "
                "WHERE table_schema = :schema AND table_name = :view"
            ),
            names,
        ).scalar()
        if found is None:
            found = connection.execute(
                text(
                    "SELECT definition FROM system.metadata.materialized_views "
                    "WHERE catalog_name = :catalog AND schema_name = :schema AND name = :view"
                ),
                {"catalog": place.catalog, **names},
            ).scalar()
        if found is None:
            raise exc.NoSuchTableError(_shown(view_name, schema))
        return str(found)

    @cache
    def get_table_comment(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> dict[str, Any]:
        """The comment of a table or view. Raises: NoSuchTableError."""
        place = self._place(connection, schema, keywords)
        row = connection.execute(
            text(
                "SELECT comment FROM system.metadata.table_comments "
                "WHERE catalog_name = :catalog AND schema_name = :schema AND table_name = :table"
            ),
            {"catalog": place.catalog, "schema": place.schema, "table": _folded(table_name)},
        ).first()
        if row is None:
            self._require_table(connection, table_name, schema, keywords)
            return {"text": None}
        return {"text": row[0]}

    def get_multi_table_comment(
        self,
        connection: Connection,
        *,
        schema: str | None = None,
        filter_names: Collection[str] | None = None,
        scope: ObjectScope = ObjectScope.DEFAULT,
        kind: ObjectKind = ObjectKind.TABLE,
        **keywords: Any,
    ) -> Iterator[tuple[tuple[str | None, str], dict[str, Any]]]:
        """The comments of many tables in one question."""
        names = self._wanted(connection, schema, filter_names, scope, kind, keywords)
        if not names:
            return
        place = self._place(connection, schema, keywords)
        question = (
            "SELECT table_name, comment FROM system.metadata.table_comments "
            "WHERE catalog_name = :catalog AND schema_name = :schema"
        )
        rows = connection.execute(text(question), {"catalog": place.catalog, "schema": place.schema})
        comments = {row[0]: row[1] for row in rows}
        for folded, name in names.items():
            yield (schema, name), {"text": comments.get(folded)}

    # ---- what Trino has not

    def get_pk_constraint(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> dict[str, Any]:
        """No columns: Trino has no keys. Raises: NoSuchTableError."""
        self._require_table(connection, table_name, schema, keywords)
        return dict(ReflectionDefaults.pk_constraint())

    def get_foreign_keys(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> list[Any]:
        """There are none. Raises: NoSuchTableError."""
        self._require_table(connection, table_name, schema, keywords)
        return []

    def get_unique_constraints(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> list[Any]:
        """There are none. Raises: NoSuchTableError."""
        self._require_table(connection, table_name, schema, keywords)
        return []

    def get_check_constraints(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> list[Any]:
        """There are none. Raises: NoSuchTableError."""
        self._require_table(connection, table_name, schema, keywords)
        return []

    def get_multi_pk_constraint(self, connection: Connection, **keywords: Any) -> Iterator[Any]:
        """As for one table, without a question for each."""
        return self._same_for_all(connection, ReflectionDefaults.pk_constraint, **keywords)

    def get_multi_foreign_keys(self, connection: Connection, **keywords: Any) -> Iterator[Any]:
        """As for one table, without a question for each."""
        return self._same_for_all(connection, list, **keywords)

    def get_multi_unique_constraints(self, connection: Connection, **keywords: Any) -> Iterator[Any]:
        """As for one table, without a question for each."""
        return self._same_for_all(connection, list, **keywords)

    def get_multi_check_constraints(self, connection: Connection, **keywords: Any) -> Iterator[Any]:
        """As for one table, without a question for each."""
        return self._same_for_all(connection, list, **keywords)

    def _same_for_all(
        self,
        connection: Connection,
        value: Callable[[], Any],
        *,
        schema: str | None = None,
        filter_names: Collection[str] | None = None,
        scope: ObjectScope = ObjectScope.DEFAULT,
        kind: ObjectKind = ObjectKind.TABLE,
        **keywords: Any,
    ) -> Iterator[Any]:
        for name in self._wanted(connection, schema, filter_names, scope, kind, keywords).values():
            yield (schema, name), value()

    # ---- partitions

    @cache
    def get_indexes(
        self, connection: Connection, table_name: str, schema: str | None = None, **keywords: Any
    ) -> list[dict[str, Any]]:
        """The partition columns of a Hive table as one index named `partition`. Raises: NoSuchTableError."""
        self._require_table(connection, table_name, schema, keywords)
        place = self._place(connection, schema, keywords)
        if self._connector(connection, place.catalog, info_cache=keywords.get("info_cache")) not in (
            PARTITIONED_BY_COLUMNS
        ):
            return []
        partitions = ".".join(map(self._quoted, (place.catalog, place.schema, f"{_folded(table_name)}$partitions")))
        try:
            columns = list(connection.execute(text(f"SELECT * FROM {partitions} LIMIT 0")).keys())
        except exc.DBAPIError as fault:
            # a table without partitions (or a view) has no such companion; who may not see it is told nothing
            if getattr(fault.orig, "error_name", None) in ("TABLE_NOT_FOUND", "PERMISSION_DENIED"):
                return []
            raise
        return [{"name": "partition", "column_names": columns, "unique": False}]

    def get_multi_indexes(self, connection: Connection, *, schema: str | None = None, **keywords: Any) -> Iterator[Any]:
        """As for one table; only where there may be partitions is there a question for each."""
        place = self._place(connection, schema, keywords)
        connector = self._connector(connection, place.catalog, info_cache=keywords.get("info_cache"))
        if connector not in PARTITIONED_BY_COLUMNS:
            return self._same_for_all(connection, list, schema=schema, **keywords)
        found: Iterator[Any] = super().get_multi_indexes(connection, schema=schema, **keywords)  # type: ignore[misc]
        return found

    @cache
    def _connector(self, connection: Connection, catalog: str, **keywords: Any) -> str | None:
        """The name of the connector behind a catalog."""
        question = "SELECT connector_name FROM system.metadata.catalogs WHERE catalog_name = :catalog"
        names = _first_of_each(connection, question, catalog=catalog)
        return names[0] if names else None

    # ---- shared

    def _names(self, connection: Connection, schema: str | None, kind: str, keywords: dict[str, Any]) -> list[str]:
        place = self._place(connection, schema, keywords)
        materialized = (
            "SELECT name FROM system.metadata.materialized_views "
            "WHERE catalog_name = :catalog AND schema_name = :schema"
        )
        names = {"schema": place.schema}
        if kind == "materialized view":
            return _first_of_each(connection, f"{materialized} ORDER BY 1", catalog=place.catalog, **names)
        question = f"SELECT table_name FROM {place.information_schema}.tables WHERE table_schema = :schema "
        if kind == "view":
            return _first_of_each(connection, f"{question} AND table_type = 'VIEW' ORDER BY 1", **names)
        # Trino counts materialized views among the tables
        tables = _first_of_each(connection, f"{question} AND table_type = 'BASE TABLE' ORDER BY 1", **names)
        views = set(_first_of_each(connection, materialized, catalog=place.catalog, **names)) if tables else set()
        return [name for name in tables if name not in views]

    def _wanted(
        self,
        connection: Connection,
        schema: str | None,
        filter_names: Collection[str] | None,
        scope: ObjectScope,
        kind: ObjectKind,
        keywords: dict[str, Any],
    ) -> dict[str, str]:
        """The tables a question for many is about: folded name → the name as it was asked for."""
        if ObjectScope.DEFAULT not in scope:
            return {}
        names: list[str] = []
        for one, name_of_kind in _KINDS.items():
            if one in kind:
                found = {"table": self.get_table_names, "view": self.get_view_names}.get(
                    name_of_kind, self.get_materialized_view_names
                )
                names += found(connection, schema, **keywords)
        if filter_names is None:
            return {name: name for name in names}
        asked = {_folded(name): name for name in filter_names}
        return {name: asked[name] for name in names if name in asked}

    def _require_table(
        self, connection: Connection, table_name: str, schema: str | None, keywords: dict[str, Any]
    ) -> None:
        if not self.has_table(connection, table_name, schema, **keywords):
            raise exc.NoSuchTableError(_shown(table_name, schema))

    def _catalog(self, connection: Connection, named: str | None, keywords: dict[str, Any]) -> str:
        catalog = keywords.get("lodestar_catalog") or named or _session(connection).catalog
        if catalog is None:
            raise exc.InvalidRequestError(
                "reflection needs a catalog: in the URL (lodestar://host/catalog), or as schema='catalog.schema'"
            )
        return _folded(catalog)

    def _place(self, connection: Connection, schema: str | None, keywords: dict[str, Any]) -> Place:
        named, name = (None, None) if schema is None else split_schema(schema)
        catalog = self._catalog(connection, named, keywords)
        name = name or _session(connection).schema or self.default_schema_name
        if name is None:
            raise exc.InvalidRequestError("reflection needs a schema: in the URL (…/catalog/schema), or as schema='…'")
        return Place(catalog, _folded(name), f"{self._quoted(catalog)}.information_schema")

    def _quoted(self, name: str) -> str:
        quoted: str = self.identifier_preparer.quote_identifier(name)
        return quoted


def _session(connection: Connection) -> Any:
    """What the driver knows of the session: `catalog` and `schema` follow USE."""
    driver_connection: Any = connection.connection.driver_connection
    return driver_connection.session


def _first_of_each(connection: Connection, question: str, **names: str) -> list[str]:
    return [str(name) for name in connection.execute(text(question), names).scalars()]


def _column(row: Any) -> ReflectedColumn:
    type_ = read_type(row.data_type)
    if type_ is None:
        warnings.warn(
            f"Did not recognize type '{row.data_type}' of column '{row.column_name}'", SAWarning, stacklevel=2
        )
        type_ = sqltypes.NullType()
    return {
        "name": row.column_name,
        "type": type_,
        "nullable": row.is_nullable == "YES",
        "default": row.column_default,
        "comment": row.comment,
    }


def _folded(name: str) -> str:
    return str(name).lower()


def _shown(name: str, schema: str | None) -> str:
    return name if schema is None else f"{schema}.{name}"
