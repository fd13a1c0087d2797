"""What SQLAlchemy's compliance suite needs done to a database around its tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.testing.provision import delete_from_all_tables, set_default_schema_on_connection

from sqlalchemy_lodestar.requirements import modifies_rows


@delete_from_all_tables.for_db("lodestar")
def _delete_from_all_tables(connection: Any, cfg: Any, metadata: Any) -> None:
    """TRUNCATE where the connector has no DELETE."""
    inspector = inspect(connection)
    modifies = modifies_rows(cfg.db)
    for table in metadata.tables.values():
        if table.name.lower() in inspector.get_table_names(schema=table.schema):
            name = connection.dialect.identifier_preparer.format_table(table)
            connection.execute(table.delete() if modifies else text(f"TRUNCATE TABLE {name}"))


@set_default_schema_on_connection.for_db("lodestar")
def _set_default_schema_on_connection(cfg: Any, dbapi_connection: Any, schema_name: str) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute(f"USE {cfg.db.dialect.identifier_preparer.quote_schema(schema_name)}")
    cursor.close()
