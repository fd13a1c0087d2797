"""What SQLAlchemy's compliance suite may ask of Trino: two tables, each refusal with its reason.

What is in neither table is as SQLAlchemy's `SuiteRequirements` has it, which is open for what every database has.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from sqlalchemy import text
from sqlalchemy.testing import exclusions as untyped_exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

exclusions: Any = untyped_exclusions

NO_CONSTRAINTS = "Trino has no constraints"
NO_INDEXES = "Trino has no indexes"
NO_TEMPORARY = "Trino has no temporary tables and views"
NO_GENERATED_KEYS = "Trino generates no keys"
NO_RETURNING = "Trino has no RETURNING"
NO_COMPUTED = "Trino has no computed columns"
NO_DEFAULTS = "Trino 476 has no column defaults"
MILLISECONDS = "TIMESTAMP without a precision has milliseconds; DateTime has microseconds"
NO_COLLATIONS = "Trino has no collations"
NAMES_ARE_FOLDED = "Trino stores names in lower case, however they are written"
NO_KEYS_NO_NOT_NULL = "keys are not sent, nor the NOT NULL that they imply"

OPEN = (
    # statements
    *("create_table_as", "table_ddl_if_exists", "create_or_replace_view", "views", "schema_create_delete"),
    *("intersect", "except_", "window_functions", "window_range", "window_range_numeric", "window_range_non_numeric"),
    *("ctes", "ctes_with_values", "table_value_constructor", "tuple_in", "tuple_in_w_empty", "aggregate_order_by"),
    *("fetch_first", "fetch_ties", "fetch_no_order_by", "fetch_offset_with_options", "boolean_col_expressions"),
    *("nullsordering", "order_by_label_with_expression", "mod_operator_as_percent_sign", "percent_schema_names"),
    *("regexp_match", "regexp_replace", "like_escapes"),
    *("supports_bitwise_or", "supports_bitwise_and", "supports_bitwise_not", "supports_bitwise_xor"),
    *("supports_bitwise_shift", "unicode_ddl", "symbol_names_w_double_quote", "implicit_default_schema"),
    *("default_schema_name_switch", "isolation_level"),
    "foreign_key_ddl",  # taken from a model and left out of what is sent
    # types
    *("array_type", "json_type", "uuid_data_type", "datetime_interval", "datetime_literals", "datetime_timezone"),
    *("time_timezone", "datetime_historic", "date_historic", "infinity_floats"),
    *("precision_numerics_enotation_small", "precision_numerics_enotation_large"),
    *("precision_numerics_many_significant_digits", "cast_precision_numerics_many_significant_digits"),
    *("precision_numerics_retains_significant_digits", "float_or_double_precision_behaves_generically"),
    # reflection
    *("comment_reflection", "comment_reflection_full_unicode"),
)

CLOSED = {
    **dict.fromkeys(
        (
            *("foreign_keys", "self_referential_foreign_keys", "named_constraints"),
            *("implicitly_named_constraints", "primary_key_constraint_reflection", "foreign_key_constraint_reflection"),
            *("unique_constraint_reflection", "check_constraint_reflection", "inline_check_constraint_reflection"),
            *("duplicate_key_raises_integrity_error", "on_update_cascade", "recursive_fk_cascade"),
            *("constraint_comment_reflection", "reflects_pk_names", "cross_schema_fk_reflection"),
        ),
        NO_CONSTRAINTS,
    ),
    **dict.fromkeys(
        ("index_reflection", "indexes_with_ascdesc", "reflect_indexes_with_ascdesc", "index_ddl_if_exists"), NO_INDEXES
    ),
    **dict.fromkeys(
        (
            *("temporary_tables", "temporary_views", "temp_table_reflection", "temp_table_reflect_indexes"),
            *("temp_table_names", "has_temp_table", "temp_table_comment_reflection", "create_temp_table_as"),
        ),
        NO_TEMPORARY,
    ),
    **dict.fromkeys(
        (
            *("autoincrement_insert", "autoincrement_without_sequence", "implements_get_lastrowid"),
            *("emulated_lastrowid", "dbapi_lastrowid", "identity_columns", "identity_columns_standard"),
        ),
        NO_GENERATED_KEYS,
    ),
    **dict.fromkeys(("insert_returning", "update_returning", "delete_returning"), NO_RETURNING),
    **dict.fromkeys(
        (
            "computed_columns",
            "computed_columns_stored",
            "computed_columns_virtual",
            "computed_columns_reflect_persisted",
        ),
        NO_COMPUTED,
    ),
    **dict.fromkeys(("server_defaults", "expression_server_defaults"), NO_DEFAULTS),
    **dict.fromkeys(("order_by_collation", "column_collation_reflection"), NO_COLLATIONS),
    "autocommit": "autocommit is the default here, and the suite takes it for what a connection has to ask for",
    "skip_autocommit_rollback": "as autocommit",
    "empty_inserts": "INSERT always names columns or gives rows",
    "empty_inserts_executemany": "INSERT always names columns or gives rows",
    "sql_expression_limit_offset": "LIMIT and OFFSET take a number or a parameter, not an expression",
    "fetch_expression": "FETCH FIRST takes a number or a parameter, not an expression",
    "fetch_percent": "Trino has no FETCH FIRST … PERCENT",
    "ctes_with_update_delete": "WITH stands in front of queries only",
    "ctes_on_dml": "no INSERT, UPDATE or DELETE inside WITH",
    "update_from": "Trino has no UPDATE … FROM; it has MERGE",
    "delete_from": "Trino has no DELETE … USING; it has MERGE",
    "supports_distinct_on": "Trino has no DISTINCT ON",
    "savepoints": "Trino has no savepoints",
    "two_phase_transactions": "Trino has no two-phase commit",
    "sequences": "Trino has no sequences",
    "nvarchar_types": "there is one kind of text: VARCHAR",
    "materialized_views": "the suite's have an index, and Trino has no indexes",
    "reflect_tables_no_columns": "a table has at least one column",
    "datetime_timezone_historic": "the driver gives a zone's local mean time as the offset it had",
    "timestamp_microseconds": MILLISECONDS,
    "timestamp_microseconds_implicit_bound": MILLISECONDS,
    "legacy_unconditional_json_extract": "a json_extract of Trino's gives a document, not its text",
    "reflect_table_options": "properties of tables are written (lodestar_with), not read",
}

# Tests that no requirement switches off, as regular expressions for "Class::test[variation]".
EXCLUDED_TESTS = {
    r"NameDenormalizeTest::test_cols_driver_cols\[\w+-(driver_sql|text_star|text_cols)\]": NAMES_ARE_FOLDED,
    r"UnicodeSchemaTest::test_reflect": NAMES_ARE_FOLDED,
    r"LongNameBlowoutTest::test_long_convention_name\[ix.*": NO_INDEXES,
    r"TrueDivTest::test_truediv_divisor\[numeric_38_digit_divisor.*": "Trino has no such integer",
    r"WindowFunctionTest::test_window_range(_numeric)?": "the test relies on an order it does not ask for",
    r".*::test_get_multi_columns\[\w+-ObjectKind\.(ANY|TABLE).*-ObjectScope\.(ANY|DEFAULT)-.*": NO_KEYS_NO_NOT_NULL,
    r"JSONTest::test_round_trip_(none_as_json_null|json_null_as_json_null).*": "CAST of JSON's null to text is NULL",
    r"JSONTest::test_eval_none_flag_orm": NO_GENERATED_KEYS,
}
# … and those that are excluded where the connector only inserts.
_UPDATES = "the test modifies rows, which the connector does not"
EXCLUDED_WITHOUT_UPDATES = {
    r"PercentSchemaNamesTest::.*": _UPDATES,
}


def find_exclusion(name: str, modifies: bool) -> str | None:
    """Why the test "Class::test[variation]" is left out, None when it is run. `modifies` is that of the connector."""
    tables = [EXCLUDED_TESTS] if modifies else [EXCLUDED_TESTS, EXCLUDED_WITHOUT_UPDATES]
    for table in tables:
        for pattern, reason in table.items():
            if re.fullmatch(pattern, name):
                return reason
    return None


class Requirements(SuiteRequirements):
    """Trino's, as `[sqla_testing] requirement_cls = sqlalchemy_lodestar.requirements:Requirements`."""

    @property
    def sane_rowcount(self) -> Any:
        """Counts of UPDATE and DELETE, where the connector of the catalog has them."""
        return exclusions.skip_if(lambda config: not modifies_rows(config.db), "the connector does not modify rows")

    @property
    def server_side_cursors(self) -> Any:
        """Every cursor streams, so the suite's question which of them do has no answer here."""
        return _closed("every cursor streams: there is no other kind to tell them from")


def modifies_rows(engine: Any) -> bool:
    """Whether UPDATE and DELETE work in the catalog of the engine's URL; memory, for one, only inserts."""
    return connector_name(engine) not in ("memory", "blackhole", "tpch", "tpcds", "jmx", "system")


@functools.cache
def connector_name(engine: Any) -> str | None:
    """The connector of the catalog of the engine's URL."""
    question = text("SELECT connector_name FROM system.metadata.catalogs WHERE catalog_name = current_catalog")
    with engine.connect() as connection:
        name: str | None = connection.execute(question).scalar()
        return name


def _closed(reason: str) -> Any:
    return exclusions.skip_if(exclusions.BooleanPredicate(True, reason))


def _always(rule: Any) -> property:
    return property(lambda self: rule)


for _name in OPEN:
    setattr(Requirements, _name, _always(exclusions.open()))
for _name, _reason in CLOSED.items():
    setattr(Requirements, _name, _always(_closed(_reason)))
