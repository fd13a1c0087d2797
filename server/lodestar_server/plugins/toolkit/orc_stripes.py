"""Stripes of an ORC file that may have wanted rows, by their statistics and Bloom filters. pyarrow reads stripes whole
and shows none of these figures; pyorc does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Context
from typing import Any, BinaryIO

from lodestar_server.plugins.toolkit.orc_figures import OrcFigures, stripe_figures
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import BIGINT, DATE, DOUBLE, INTEGER, REAL, SMALLINT, TINYINT, DecimalType, VarcharType

_INTEGERS = (TINYINT, SMALLINT, INTEGER, BIGINT)
_DECIMALS = Context(prec=76)
_MOST_LOOKUPS = 16


def wanted_stripes(source: BinaryIO, domains: Mapping[str, Domain]) -> list[int] | None:
    """Numbers of stripes in which the domains of columns (by their names in the file) may all have a row.

    None when nothing is known. A column whose figures are of another kind than its domain excludes nothing.
    """
    import pyorc

    usable = {name: domain for name, domain in domains.items() if _has_figures(domain)}
    if not usable:
        return None
    figures = stripe_figures(source)
    source.seek(0)
    reader = pyorc.Reader(source)
    schema: Any = reader.schema
    if figures is None or len(figures) != reader.num_of_stripes:
        figures = [[]] * reader.num_of_stripes
    ids = {name: schema.find_column_id(name) for name in usable if name in schema.fields}
    found = []
    for number in range(reader.num_of_stripes):
        known = figures[number]
        if all(place >= len(known) or _may_have(known[place], usable[name]) for name, place in ids.items()):
            found.append(number)
    filtered = [name for name in ids if found and _lookups(usable[name])]
    return [number for number in found if _filters_say_yes(source, reader, number, ids, filtered, usable)]


def _has_figures(domain: Domain) -> bool:
    type_ = domain.type
    plain = type_ in (*_INTEGERS, DATE, DOUBLE, REAL) or isinstance(type_, DecimalType)
    return plain or (isinstance(type_, VarcharType) and type_.length is None)


def _may_have(figures: OrcFigures, domain: Domain) -> bool:
    if domain.null_allowed and figures.has_null:
        return True
    if figures.values == 0:
        return False
    low, high = (_comparable(figures.kind, value, domain) for value in (figures.low, figures.high))
    if low is None or high is None:
        return True
    return any(
        (one.low is None or one.low < high or (one.low == high and one.low_inclusive))
        and (one.high is None or one.high > low or (one.high == low and one.high_inclusive))
        for one in domain.ranges
    )


def _comparable(kind: str, value: Any, domain: Domain) -> Any:
    """A bound as a domain's values are; None when it is of another kind, or cannot be relied on."""
    type_ = domain.type
    match kind:
        case "int" if type_ in _INTEGERS:
            return value
        case "date" if type_ == DATE:
            return value
        case "text" if isinstance(type_, VarcharType):
            return value
        case "float" if type_ in (DOUBLE, REAL):
            return None if math.isnan(value) else value
        case "decimal" if isinstance(type_, DecimalType) and -int(value.as_tuple().exponent) <= type_.scale:
            return int(value.scaleb(type_.scale, _DECIMALS))
    return None


def _lookups(domain: Domain) -> tuple[Any, ...]:
    """Values to look up in a Bloom filter: texts and integers, not too many of them."""
    values = domain.single_values
    if values is None or len(values) > _MOST_LOOKUPS:
        return ()
    return values if domain.type in _INTEGERS or isinstance(domain.type, VarcharType) else ()


def _filters_say_yes(
    source: BinaryIO, reader: Any, number: int, ids: Mapping[str, int], names: list[str], domains: Mapping[str, Domain]
) -> bool:
    import pyorc

    there = set(reader.read_stripe(number).bloom_filter_columns) if names else ()
    for name in names:
        if ids[name] not in there:
            continue
        kind = reader.schema.fields[name].kind
        texts = isinstance(domains[name].type, VarcharType)
        if kind not in ((pyorc.TypeKind.STRING,) if texts else (pyorc.TypeKind.INT, pyorc.TypeKind.LONG)):
            continue
        column = pyorc.PredicateColumn(kind, name=name)
        wanted: Any = None
        for value in _lookups(domains[name]):
            wanted = column == value if wanted is None else wanted | (column == value)
        # The library leaves row groups out by their filters: a stripe without any gives no row.
        chosen = pyorc.Reader(source, column_names=[name], predicate=wanted).read_stripe(number)
        if next(iter(chosen), None) is None:
            return False
    return True
