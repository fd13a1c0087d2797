"""Partitions that nobody registered: rules in a table's parameters say which there are (Athena's partition projection).

A table with `projection.enabled` has, for each partition column, a rule: a list of values, a range of integers or
dates, or "injected" values that the query has to name. The metastore's partitions do not count then. Source: Trino
PartitionProjectionProperties and the documentation of Amazon Athena.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from lodestar_server.plugins.connectors.hive.date_patterns import DatePattern
from lodestar_server.plugins.connectors.hive.partition_names import PartitionColumn, read_values, write_value
from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.plugins.toolkit.metastore.partition_names import make_partition_name
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.errors import INVALID_COLUMN_PROPERTY, LodestarError
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import BIGINT, DATE, INTEGER, TimestampType, Type, VarcharType
from lodestar_server.spi.values import frozen

ENABLED = "partition_projection_enabled"
_PREFIX = "partition_projection_"
_TABLE_PARAMETERS = {
    "partition_projection_ignore": "trino.partition_projection.ignore",
    ENABLED: "projection.enabled",
    "partition_projection_location_template": "storage.location.template",
}
_SUFFIXES = {
    "type": "type",
    "values": "values",
    "range": "range",
    "interval": "interval",
    "interval_unit": "interval.unit",
    "digits": "digits",
    "format": "format",
}
_UNITS = {"DAYS": "days", "HOURS": "hours", "MINUTES": "minutes", "SECONDS": "seconds"}
_NOW_PATTERN = r"^\s*NOW\s*(([+-])\s*([0-9]+)\s*(DAY|HOUR|MINUTE|SECOND)S?\s*)?$"
_NOW = re.compile(_NOW_PATTERN)
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_MAX_JAVA_INT = (1 << 31) - 1


# properties and parameters


def is_projected(properties: Mapping[str, Any], columns: Sequence[ColumnMetadata]) -> bool:
    """Whether a definition has properties of projection."""
    names = itertools.chain(properties, *(column.properties for column in columns))
    return any(name.startswith(_PREFIX) for name in names)


def projection_parameters(
    properties: Mapping[str, Any], columns: Sequence[ColumnMetadata], partitioned_by: Sequence[str]
) -> dict[str, str]:
    """The metastore's parameters for a definition. Raises: INVALID_COLUMN_PROPERTY."""
    made = {}
    for name, parameter in _TABLE_PARAMETERS.items():
        value = properties.get(name)
        if value is not None:
            made[parameter] = str(value).lower() if isinstance(value, bool) else str(value)
    for column in columns:
        for name, suffix in _SUFFIXES.items():
            value = column.properties.get(_PREFIX + name)
            if value is not None:
                text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
                made[_key(column.name, suffix)] = text.lower() if name in ("type", "interval_unit") else text
    for column in columns:
        if column.name not in partitioned_by and _rule_parameters(made, column.name):
            _refuse(f"Partition projection cannot be defined for non-partition column: '{column.name}'")
    _projection(made, [(column.name, column.type) for column in columns if column.name in partitioned_by])
    return made


def projection_properties(parameters: Mapping[str, str]) -> dict[str, Any]:
    """A table's properties of projection, as SHOW CREATE shows them."""
    found: dict[str, Any] = {}
    for name, parameter in _TABLE_PARAMETERS.items():
        value = parameters.get(parameter)
        if value is not None:
            found[name] = value if name.endswith("template") else value.lower() == "true"
    return found


def projection_column_properties(parameters: Mapping[str, str], column: str) -> dict[str, Any]:
    """A column's properties of projection."""
    found: dict[str, Any] = {}
    for name, value in _rule_parameters(parameters, column).items():
        match name:
            case "type" | "interval_unit":
                found[_PREFIX + name] = value.upper()
            case "values" | "range":
                found[_PREFIX + name] = _listed(value)
            case "interval" | "digits":
                found[_PREFIX + name] = _integer(column, value)
            case _:
                found[_PREFIX + name] = value
    return found


def _key(column: str, suffix: str) -> str:
    return f"projection.{column}.{suffix}"


def _rule_parameters(parameters: Mapping[str, str], column: str) -> dict[str, str]:
    keys = {name: _key(column, suffix) for name, suffix in _SUFFIXES.items()}
    return {name: parameters[key] for name, key in keys.items() if key in parameters}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for one in text.split(",") if (part := one.strip()))


