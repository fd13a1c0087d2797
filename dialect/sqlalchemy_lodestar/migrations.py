"""Alembic for this dialect: ALTER as Trino writes it, and comparisons that know what is not sent.

Alembic finds it through the entry point group `alembic.plugins`; with an older Alembic import this module in `env.py`.
Statements commit one by one: Trino has no transactions around DDL. The table of versions is changed by UPDATE and
DELETE, so it belongs into a catalog that has them (`version_table_schema="iceberg.admin"`).
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.base import ColumnName, ColumnType, alter_table, format_column_name, format_type
from alembic.ddl.impl import DefaultImpl
from sqlalchemy import Table
from sqlalchemy.ext.compiler import compiles


class LodestarImpl(DefaultImpl):  # type: ignore[misc, unused-ignore]  # without Alembic it is Any
    """Found by the name of the dialect."""

    __dialect__ = "lodestar"
    transactional_ddl = False

    def correct_for_autogen_constraints(
        self, conn_uniques: Any, conn_indexes: Any, metadata_unique_constraints: Any, metadata_indexes: Any
    ) -> None:
        """Unique constraints and indexes of a model are not sent, and partitions are no index of a model."""
        for found in (conn_uniques, conn_indexes, metadata_unique_constraints, metadata_indexes):
            found.clear()

    def correct_for_autogen_foreignkeys(self, conn_fks: Any, metadata_fks: Any) -> None:
        """Foreign keys of a model are not sent."""
        metadata_fks.clear()

    def autogen_column_reflect(self, inspector: Any, table: Table, column_info: Any) -> None:
        """A column that is a key in the model is compared as one: its NOT NULL is not sent either."""
        model = _model_table(self, table)
        if model is not None and any(
            column.name.lower() == column_info["name"] and column.primary_key for column in model.columns
        ):
            column_info["nullable"] = False


def _model_table(impl: LodestarImpl, table: Table) -> Table | None:
    context = impl.context_opts.get("target_metadata")
    for metadata in context if isinstance(context, (list, tuple)) else [context]:
        if metadata is not None:
            for model in metadata.tables.values():
                if model.name.lower() == table.name.lower() and model.schema == table.schema:
                    found: Table = model
                    return found
    return None


@compiles(ColumnType, "lodestar")
def _column_type(element: ColumnType, compiler: Any, **keywords: Any) -> str:
    table = alter_table(compiler, element.table_name, element.schema)
    column = format_column_name(compiler, element.column_name)
    return f"{table} ALTER COLUMN {column} SET DATA TYPE {format_type(compiler, element.type_)}"


@compiles(ColumnName, "lodestar")
def _column_name(element: ColumnName, compiler: Any, **keywords: Any) -> str:
    table = alter_table(compiler, element.table_name, element.schema)
    old, new = (format_column_name(compiler, name) for name in (element.column_name, element.newname))
    return f"{table} RENAME COLUMN {old} TO {new}"


def setup(plugin: Any) -> None:
    """Called by Alembic when it finds this plugin; importing it was all."""
