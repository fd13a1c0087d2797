"""Alembic: operations as text, a migration on a server, and comparisons."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

pytest.importorskip("alembic", reason="Alembic is not installed")
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations

import sqlalchemy_lodestar.migrations  # noqa: F401  (registers itself)
from sqlalchemy_lodestar.dialect import LodestarDialect


def test_operations_as_text():
    written = io.StringIO()
    context = MigrationContext.configure(dialect=LodestarDialect(), opts={"as_sql": True, "output_buffer": written})
    operations = Operations(context)
    operations.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.String))
    operations.add_column("t", sa.Column("d", sa.Date, comment="day"), schema="hive.s")
    operations.drop_column("t", "n")
    operations.rename_table("t", "u")
    operations.alter_column("u", "d", new_column_name="e")
    operations.alter_column("u", "e", type_=sa.BigInteger, existing_type=sa.Integer)
    operations.alter_column("u", "e", nullable=True, existing_type=sa.BigInteger)
    statements = [" ".join(one.split()) for one in written.getvalue().split(";") if one.strip()]
    assert statements == [
        "CREATE TABLE t ( id INTEGER, n VARCHAR )",
        "ALTER TABLE hive.s.t ADD COLUMN d DATE COMMENT 'day'",
        "ALTER TABLE t DROP COLUMN n",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE u RENAME COLUMN d TO e",
        "ALTER TABLE u ALTER COLUMN e SET DATA TYPE BIGINT",
        "ALTER TABLE u ALTER COLUMN e DROP NOT NULL",
    ]


def test_comparing_a_model_with_its_tables(memory_engine):
    metadata = sa.MetaData()
    sa.Table("migrated_parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
    child = sa.Table(
        "migrated_child",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent", sa.Integer, sa.ForeignKey("migrated_parent.id"), index=True, unique=True),
        sa.Column("at", sa.DateTime),
        sa.Column("ratio", sa.Float),
    )

    def is_ours(name, kind, parents):
        return kind != "table" or "migrated" in name

    def differences(connection):
        options = {"target_metadata": metadata, "include_name": is_ours}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        return [(one[0], one[3].name) if one[0] == "add_column" else one for one in found]

    with memory_engine.connect() as connection:
        metadata.create_all(connection)
        try:
            assert differences(connection) == []
            child.append_column(sa.Column("more", sa.String))
            assert differences(connection) == [("add_column", "more")]
            Operations(MigrationContext.configure(connection)).add_column(
                "migrated_child", sa.Column("more", sa.String)
            )
            assert differences(connection) == []
        finally:
            metadata.drop_all(connection)
