"""Questions about two geometries; nothing holds of an empty one but that it is apart from all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from lodestar_server.execution.kernel.geometry.values import COLLECTION, broken

_PATTERN_LENGTH = 9


def _both(left: Any, right: Any) -> Any:
    return ~(shapely.is_empty(left) | shapely.is_empty(right))


def _refuse_collections(function: str, left: Any, right: Any) -> None:
    """Raises: as Trino, an internal error for a collection beside a geometry with points."""
    collected = (shapely.get_type_id(left) == COLLECTION) | (shapely.get_type_id(right) == COLLECTION)
    if (collected & _both(left, right)).any():
        raise broken(f"{function} does not take a collection of geometries")


def st_contains(left: Any, right: Any) -> Any:
    """No point of the right outside the left, and some inside."""
    return shapely.contains(left, right) & _both(left, right)


def st_crosses(left: Any, right: Any) -> Any:
    """Some but not all inner points in common."""
    _refuse_collections("ST_Crosses", left, right)
    return shapely.crosses(left, right) & _both(left, right)


def st_disjoint(left: Any, right: Any) -> Any:
    """No point in common."""
    return shapely.disjoint(left, right) | ~_both(left, right)


def st_equals(left: Any, right: Any) -> Any:
    """The same points."""
    return shapely.equals(left, right) & _both(left, right)


def st_intersects(left: Any, right: Any) -> Any:
    """A point in common."""
    return shapely.intersects(left, right) & _both(left, right)


def st_overlaps(left: Any, right: Any) -> Any:
    """Points in common and points apart, in the dimension of both."""
    _refuse_collections("ST_Overlaps", left, right)
    return shapely.overlaps(left, right) & _both(left, right)


def st_touches(left: Any, right: Any) -> Any:
    """Only points of the boundaries in common."""
    _refuse_collections("ST_Touches", left, right)
    return shapely.touches(left, right) & _both(left, right)


def st_within(left: Any, right: Any) -> Any:
    """The right contains the left."""
    return shapely.within(left, right) & _both(left, right)


def st_relate(left: Any, right: Any, patterns: Sequence[str]) -> list[bool]:
    """By a pattern of the nine intersections. Raises: as Trino, an internal error for a text that is none."""
    made = []
    for one, other, pattern in zip(left, right, patterns, strict=True):
        if len(pattern) != _PATTERN_LENGTH:
            raise broken("relation string length has to be 9 characters")
        if set(pattern) - set("*TF012"):
            raise broken("relation string")
        if COLLECTION in shapely.get_type_id([one, other]):
            raise broken("ST_Relate does not take a collection of geometries")
        made.append(bool(shapely.relate_pattern(one, other, pattern)))
    return made
