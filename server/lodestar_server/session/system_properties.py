"""System session properties: the table of all of them, and the rules by which their texts become values.

The rows are in `system_properties.tsv`: name, kind, hidden or not, default, the config property that sets the default,
and the description that SHOW SESSION prints. Kinds are `boolean`, `integer`, `bigint`, `double`, `string`, `size`,
`duration` and `enum A B C`. An empty default of a kind other than string means that there is none.
Catalog session properties belong to their connectors.
Source: Trino 476 (names, kinds, defaults, limits and wording of the errors as it answers them).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

import orjson

from lodestar_server.session.session import Session
from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, INVALID_SESSION_PROPERTY, LodestarError
from lodestar_server.spi.properties import DataSize, Duration, PropertyMetadata
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARCHAR, ArrayType, MapType, SimpleType, Type
from lodestar_server.spi.types.numbers import double_text

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?|[+-]?(?:NaN|Infinity)", re.ASCII)
_INTEGER_RANGES = {INTEGER: 1 << 31, BIGINT: 1 << 63}


class SystemProperties:
    """The properties of one server; `defaults` are texts by property name that its configuration gives."""

    def __init__(self, defaults: Mapping[str, str] | None = None) -> None:
        given = {**_machine_defaults(), **(defaults or {})}
        self._properties: dict[str, PropertyMetadata] = {}
        self.config_keys: dict[str, str] = {}
        for name, kind, hidden, default, config_key, description in _rows():
            self._properties[name] = _property(name, kind, bool(hidden), given.get(name, default), description)
            if config_key:
                self.config_keys[name] = config_key

    def __iter__(self) -> Iterator[PropertyMetadata]:
        return iter(self._properties.values())

    def find(self, name: str) -> PropertyMetadata | None:
        """The property of this name (case-sensitive), or None."""
        return self._properties.get(name)

    def require(self, name: str) -> PropertyMetadata:
        """The property of this name. Raises: LodestarError(INVALID_SESSION_PROPERTY)."""
        found = self._properties.get(name)
        if found is None:
            raise LodestarError(INVALID_SESSION_PROPERTY, f"Session property '{name}' does not exist")
        return found

    def validate(self, properties: Mapping[str, str]) -> None:
        """Check every text that a client sent. Raises: LodestarError for the first that is unknown or malformed."""
        for name, text in properties.items():
            decode_text(self.require(name), text)

    def value(self, session: Session, name: str) -> Any:
        """The decoded value in this session, its default when the client did not set it."""
        found = self.require(name)
        text = session.system_properties.get(name)
        return found.default if text is None else decode_text(found, text)


def decode_text(metadata: PropertyMetadata, text: str, *, name: str | None = None) -> Any:
    """The value of a header's text. `name` is how errors call the property (with its catalog), else its own name.

    Raises: LodestarError(INVALID_SESSION_PROPERTY); GENERIC_INTERNAL_ERROR for numbers that are none, as Trino does.
    """
    return decode_value(metadata, _sql_value(metadata.type, text), name=name)


def decode_value(metadata: PropertyMetadata, value: Any, *, name: str | None = None) -> Any:
    """The value of a SQL constant of the property's type. Raises: LodestarError(INVALID_SESSION_PROPERTY)."""
    try:
        return metadata.decode(value)
    except ValueError as fault:
        raise LodestarError(
            INVALID_SESSION_PROPERTY, f"Session property '{name or metadata.name}' is invalid: {fault}"
        ) from None


def encode_text(type_: Type, value: Any) -> str:
    """A SQL constant as it travels in Set-Session: `true`, `12`, `0.5`, `1.0E-4`, `1GB`, `["a"]`."""
    if type_ == BOOLEAN:
        return "true" if value else "false"
    if type_ == DOUBLE:
        return double_text(value)
    match type_:
        case ArrayType():
            return orjson.dumps(list(value)).decode()
        case MapType():
            return orjson.dumps(dict(value)).decode()
    return str(value)


def show_default(metadata: PropertyMetadata) -> str:
    """The default as SHOW SESSION prints it; empty when there is none."""
    if metadata.default is None:
        return ""
    encoded = metadata.encode(metadata.default)
    return encoded if isinstance(encoded, str) else encode_text(metadata.type, encoded)


def _sql_value(type_: Type, text: str) -> Any:
    if type_ == BOOLEAN:
        return text.lower() == "true"
    if type_ in _INTEGER_RANGES:
        limit = _INTEGER_RANGES[type_]
        if not _INTEGER.fullmatch(text) or not -limit <= int(text) < limit:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f'For input string: "{text}"')
        return int(text)
    if type_ == DOUBLE:
        trimmed = text.strip()
        if not trimmed:
            raise LodestarError(GENERIC_INTERNAL_ERROR, "empty String")
        if not _DOUBLE.fullmatch(trimmed):
            raise LodestarError(GENERIC_INTERNAL_ERROR, f'For input string: "{text}"')
        return float(trimmed.rstrip("dDfF") if trimmed[-1] in "dDfF" else trimmed)
    return text


def _rows() -> Iterator[list[str]]:
    lines = (files(__package__) / "system_properties.tsv").read_text("utf-8").splitlines()
    return (line.split("\t") for line in lines[1:])


