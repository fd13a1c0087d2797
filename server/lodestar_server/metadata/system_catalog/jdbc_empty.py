"""Tables of system.jdbc that never have rows."""

from __future__ import annotations

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.spi.names import SchemaTableName


class EmptyTable(EngineTable):
    """Columns without rows."""

    def __init__(self, table: str, columns: str) -> None:
        self.name = SchemaTableName("jdbc", table)
        self.columns = columns_of(columns)

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """None."""
        return ()


EMPTY_TABLES = (
    EmptyTable(
        "attributes",
        "type_cat varchar; type_schem varchar; type_name varchar; attr_name varchar; data_type bigint;"
        " attr_type_name varchar; attr_size bigint; decimal_digits bigint; num_prec_radix bigint; nullable bigint;"
        " remarks varchar; attr_def varchar; sql_data_type bigint; sql_datetime_sub bigint; char_octet_length bigint;"
        " ordinal_position bigint; is_nullable varchar; scope_catalog varchar; scope_schema varchar;"
        " scope_table varchar; source_data_type bigint",
    ),
    EmptyTable(
        "procedure_columns",
        "procedure_cat varchar; procedure_schem varchar; procedure_name varchar; column_name varchar;"
        " column_type bigint; data_type bigint; type_name varchar; precision bigint; length bigint; scale bigint;"
        " radix bigint; nullable bigint; remarks varchar; column_def varchar; sql_data_type bigint;"
        " sql_datetime_sub bigint; char_octet_length bigint; ordinal_position bigint; is_nullable varchar;"
        " specific_name varchar",
    ),
    EmptyTable(
        "procedures",
        "procedure_cat varchar; procedure_schem varchar; procedure_name varchar; remarks varchar;"
        " procedure_type bigint; specific_name varchar",
    ),
    EmptyTable(
        "pseudo_columns",
        "table_cat varchar; table_schem varchar; table_name varchar; column_name varchar; data_type bigint;"
        " column_size bigint; decimal_digits bigint; num_prec_radix bigint; column_usage varchar; remarks varchar;"
        " char_octet_length bigint; is_nullable bigint",
    ),
    EmptyTable("super_tables", "table_cat varchar; table_schem varchar; table_name varchar; supertable_name varchar"),
    EmptyTable(
        "super_types",
        "type_cat varchar; type_schem varchar; type_name varchar; supertype_cat varchar; supertype_schem varchar;"
        " supertype_name varchar",
    ),
    EmptyTable(
        "udts",
        "type_cat varchar; type_schem varchar; type_name varchar; class_name varchar; data_type varchar;"
        " remarks varchar; base_type varchar",
    ),
)
