"""Which files a predicate may find rows in, by partition values and by the bounds that manifests keep.

Domains hold the engine's values (`timestamp with time zone` as plain picoseconds), files hold raw ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile, Manifest
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionField, PartitionSpec
from lodestar_server.plugins.connectors.iceberg.format.types import IcebergType, Primitive
from lodestar_server.plugins.connectors.iceberg.format.values import from_bytes, from_constant, to_constant
from lodestar_server.plugins.connectors.iceberg.handles import IcebergColumnHandle
from lodestar_server.spi.predicate import Domain, Range, TupleDomain
from lodestar_server.spi.values import frozen

_FLOATS = (ice.FLOAT, ice.DOUBLE)


def domain_value(type_: IcebergType, raw: Any) -> Any:
    """A raw value as domains hold it."""
    found = to_constant(type_, raw)
    return found[0] if isinstance(found, tuple) else found


@frozen
class _PartitionTest:
    """A condition on one partition value."""

    place: int
    ranges: tuple[Range, ...] | None
    values: frozenset[Any] | None
    null_allowed: bool

    def passes(self, value: Any) -> bool:
        if value is None:
            return self.null_allowed
        if self.values is not None:
            return value in self.values
        return self.ranges is None or value != value or any(one.contains(value) for one in self.ranges)

    def passes_bounds(self, low: Any, high: Any) -> bool:
        span = Range(low, True, high, True)
        if self.values is not None:
            return any(span.contains(value) for value in self.values)
        return self.ranges is None or any(one.intersect(span) is not None for one in self.ranges)


class FilePruner:
    """For one scan of a table. Thread-safe once made."""

    def __init__(self, metadata: TableMetadata, predicate: TupleDomain) -> None:
        self._metadata = metadata
        self._domains: dict[int, Domain] = {
            column.id: domain
            for column, domain in predicate.domains.items()
            if isinstance(column, IcebergColumnHandle) and not column.hidden
        }
        self._tests: dict[int, list[_PartitionTest]] = {}
        self._bounds = [
            (id_, metadata.source_type(id_), domain)
            for id_, domain in self._domains.items()
            if isinstance(metadata.source_type(id_), Primitive) and domain.type.orderable
        ]

    def _tests_of(self, spec: PartitionSpec) -> list[_PartitionTest]:
        found = self._tests.get(spec.id)
        if found is None:
            found = []
            for place, field in enumerate(spec.fields):
                domain = self._domains.get(field.source_id)
                if domain is not None:
                    test = _partition_test(place, field, self._metadata.source_type(field.source_id), domain)
                    if test is not None:
                        found.append(test)
            self._tests[spec.id] = found
        return found

    def manifest_may_match(self, manifest: Manifest) -> bool:
        """Some file of the manifest may."""
        if not self._domains or not manifest.partitions:
            return True
        spec = self._metadata.spec_of(manifest.spec_id)
        types = self._metadata.spec_types(spec)
        for test in self._tests_of(spec):
            if test.place >= len(manifest.partitions):
                continue
            summary = manifest.partitions[test.place]
            if summary.contains_null and test.null_allowed:
                continue
            if summary.contains_nan is not False and types[test.place] in _FLOATS:
                continue
            if summary.lower is None or summary.upper is None:
                return False
            result = spec.fields[test.place].transform.result_type(types[test.place])
            if not test.passes_bounds(from_bytes(result, summary.lower), from_bytes(result, summary.upper)):
                return False
        return True

    def partition_matches(self, file: DataFile) -> bool:
        """The file's partition may have such rows."""
        if not self._domains:
            return True
        tests = self._tests_of(self._metadata.spec_of(file.spec_id))
        return all(test.passes(file.partition[test.place]) for test in tests)

    def file_may_match(self, file: DataFile) -> bool:
        """Partition, counts and bounds allow it."""
        return self.partition_matches(file) and all(self._within(file, *one) for one in self._bounds)

    def _within(self, file: DataFile, id_: int, type_: IcebergType, domain: Domain) -> bool:
        nulls = None if file.null_counts is None else file.null_counts.get(id_)
        count = None if file.value_counts is None else file.value_counts.get(id_)
        if domain.null_allowed and nulls != 0:
            return True
        if nulls is not None and count is not None and nulls == count:
            return False  # nothing but NULL
        if not domain.ranges:
            return False
        lower = None if file.lower_bounds is None else file.lower_bounds.get(id_)
        upper = None if file.upper_bounds is None else file.upper_bounds.get(id_)
        low = None if lower is None else domain_value(type_, from_bytes(type_, lower))
        high = None if upper is None else domain_value(type_, from_bytes(type_, upper))
        if type_ in _FLOATS and (low != low or high != high):
            return True
        span = Range(low, low is not None, high, high is not None)
        return any(one.intersect(span) is not None for one in domain.ranges)