def _machine_defaults() -> dict[str, str]:
    processors = os.cpu_count() or 1
    power_of_two = 1 << (processors - 1).bit_length() if processors > 1 else 1
    return {
        "task_concurrency": str(min(max(power_of_two, 2), 32)),
        "task_max_writer_count": str(min(2 * power_of_two, 64)),
        "initial_splits_per_node": str(2 * processors),
    }


def _property(name: str, kind: str, hidden: bool, default: str, description: str) -> PropertyMetadata:
    word, _, members = kind.partition(" ")
    type_: SimpleType | Any = _TYPES[word]
    decode = _DECODERS[word] if word != "enum" else partial(_decode_member, tuple(members.split()))
    check = _CHECKS.get(name)
    checked = decode if check is None else partial(_decode_checked, name, decode, check)
    value = None if default == "" else checked(_sql_value(type_, default))
    encode = str if word in ("size", "duration") else _same
    return PropertyMetadata(name, description, type_, value, hidden, checked, encode)


def _decode_checked(name: str, decode: Callable[[Any], Any], check: Callable[[str, Any], None], value: Any) -> Any:
    decoded = decode(value)
    if decoded is not None:
        check(name, decoded)
    return decoded


def _decode_member(members: tuple[str, ...], value: str) -> str:
    if value.upper() not in members:
        raise ValueError(f"Invalid value [{value}]. Valid values: [{', '.join(members)}]")
    return value.upper()


def _same(value: Any) -> Any:
    return value


_TYPES: dict[str, Type] = {
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "bigint": BIGINT,
    "double": DOUBLE,
    "string": VARCHAR,
    "size": VARCHAR,
    "duration": VARCHAR,
    "enum": VARCHAR,
}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _same,
    "integer": _same,
    "bigint": _same,
    "double": _same,
    "string": _same,
    "size": DataSize.parse,
    "duration": Duration.parse,
}


def _invalid(message: str) -> LodestarError:
    return LodestarError(INVALID_SESSION_PROPERTY, message)


def _at_least(low: int, name: str, value: int) -> None:
    if value < low:
        raise _invalid(f"{name} must be equal or greater than {low}")


def _partition_count(name: str, value: int) -> None:
    _at_least(1, name, value)
    if value > 1000:
        raise _invalid(f"{name} must be equal or less than 1000")


def _fraction(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise _invalid(f"{name} must be in the range [0.00, 1.00]: {value:.2f}")


def _selectivity(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise _invalid(f"{name} must be in the range [0, 1]: {value}")


def _power_of_two(name: str, value: int) -> None:
    if value <= 0 or value & (value - 1):
        raise _invalid(f"{name} must be a power of 2: {value}")


def _reordered_joins(name: str, value: int) -> None:
    if value < 2:
        raise _invalid(f"{name} must be greater than or equal to 2: {value}")


def _ratio(name: str, value: float) -> None:
    if value < 1:
        raise _invalid(f"{name} must be greater than or equal to 1.0: {value}")


def _attempts(name: str, value: int) -> None:
    if not 0 <= value <= 126:
        raise _invalid(f"{name} must be greater than or equal to 0 and not greater than 126")


def _scale_factor(name: str, value: float) -> None:
    if value < 1:
        raise _invalid(f"{name} must be greater than or equal to 1.0")


def _zone(name: str, value: str) -> None:
    if not value:
        raise ValueError("Zone id is an empty string")
    require_zone(value)


def _execution_policy(name: str, value: str) -> None:
    if value not in ("phased", "all-at-once"):
        raise LodestarError(GENERIC_INTERNAL_ERROR, f"No execution policy {value}")


_FTE = "fault_tolerant_execution_"
_CHECKS: dict[str, Callable[[str, Any], None]] = {
    **{
        name: partial(_at_least, 1)
        for name in (
            "cost_estimation_worker_count",
            "max_drivers_per_task",
            "max_hash_partition_count",
            "max_recursion_depth",
            "max_unacknowledged_splits_per_task",
            "max_writer_task_count",
            "min_hash_partition_count",
            "min_hash_partition_count_for_write",
        )
    },
    "join_partitioned_build_min_row_count": partial(_at_least, 0),
    "min_input_rows_per_task": partial(_at_least, 0),
    _FTE + "max_partition_count": _partition_count,
    _FTE + "min_partition_count": _partition_count,
    _FTE + "min_partition_count_for_write": _partition_count,
    _FTE + "runtime_adaptive_partitioning_partition_count": _partition_count,
    _FTE + "task_memory_estimation_quantile": _fraction,
    "filter_conjunction_independence_factor": _fraction,
    "join_multi_clause_independence_factor": _fraction,
    "dynamic_row_filtering_selectivity_threshold": _selectivity,
    "task_concurrency": _power_of_two,
    "task_max_writer_count": _power_of_two,
    "max_reordered_joins": _reordered_joins,
    _FTE + "small_stage_source_size_multiplier": _ratio,
    _FTE + "adaptive_join_reordering_size_difference_ratio": _ratio,
    "retry_delay_scale_factor": _scale_factor,
    "task_retry_attempts_per_task": _attempts,
    "time_zone_id": _zone,
    "execution_policy": _execution_policy,
}
