"""Sketches, geometry, colours and the internal types of functions. All but `Geometry` and friends are opaque bytes."""

from __future__ import annotations

from lodestar_server.spi.types.base import SimpleType, Type
from lodestar_server.spi.values import frozen


def _opaque(name: str) -> SimpleType:
    return SimpleType(name, is_comparable=False, is_orderable=False)


HYPER_LOG_LOG = _opaque("HyperLogLog")
P4_HYPER_LOG_LOG = _opaque("P4HyperLogLog")
SET_DIGEST = _opaque("SetDigest")
TDIGEST = _opaque("tdigest")
GEOMETRY = SimpleType("Geometry", is_orderable=False)
SPHERICAL_GEOGRAPHY = _opaque("SphericalGeography")
BING_TILE = SimpleType("BingTile", is_orderable=False)
KDB_TREE = _opaque("KdbTree")
COLOR = SimpleType("color", is_orderable=False)
OBJECT_ID = SimpleType("ObjectId")
REGRESSOR = _opaque("Regressor")
CODE_POINTS = _opaque("CodePoints")
JSON_PATH = _opaque("JsonPath")
"""A constant path of json_extract and friends, coerced from varchar."""
JSON_2016 = _opaque("json2016")
"""The intermediate value of the SQL/JSON functions; never seen by a user."""
LIKE_PATTERN = _opaque("LikePattern")
MODEL = _opaque("Model")
JSON_PATH_2016 = _opaque("JsonPath2016")
RE2J_REGEXP = _opaque("Re2JRegExp")
"""Types of Trino's own that can be named, and hold nothing but NULL here."""
JONI_REGEXP = _opaque("JoniRegExp")
"""A compiled regular expression, coerced from varchar."""


@frozen
class QDigestType(Type):
    """Quantile digest over bigint, double or real."""

    value: Type

    @property
    def base(self) -> str:
        return "qdigest"

    @property
    def display(self) -> str:
        return f"qdigest({self.value.display})"

    @property
    def comparable(self) -> bool:
        return False

    @property
    def orderable(self) -> bool:
        return False

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.value,)


@frozen
class ClassifierType(Type):
    """A trained classifier of the ml functions."""

    label: Type

    @property
    def base(self) -> str:
        return "Classifier"

    @property
    def display(self) -> str:
        return f"Classifier({self.label.display})"

    @property
    def comparable(self) -> bool:
        return False

    @property
    def orderable(self) -> bool:
        return False

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.label,)