def _partition_test(place: int, field: PartitionField, source: IcebergType, domain: Domain) -> _PartitionTest | None:
    transform = field.transform
    nulls = domain.null_allowed
    if transform.kind == "void" or not isinstance(source, Primitive):
        return None
    if not domain.ranges:
        return _PartitionTest(place, (), None, nulls)
    if any(one.all for one in domain.ranges):
        return _PartitionTest(place, None, None, nulls)
    singles = [one.low for one in domain.ranges] if all(one.single for one in domain.ranges) else None
    if singles is not None and transform.kind in ("identity", "bucket") and len(singles) <= 1000:
        made = {transform.apply(source, from_constant(source, value)) for value in singles}
        return _PartitionTest(place, None, frozenset(made), nulls)
    if not transform.monotonic:
        return _PartitionTest(place, None, None, nulls) if transform.kind == "bucket" else None
    if not domain.type.orderable:
        return None
    ranges = []
    for one in domain.ranges:
        exact = transform.kind == "identity"
        low = None if one.low is None else transform.apply(source, from_constant(source, one.low))
        high = None if one.high is None else transform.apply(source, from_constant(source, one.high))
        ranges.append(
            Range(
                low,
                low is not None and (one.low_inclusive or not exact),
                high,
                high is not None and (one.high_inclusive or not exact),
            )
        )
    return _PartitionTest(place, tuple(ranges), None, nulls)


def enforceable(
    metadata: TableMetadata, specs: Sequence[PartitionSpec], column: IcebergColumnHandle, domain: Domain
) -> bool:
    """Every partition holds only rows inside the domain, or only rows outside of it, in each of the specs."""
    source = metadata.source_type(column.id)
    return (
        bool(specs)
        and isinstance(source, Primitive)
        and all(
            any(field.source_id == column.id and _separates(field, source, domain) for field in spec.fields)
            for spec in specs
        )
    )


def _separates(field: PartitionField, source: IcebergType, domain: Domain) -> bool:
    transform = field.transform
    if transform.kind == "void":
        return False
    if transform.kind == "identity":
        return True
    if not domain.type.orderable:
        return False
    return all(_edges_separate(field, source, one) for one in domain.ranges)


def _edges_separate(field: PartitionField, source: IcebergType, one: Range) -> bool:
    if one.low is None and one.high is None:
        return True
    if not field.transform.monotonic:
        return False
    for value, inclusive, step in ((one.low, one.low_inclusive, -1), (one.high, one.high_inclusive, 1)):
        if value is None:
            continue
        raw = from_constant(source, value)
        if not isinstance(raw, int) or isinstance(raw, bool):
            return False
        neighbour = raw + (step if inclusive else -step)
        if field.transform.apply(source, raw) == field.transform.apply(source, neighbour):
            return False
    return True


def hidden_matches(domains: Mapping[str, Domain], values: Mapping[str, Any]) -> bool:
    """Conditions on `$path`, `$partition` and `$file_modified_time`."""
    return all(domain.contains(values[name]) for name, domain in domains.items())
