"""system.jdbc: catalogs, schemas, tables, table_types and columns: what drivers read for their metadata calls."""

from __future__ import annotations

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.names_wanted import wanted_catalogs, wanted_prefixes, wanted_schemas
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.metadata.system_catalog.jdbc_types import jdbc_type
from lodestar_server.metadata.type_labels import type_label
from lodestar_server.spi.connector import RelationKind
from lodestar_server.spi.names import SchemaTableName

_TABLE, _VIEW = "TABLE", "VIEW"


class JdbcCatalogsTable(EngineTable):
    """Catalog names."""

    name = SchemaTableName("jdbc", "catalogs")
    columns = columns_of("table_cat varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per catalog."""
        return ((name,) for name in metadata.list_catalogs())


class JdbcSchemasTable(EngineTable):
    """Schemas of all catalogs."""

    name = SchemaTableName("jdbc", "schemas")
    columns = columns_of("table_schem varchar; table_catalog varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per schema."""
        for name in wanted_catalogs(metadata, constraint, "table_catalog"):
            for schema in wanted_schemas(metadata, name, constraint, "table_schem"):
                yield (schema, name)


class JdbcTableTypesTable(EngineTable):
    """The kinds of relations."""

    name = SchemaTableName("jdbc", "table_types")
    columns = columns_of("table_type varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Two."""
        return ((_TABLE,), (_VIEW,))


class JdbcTablesTable(EngineTable):
    """Tables and views of all catalogs."""

    name = SchemaTableName("jdbc", "tables")
    columns = columns_of(
        "table_cat varchar; table_schem varchar; table_name varchar; table_type varchar; remarks varchar;"
        " type_cat varchar; type_schem varchar; type_name varchar; self_referencing_col_name varchar;"
        " ref_generation varchar"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per relation; remarks are always NULL."""
        for name in wanted_catalogs(metadata, constraint, "table_cat"):
            for prefix in wanted_prefixes(metadata, name, constraint, "table_schem", "table_name"):
                for table, kind in metadata.list_tables(name, prefix.schema, prefix.table).items():
                    shown = _VIEW if kind is RelationKind.VIEW else _TABLE
                    yield (name, table.schema, table.table, shown, None, None, None, None, None, None)


class JdbcColumnsTable(EngineTable):
    """Columns of all catalogs."""

    name = SchemaTableName("jdbc", "columns")
    columns = columns_of(
        "table_cat varchar; table_schem varchar; table_name varchar; column_name varchar; data_type bigint;"
        " type_name varchar; column_size bigint; buffer_length bigint; decimal_digits bigint; num_prec_radix bigint;"
        " nullable bigint; remarks varchar; column_def varchar; sql_data_type bigint; sql_datetime_sub bigint;"
        " char_octet_length bigint; ordinal_position bigint; is_nullable varchar; scope_catalog varchar;"
        " scope_schema varchar; scope_table varchar; source_data_type bigint; is_autoincrement varchar;"
        " is_generatedcolumn varchar"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per visible column."""
        for name in wanted_catalogs(metadata, constraint, "table_cat"):
            for prefix in wanted_prefixes(metadata, name, constraint, "table_schem", "table_name"):
                for table, columns in metadata.list_columns(name, prefix):
                    for position, column in enumerate(columns, 1):
                        jdbc = jdbc_type(column.type)
                        yield (
                            name,
                            table.schema,
                            table.table,
                            column.name,
                            jdbc.data_type,
                            type_label(column.type, omit_datetime_precision=metadata.omit_datetime_precision),
                            jdbc.size,
                            0,
                            jdbc.digits,
                            jdbc.radix,
                            1 if column.nullable else 0,
                            column.comment,
                            column.default,
                            None,
                            None,
                            jdbc.octets,
                            position,
                            "YES" if column.nullable else "NO",
                            None,
                            None,
                            None,
                            None,
                            None,
                            None,
                        )
