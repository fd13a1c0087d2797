"""Sets of values that a predicate allows: Range, Domain, TupleDomain. What is pushed into connectors.

Values are those of `ir.Constant`: they compare with Python's operators in SQL's order for every orderable scalar type
(uuid and ipaddress as bytes, timestamps as picoseconds; a timestamp with zone is reduced to its UTC picoseconds).
NaN is never inside a range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lodestar_server.spi.handles import ColumnHandle
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class Range:
    """An interval; an end None is unbounded. A single value has both ends equal and inclusive."""

    low: Any = None
    low_inclusive: bool = False
    high: Any = None
    high_inclusive: bool = False

    @staticmethod
    def equal(value: Any) -> Range:
        """Just this value."""
        return Range(value, True, value, True)

    @property
    def single(self) -> bool:
        """One value only."""
        return self.low is not None and self.low == self.high and self.low_inclusive and self.high_inclusive

    @property
    def all(self) -> bool:
        """Every value."""
        return self.low is None and self.high is None

    def contains(self, value: Any) -> bool:
        """The value is inside."""
        if self.low is not None and (value < self.low or (value == self.low and not self.low_inclusive)):
            return False
        return self.high is None or value < self.high or (value == self.high and self.high_inclusive)

    def intersect(self, other: Range) -> Range | None:
        """The common part, None when there is none."""
        low, low_inclusive = _tighter(self.low, self.low_inclusive, other.low, other.low_inclusive, highest=True)
        high, high_inclusive = _tighter(self.high, self.high_inclusive, other.high, other.high_inclusive, highest=False)
        if low is not None and high is not None:
            if low > high or (low == high and not (low_inclusive and high_inclusive)):
                return None
        return Range(low, low_inclusive, high, high_inclusive)

    def touches(self, other: Range) -> bool:
        """`other`, which does not begin before this one, overlaps it or follows without a gap."""
        if self.high is None or other.low is None:
            return True
        return bool(other.low < self.high or (other.low == self.high and (self.high_inclusive or other.low_inclusive)))

    def span(self, other: Range) -> Range:
        """The smallest range over both."""
        low, low_inclusive = self.low, self.low_inclusive
        if low is not None and (other.low is None or other.low < low):
            low, low_inclusive = other.low, other.low_inclusive
        elif low is not None and other.low == low:
            low_inclusive = low_inclusive or other.low_inclusive
        high, high_inclusive = self.high, self.high_inclusive
        if high is not None and (other.high is None or other.high > high):
            high, high_inclusive = other.high, other.high_inclusive
        elif high is not None and other.high == high:
            high_inclusive = high_inclusive or other.high_inclusive
        return Range(low, low is not None and low_inclusive, high, high is not None and high_inclusive)


def _tighter(a: Any, a_inclusive: bool, b: Any, b_inclusive: bool, *, highest: bool) -> tuple[Any, bool]:
    if a is None or b is None:
        return (b, b_inclusive) if a is None else (a, a_inclusive)
    if a == b:
        return a, a_inclusive and b_inclusive
    return (a, a_inclusive) if (a > b) == highest else (b, b_inclusive)


def _low_key(one: Range) -> tuple[bool, Any, bool]:
    return (one.low is not None, one.low if one.low is not None else 0, not one.low_inclusive)


def _common(left: Sequence[Range], right: Sequence[Range]) -> Iterator[Range]:
    """The common parts of two ascending rows of disjoint ranges."""
    i = j = 0
    while i < len(left) and j < len(right):
        a, b = left[i], right[j]
        common = a.intersect(b)
        if common is not None:
            yield common
        if b.high is None or (a.high is not None and (a.high < b.high or (a.high == b.high and not a.high_inclusive))):
            i += 1
        else:
            j += 1


ALL_RANGES = (Range(),)


@frozen
class Domain:
    """The values of one column: disjoint ranges in ascending order, and whether NULL is allowed.

    A type that is not orderable has only single-value ranges, in any order, or all values.
    """

    type: Type
    ranges: tuple[Range, ...]
    null_allowed: bool

    @staticmethod
    def all(type_: Type) -> Domain:
        """Everything, NULL too."""
        return Domain(type_, ALL_RANGES, True)

    @staticmethod
    def none(type_: Type) -> Domain:
        """Nothing."""
        return Domain(type_, (), False)

    @staticmethod
    def not_null(type_: Type) -> Domain:
        """Everything but NULL."""
        return Domain(type_, ALL_RANGES, False)

    @staticmethod
    def only_null(type_: Type) -> Domain:
        """NULL."""
        return Domain(type_, (), True)

    @staticmethod
    def of(type_: Type, ranges: Iterable[Range], *, null_allowed: bool = False) -> Domain:
        """The union of the ranges."""
        given = list(ranges)
        if any(one.all for one in given):
            return Domain(type_, ALL_RANGES, null_allowed)
        if not type_.orderable:
            return Domain(type_, tuple(dict.fromkeys(given)), null_allowed)
        merged: list[Range] = []
        for one in sorted(given, key=_low_key):
            if merged and merged[-1].touches(one):
                merged[-1] = merged[-1].span(one)
            else:
                merged.append(one)
        return Domain(type_, tuple(merged), null_allowed)

    @staticmethod
    def values(type_: Type, values: Iterable[Any]) -> Domain:
        """Exactly these values."""
        return Domain.of(type_, (Range.equal(value) for value in values))

    @property
    def is_all(self) -> bool:
        """No restriction."""
        return self.null_allowed and self.ranges == ALL_RANGES

    @property
    def is_none(self) -> bool:
        """No value can satisfy it."""
        return not self.null_allowed and not self.ranges

    @property
    def single_values(self) -> tuple[Any, ...] | None:
        """The values when there are only single ones and no NULL; else None."""
        if self.null_allowed or not all(one.single for one in self.ranges):
            return None
        return tuple(one.low for one in self.ranges)

    def contains(self, value: Any) -> bool:
        """The value (None is NULL) is allowed."""
        if value is None:
            return self.null_allowed
        return any(one.low == value if one.single else one.contains(value) for one in self.ranges)

    def intersect(self, other: Domain) -> Domain:
        """Values that both allow."""
        null_allowed = self.null_allowed and other.null_allowed
        if self.ranges == ALL_RANGES:
            return Domain(self.type, other.ranges, null_allowed)
        if other.ranges == ALL_RANGES:
            return Domain(self.type, self.ranges, null_allowed)
        if not self.type.orderable:
            return Domain(self.type, tuple(one for one in self.ranges if one in other.ranges), null_allowed)
        return Domain(self.type, tuple(_common(self.ranges, other.ranges)), null_allowed)

    def union(self, other: Domain) -> Domain:
        """Values that one of them allows."""
        return Domain.union_of([self, other])

    @staticmethod
    def union_of(domains: Sequence[Domain]) -> Domain:
        """Values that one of at least one domain allows."""
        ranges = [one for domain in domains for one in domain.ranges]
        return Domain.of(domains[0].type, ranges, null_allowed=any(domain.null_allowed for domain in domains))

    @staticmethod
    def intersection_of(domains: Sequence[Domain]) -> Domain:
        """Values that all of at least one domain allow. By halves, for the sake of long chains of `<>`."""
        if len(domains) == 1:
            return domains[0]
        middle = len(domains) // 2
        return Domain.intersection_of(domains[:middle]).intersect(Domain.intersection_of(domains[middle:]))

    def complement(self) -> Domain | None:
        """Values that it does not allow; None for a type without order, except of all and nothing."""
        if self.ranges == ALL_RANGES or not self.ranges:
            return Domain(self.type, () if self.ranges else ALL_RANGES, not self.null_allowed)
        if not self.type.orderable:
            return None
        gaps: list[Range] = []
        low, low_inclusive = None, False
        for one in self.ranges:
            if one.low is not None:
                gaps.append(Range(low, low_inclusive, one.low, not one.low_inclusive))
            low, low_inclusive = one.high, not one.high_inclusive
        if low is not None:
            gaps.append(Range(low, low_inclusive, None, False))
        return Domain.of(self.type, gaps, null_allowed=not self.null_allowed)

    def simplify(self, limit: int) -> Domain:
        """At most `limit` ranges, widened to their span when there are more; all values for an unordered type."""
        if len(self.ranges) <= limit:
            return self
        if not self.type.orderable:
            return Domain(self.type, ALL_RANGES, self.null_allowed)
        first, last = self.ranges[0], self.ranges[-1]
        return Domain(self.type, (first.span(last),), self.null_allowed)


@frozen
class TupleDomain:
    """A conjunction of domains, one per column; `entries` None means no row can satisfy it."""

    entries: tuple[tuple[ColumnHandle, Domain], ...] | None

    @staticmethod
    def all() -> TupleDomain:
        """No restriction."""
        return _ALL

    @staticmethod
    def none() -> TupleDomain:
        """No row."""
        return _NONE

    @staticmethod
    def of(domains: Mapping[ColumnHandle, Domain]) -> TupleDomain:
        """The conjunction; columns without restriction are left out."""
        if any(domain.is_none for domain in domains.values()):
            return _NONE
        return TupleDomain(tuple((column, domain) for column, domain in domains.items() if not domain.is_all))

    @property
    def is_all(self) -> bool:
        """No restriction."""
        return self.entries == ()

    @property
    def is_none(self) -> bool:
        """No row can satisfy it."""
        return self.entries is None

    @property
    def domains(self) -> dict[ColumnHandle, Domain]:
        """The restricted columns; empty for `none()` too, so ask `is_none` first."""
        return dict(self.entries or ())

    def intersect(self, other: TupleDomain) -> TupleDomain:
        """Rows that satisfy both."""
        if self.is_none or other.is_none:
            return _NONE
        merged = self.domains
        for column, domain in other.domains.items():
            merged[column] = merged[column].intersect(domain) if column in merged else domain
        return TupleDomain.of(merged)

    def filter(self, keep: Callable[[ColumnHandle, Domain], bool]) -> TupleDomain:
        """Only the columns for which `keep` is true."""
        if self.entries is None:
            return self
        return TupleDomain(tuple((column, domain) for column, domain in self.entries if keep(column, domain)))

    def contains(self, values: Mapping[ColumnHandle, Any]) -> bool:
        """A row with these values (columns that are absent are not checked) may satisfy it."""
        if self.entries is None:
            return False
        return all(domain.contains(values[column]) for column, domain in self.entries if column in values)


_ALL = TupleDomain(())
_NONE = TupleDomain(None)
