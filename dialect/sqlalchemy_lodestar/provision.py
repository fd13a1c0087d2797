"""What SQLAlchemy's compliance suite needs done to a database around its tests."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.testing import provision as untyped_provision

provision: Any = untyped_provision

_DELETE_ALL = re.compile(r'^DELETE FROM ((?:"(?:[^"]|"")+"|[^\s"])+)$')


def _post_configure_engine(url: Any, engine: Any, follower_ident: Any) -> None:
    """The suite empties its tables by DELETE, which some connectors (memory) have not; all that write have TRUNCATE."""

    @event.listens_for(getattr(engine, "sync_engine", engine), "before_cursor_execute", retval=True)
    def truncate(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        return _DELETE_ALL.sub(r"TRUNCATE TABLE \1", statement), parameters


def _delete_from_all_tables(connection: Any, cfg: Any, metadata: Any) -> None:
    """Tables whose names have capitals too, which are listed in lower case."""
    inspector = inspect(connection)
    for table in metadata.tables.values():
        if inspector.has_table(table.name, schema=table.schema):
            connection.execute(table.delete())


def _set_default_schema_on_connection(cfg: Any, dbapi_connection: Any, schema_name: str) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute(f"USE {cfg.db.dialect.identifier_preparer.quote_schema(schema_name)}")
    cursor.close()


provision.post_configure_engine.for_db("lodestar")(_post_configure_engine)
provision.delete_from_all_tables.for_db("lodestar")(_delete_from_all_tables)
provision.set_default_schema_on_connection.for_db("lodestar")(_set_default_schema_on_connection)
