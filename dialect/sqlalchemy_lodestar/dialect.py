"""The dialect: `lodestar://user@host:port/catalog/schema`, and `lodestar+asyncio://` for SQLAlchemy's asyncio."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sqlalchemy import schema
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.default import DefaultDialect, DefaultExecutionContext

from sqlalchemy_lodestar.compiler import (
    NOTHING,
    LodestarDDLCompiler,
    LodestarIdentifierPreparer,
    LodestarSQLCompiler,
    LodestarTypeCompiler,
)
from sqlalchemy_lodestar.reflection import Reflection
from sqlalchemy_lodestar.types import GENERIC_TO_OURS

ISOLATION_LEVELS = ("AUTOCOMMIT", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
SOURCE = "sqlalchemy-lodestar"

_TABLE_OPTIONS = {"catalog": None, "with": None}
_VIEW_OPTIONS = {"comment": None, "security": None, "with": None}


class LodestarExecutionContext(DefaultExecutionContext):
    """One execution."""

    def create_server_side_cursor(self) -> Any:
        """Every cursor of the driver streams; SQLAlchemy only has to keep from reading ahead."""
        return self._dbapi_connection.cursor()

    def post_exec(self) -> None:
        """Keeps the count of an INSERT, which the driver forgets with the cursor that SQLAlchemy closes."""
        if self.isinsert and self._rowcount is None:
            self._rowcount = self.cursor.rowcount


class LodestarDialect(Reflection, DefaultDialect):  # type: ignore[misc]
    """Trino's SQL over Lodestar's driver.

    Autocommit is the default, as it is Trino's: most connectors write in no other way. Keys, constraints and indexes of
    models are not sent; there are no sequences, no RETURNING and no generated keys.
    """

    name = "lodestar"
    driver = "http"

    statement_compiler = LodestarSQLCompiler
    ddl_compiler = LodestarDDLCompiler
    type_compiler_cls = LodestarTypeCompiler
    preparer = LodestarIdentifierPreparer
    execution_ctx_cls = LodestarExecutionContext
    colspecs = GENERIC_TO_OURS
    construct_arguments = [
        (schema.Table, _TABLE_OPTIONS),
        (schema.Column, {"with": None}),
        *((getattr(schema, name), _VIEW_OPTIONS) for name in ("CreateView",) if hasattr(schema, name)),
    ]

    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_server_side_cursors = True

    supports_native_boolean = True
    supports_native_decimal = True
    supports_native_uuid = True
    supports_native_enum = False
    supports_is_distinct_from = True

    supports_alter = False
    supports_schemas = True
    supports_views = True
    supports_comments = True
    inline_comments = True
    supports_sequences = False
    supports_identity_columns = False
    supports_default_values = False
    supports_default_metavalue = False
    supports_empty_insert = False
    supports_multivalues_insert = True
    supports_sane_rowcount = True
    supports_sane_multi_rowcount = True
    # The driver's executemany joins the rows of an INSERT, by their length and by their types.
    use_insertmanyvalues = False
    use_insertmanyvalues_wo_returning = False
    postfetch_lastrowid = False
    insert_returning = update_returning = delete_returning = False
    cte_follows_insert = True
    tuple_in_values = False

    def __init__(self, json_serializer: Any = None, json_deserializer: Any = None, **keywords: Any) -> None:
        """`json_serializer` and `json_deserializer` replace `json.dumps` and `json.loads` for JSON columns."""
        super().__init__(**keywords)
        self._json_serializer = json_serializer
        self._json_deserializer = json_deserializer

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """The driver."""
        import lodestar

        return lodestar

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        """The URL as the driver reads it; what its query may say is the driver's (`?source=…&secure=true`)."""
        target = url.set(drivername="lodestar").render_as_string(hide_password=False)
        return [target], {} if "source" in url.query else {"source": SOURCE}

    # ---- the connection

    def _get_server_version_info(self, connection: Connection) -> tuple[int | str, ...]:
        version = str(connection.exec_driver_sql("SELECT version()").scalar())
        return tuple(int(part) if part.isdigit() else part for part in version.replace("-", ".").split("."))

    def _get_default_schema_name(self, connection: Connection) -> Any:
        driver_connection: Any = connection.connection.driver_connection
        return driver_connection.session.schema

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        """Trino's levels, and AUTOCOMMIT."""
        return ISOLATION_LEVELS

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        """For the next transaction. Raises: InterfaceError of the driver inside one."""
        dbapi_connection.isolation_level = level

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """AUTOCOMMIT, or the level of transactions."""
        return str(dbapi_connection.isolation_level)

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        """What the URL or the connect arguments say; AUTOCOMMIT when they say nothing."""
        return self.get_isolation_level(dbapi_conn)

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        """Whether every statement is a transaction of its own."""
        return bool(self.get_isolation_level(dbapi_conn) == "AUTOCOMMIT")

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Raises the driver's error when the server does not answer."""
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("SELECT 1")
            cursor.fetchall()
        finally:
            cursor.close()
        return True

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """True for a closed connection and for a server that was not reached; a bad answer is an answer."""
        driver: Any = self.loaded_dbapi
        if isinstance(e, driver.TransportError):
            return e.status is None
        if isinstance(e, driver.InterfaceError):
            return "connection is closed" in str(e).lower()
        return False

    # ---- statements

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Sends what there is to send; see `compiler.ddl`."""
        if statement != NOTHING:
            cursor.execute(statement, parameters)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """As `do_execute`."""
        if statement != NOTHING:
            cursor.execute(statement)


def __getattr__(name: str) -> Any:
    """`LodestarAsyncDialect` is loaded when it is asked for: it needs greenlet."""
    if name == "LodestarAsyncDialect":
        from sqlalchemy_lodestar.asyncio import LodestarAsyncDialect

        return LodestarAsyncDialect
    raise AttributeError(name)
