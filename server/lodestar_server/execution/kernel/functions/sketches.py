"""HyperLogLog, quantile digests and set digests: opaque bytes, made from the list of a group's values."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import (
    GroupCall,
    ScalarCall,
    aggregate,
    scalar,
    scalar_template,
)
from lodestar_server.execution.kernel.sketches.hyperloglog import EMPTY
from lodestar_server.execution.kernel.sketches.qdigest import DEFAULT_ACCURACY
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import FUNCTION_IMPLEMENTATION_MISSING, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    HYPER_LOG_LOG,
    INTEGER,
    REAL,
    SMALLINT,
    TDIGEST,
    TINYINT,
    UNKNOWN,
    VARBINARY,
    CharType,
    DecimalType,
    QDigestType,
    TimestampType,
    Type,
    VarcharType,
)

_WHOLE = (BIGINT, INTEGER, SMALLINT, TINYINT)


@scalar("empty_approx_set", total=True)
def _empty_approx_set(call: ScalarCall) -> Sql:
    return sql.blob(EMPTY)


def _hash(value: Sql, type_: Type) -> Sql | None:
    """The hash of a value, None for a type that has none."""
    match type_:
        case VarcharType() | CharType():
            return sql.call("trino_sketch_hash_bytes", sql.call("encode", value))
        case DecimalType(precision, scale) if precision <= 18:
            return sql.fragment(f"trino_sketch_hash_long(CAST({{0}} * {10**scale} AS BIGINT))", value)
        case TimestampType(precision) if precision <= 6:
            return sql.fragment("trino_sketch_hash_long(epoch_us({0}))", value)
    if type_ in _WHOLE:
        return sql.fragment("trino_sketch_hash_long(CAST({0} AS BIGINT))", value)
    if type_ == DOUBLE:
        return sql.call("trino_sketch_hash_double", value)
    if type_ == REAL:
        return sql.call("trino_sketch_hash_real", value)
    if type_ == VARBINARY:
        return sql.call("trino_sketch_hash_bytes", value)
    if type_ == DATE:
        return sql.fragment("trino_sketch_hash_long(CAST(({0} - DATE '1970-01-01') AS BIGINT))", value)
    return None


@aggregate("approx_set")
def _approx_set(call: GroupCall) -> Sql:
    value = call.arguments[0]
    hashed = _hash(value, call.types[0])
    assert hashed is not None
    return sql.call("trino_log_of", call.apply("list", hashed, order=(), where=sql.is_not_null(value)))


@aggregate("make_set_digest")
def _make_set_digest(call: GroupCall) -> Sql:
    value, type_ = call.arguments[0], call.types[0]
    if type_ == UNKNOWN:
        return sql.typed_null("BLOB")
    hashed = None if type_ in (DOUBLE, BOOLEAN) else _hash(value, type_)
    if hashed is None:
        raise LodestarError(
            FUNCTION_IMPLEMENTATION_MISSING,
            f"Unsupported type parameters (system.builtin.make_set_digest({type_.display}):SetDigest)"
            " for <T>(t):setdigest",
        )
    return sql.call("trino_set_of", call.apply("list", hashed, order=(), where=sql.is_not_null(value)))


@aggregate("merge_set_digest")
def _merge_set_digest(call: GroupCall) -> Sql:
    return sql.call("trino_merged_sets", call.apply("list", *call.arguments, order=()))


@aggregate("merge")
def _merge(call: GroupCall) -> Sql:
    kind = "logs" if call.types[0] == HYPER_LOG_LOG else "tdigests" if call.types[0] == TDIGEST else "qdigests"
    return sql.call(f"trino_merged_{kind}", call.apply("list", *call.arguments, order=()))


def _kind(type_: Type) -> str:
    return "double" if type_ == DOUBLE else "real" if type_ == REAL else "bigint"


@aggregate("qdigest_agg")
def _qdigest_agg(call: GroupCall) -> Sql:
    value = call.arguments[0]
    weight = call.arguments[1] if len(call.arguments) > 1 else sql.fragment("CAST(1 AS BIGINT)")
    accuracy = sql.fragment(f"CAST({DEFAULT_ACCURACY} AS DOUBLE)")
    present = sql.is_not_null(value)
    if len(call.arguments) > 1:
        present = sql.conjunction([present, sql.is_not_null(weight)])
    if len(call.arguments) > 2:
        accuracy = call.arguments[2] if call.over is not None else sql.call("any_value", call.arguments[2])
    return _weighted(call, f"trino_qdigest_of_{_kind(call.types[0])}", value, weight, present, accuracy)


def _weighted(call: GroupCall, function: str, value: Sql, weight: Sql, present: Sql, *rest: Sql) -> Sql:
    """`function` over the lists of values and weights; DISTINCT is of the pairs."""
    if not call.distinct:
        lists = (call.apply("list", part, order=(), where=present) for part in (value, weight))
        return sql.call(function, *lists, *rest)

    def split(rows: Sql) -> Sql:
        values, weights = (
            sql.call("list_transform", rows, sql.function_of(lambda row, name=name: sql.field(row, name)))
            for name in ("v", "w")
        )
        return sql.call(function, values, weights, *rest)

    return sql.let(call.apply("list", sql.struct(v=value, w=weight), order=(), where=present), split)


@aggregate("tdigest_agg")
def _tdigest_agg(call: GroupCall) -> Sql:
    value = call.arguments[0]
    weight = call.arguments[1] if len(call.arguments) > 1 else sql.fragment("CAST(1 AS DOUBLE)")
    present = sql.is_not_null(value)
    if len(call.arguments) > 1:
        present = sql.conjunction([present, sql.is_not_null(weight)])
    return _weighted(call, "trino_tdigest_of", value, weight, present)


def _values(digest: Sql, type_: Type, quantiles: Sql) -> Sql:
    if type_ == TDIGEST:
        return sql.call("trino_tdigest_values", digest, quantiles)
    assert isinstance(type_, QDigestType)
    return sql.call(f"trino_qdigest_values_{_kind(type_.value)}", digest, quantiles)


@scalar("values_at_quantiles")
def _values_at_quantiles(call: ScalarCall) -> Sql:
    return _values(call.arguments[0], call.types[0], call.arguments[1])


@scalar("value_at_quantile")
def _value_at_quantile(call: ScalarCall) -> Sql:
    digest, quantile = call.arguments
    made = sql.let(
        quantile,
        lambda q: sql.case(
            [(sql.is_not_null(q), sql.fragment("{0}[1]", _values(digest, call.types[0], sql.fragment("[{0}]", q))))]
        ),
    )
    return sql.cast(made, call.held)


@scalar("quantile_at_value")
def _quantile_at_value(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    assert isinstance(type_, QDigestType)
    return sql.call(f"trino_qdigest_quantile_{_kind(type_.value)}", *call.arguments)


scalar_template("jaccard_index", "trino_jaccard_index({0}, {1})", total=False)
scalar_template("intersection_cardinality", "trino_intersection_cardinality({0}, {1})", total=False)
scalar_template("hash_counts", "map_from_entries(trino_hash_counts({0}))", total=False)