def _integer(column: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        _refuse_column(column, f"Not an integer: '{text}'")


def _refuse(message: str) -> NoReturn:
    raise LodestarError(INVALID_COLUMN_PROPERTY, message)


def _refuse_column(column: str, message: str) -> NoReturn:
    _refuse(f"Column projection for column '{column}' failed. {message}")


# rules of columns


class _Rule:
    """What one column's values are."""

    def texts(self, domain: Domain | None) -> Iterator[str]:
        """As in a partition's name; those that the domain excludes may be among them."""
        raise NotImplementedError


@frozen
class _Listed(_Rule):
    values: tuple[str, ...]

    def texts(self, domain: Domain | None) -> Iterator[str]:
        return iter(self.values)


@frozen
class _Integers(_Rule):
    low: int
    high: int
    step: int
    digits: int

    def texts(self, domain: Domain | None) -> Iterator[str]:
        for value in range(self.low, self.high + 1, self.step):
            yield format(value, f"0{self.digits}d") if self.digits else str(value)


@frozen
class _Dates(_Rule):
    """Bounds are texts: some of them are moments that go on with the clock."""

    low: str
    high: str
    step: timedelta
    pattern: DatePattern

    def texts(self, domain: Domain | None) -> Iterator[str]:
        now = datetime.now(UTC).replace(tzinfo=None)
        # Bounds are as coarse as the pattern: a range by days has no hours.
        moment, last = (
            self.pattern.parse(self.pattern.format(_bound(text, self.pattern, now))) for text in (self.low, self.high)
        )
        while moment <= last:
            yield self.pattern.format(moment)
            moment += self.step


@frozen
class _Injected(_Rule):
    column: str
    type: Type

    def texts(self, domain: Domain | None) -> Iterator[str]:
        if domain is None:
            _refuse_column(self.column, "Injected projection requires single predicate for it's column in where clause")
        if not domain.ranges or not all(one.single for one in domain.ranges):
            _refuse_column(
                self.column,
                "Injected projection requires single predicate for it's column in where clause. "
                "Currently provided can't be converted to single partition.",
            )
        for one in domain.ranges:
            yield write_value(self.type, one.low)


def _bound(text: str, pattern: DatePattern, now: datetime) -> datetime:
    """Raises: ValueError for a text that is neither a date nor NOW with a distance."""
    match = _NOW.match(text)
    if match is None:
        return pattern.parse(text)
    if match[1] is None:
        return now
    distance = timedelta(**{f"{match[4].lower()}s": int(match[3])})
    return now + distance if match[2] == "+" else now - distance


def _rule(column: str, type_: Type, given: Mapping[str, Any]) -> _Rule:
    kind = given.get(_PREFIX + "type")
    if kind is None:
        _refuse_column(column, "Projection type property missing")
    match kind:
        case "ENUM":
            _check_type(column, type_, isinstance(type_, VarcharType))
            return _Listed(_required(column, given, "values"))
        case "INTEGER":
            _check_type(column, type_, isinstance(type_, VarcharType) or type_ in (INTEGER, BIGINT))
            return _integers(column, given)
        case "DATE":
            short = isinstance(type_, TimestampType) and type_.precision <= 6
            _check_type(column, type_, short or isinstance(type_, VarcharType) or type_ == DATE)
            return _dates(column, given)
        case "INJECTED":
            _check_type(column, type_, not isinstance(type_, TimestampType))
            return _Injected(column, type_)
    _refuse_column(column, f"Unknown projection type: {kind}")


def _check_type(column: str, type_: Type, right: bool) -> None:
    if not right:
        _refuse_column(column, f"Unsupported column type: {type_.display}")


def _required(column: str, given: Mapping[str, Any], name: str) -> Any:
    value = given.get(_PREFIX + name)
    if value is None:
        _refuse_column(column, f"Missing required property: '{_PREFIX}{name}'")
    return value


def _step(column: str, given: Mapping[str, Any]) -> int:
    step = int(given.get(_PREFIX + "interval", 1))
    if step < 1:
        # Trino would count for ever.
        _refuse_column(column, f"Property: '{_PREFIX}interval' needs to be positive")
    return step


def _integers(column: str, given: Mapping[str, Any]) -> _Rule:
    bounds = [_integer(column, one) for one in _required(column, given, "range")]
    if len(bounds) != 2:
        _refuse_column(column, f"Property: '{_PREFIX}range' needs to be list of 2 integers")
    if max(map(abs, bounds)) > _MAX_JAVA_INT:
        _refuse_column(column, f"Property: '{_PREFIX}range' is out of the range of integers")
    return _Integers(bounds[0], bounds[1], _step(column, given), int(given.get(_PREFIX + "digits", 0)))


def _dates(column: str, given: Mapping[str, Any]) -> _Rule:
    text = str(_required(column, given, "format"))
    bounds = _required(column, given, "range")
    try:
        pattern = DatePattern(text)
    except ValueError as fault:
        _refuse_column(column, str(fault))
    now = datetime.now(UTC).replace(tzinfo=None)
    detail = ""
    try:
        sequential = len(bounds) == 2 and _bound(bounds[0], pattern, now) < _bound(bounds[1], pattern, now)
    except (ValueError, OverflowError) as fault:
        sequential, detail = False, f": {fault}"
    if not sequential:
        _refuse_column(
            column,
            f"Property: '{_PREFIX}range' needs to be a list of 2 valid dates formatted as '{text}' or "
            f"'{_NOW_PATTERN}' that are sequential{detail}",
        )
    unit = given.get(_PREFIX + "interval_unit") or _default_unit(column, pattern)
    if unit not in _UNITS:
        options = ", ".join(one.capitalize() for one in _UNITS)
        shown = "".join(part.capitalize() for part in unit.split("_"))
        _refuse_column(
            column, f"Property: '{_PREFIX}interval_unit' value '{shown}' is invalid. Available options: [{options}]"
        )
    return _Dates(bounds[0], bounds[1], timedelta(**{_UNITS[unit]: _step(column, given)}), pattern)


def _default_unit(column: str, pattern: DatePattern) -> str:
    if pattern.letters & {"S", "s", "m", "H"}:
        _refuse_column(
            column,
            f"Property: '{_PREFIX}interval_unit' needs to be set when provided '{_PREFIX}format' is less that "
            "single-day precision. Interval defaults to 1 day or 1 month, respectively. "
            "Otherwise, interval is required",
        )
    return "DAYS" if "d" in pattern.letters else "MONTHS"


# the partitions of a table


@frozen
class Projection:
    """The rules of a table, by partition column."""

    template: str | None
    rules: Mapping[str, _Rule]

    def partitions(
        self, columns: Sequence[PartitionColumn], constraint: TupleDomain, most: int
    ) -> list[tuple[tuple[str, ...], tuple[Any, ...]]]:
        """Values that the constraint allows, as text and typed; one more than `most` at the most.

        Raises: INVALID_COLUMN_PROPERTY when the query has to name a column's values and does not.
        """
        if constraint.is_none:
            return []
        domains: dict[Any, Domain] = dict(constraint.entries or ())
        allowed: list[list[tuple[str, Any]]] = []
        for column in columns:
            domain = domains.get(column)
            found = []
            for text in self.rules[column.name].texts(domain):
                typed = read_values((column,), (text,))[0]
                if domain is None or domain.contains(typed):
                    found.append((text, typed))
                    if len(found) > most:
                        break
            allowed.append(found)
        chosen = itertools.islice(itertools.product(*allowed), most + 1)
        return [(tuple(text for text, _ in one), tuple(typed for _, typed in one)) for one in chosen]

    def partition(self, table: Table, values: tuple[str, ...]) -> Partition:
        """As if it were registered."""
        names = [column.name for column in table.partition_columns]
        if self.template is None:
            location = child_of(table.location, make_partition_name(names, values))
        else:
            by_name = dict(zip(names, values, strict=True))
            location = _PLACEHOLDER.sub(lambda match: by_name.get(match[1], match[0]), self.template)
        return Partition(
            values,
            table.columns,
            storage_format=table.storage_format,
            serde_parameters=table.serde_parameters,
            bucketing=table.bucketing,
            location=location.rstrip("/"),
        )


def projection_of(table: Table, partition_columns: Sequence[PartitionColumn]) -> Projection | None:
    """None when the metastore's partitions count. Raises: INVALID_COLUMN_PROPERTY for rules that cannot be read."""
    parameters = table.parameters
    if (
        parameters.get("projection.enabled", "").lower() != "true"
        or parameters.get("trino.partition_projection.ignore", "").lower() == "true"
    ):
        return None
    return _projection(parameters, [(column.name, column.type) for column in partition_columns])


def _projection(parameters: Mapping[str, str], columns: Sequence[tuple[str, Type]]) -> Projection | None:
    """Checked even when projection is off. Raises: INVALID_COLUMN_PROPERTY."""
    enabled = parameters.get("projection.enabled")
    on = enabled is not None and enabled.lower() == "true"
    if enabled is None and any(_rule_parameters(parameters, name) for name, _ in columns):
        _refuse(f"Columns partition projection properties cannot be set when '{ENABLED}' is not set")
    if on and not columns:
        _refuse("Partition projection cannot be enabled on a table that is not partitioned")
    rules = {name: _rule(name, type_, projection_column_properties(parameters, name)) for name, type_ in columns if on}
    template = parameters.get("storage.location.template")
    for name, _ in columns:
        if template is not None and f"${{{name}}}" not in template:
            _refuse(
                f"Partition projection location template: {template} is missing partition column: '{name}' placeholder"
            )
    return Projection(template, rules) if on else None
