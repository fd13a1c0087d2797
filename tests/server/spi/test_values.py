"""Frozen values behave as the data classes that they stand for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import ClassVar, Generic, TypeVar

import pytest

from lodestar_server.spi.values import frozen

Item = TypeVar("Item")


@frozen
class Point:
    """One with a bit of everything."""

    COUNT: ClassVar[int] = 7

    x: int
    y: int = 2
    notes: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="s", repr=False, kw_only=True)
    doubled: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "doubled", self.x * 2)


@frozen
class Above(Point):
    """A field more, and a default of its own for one of its parent's."""

    z: int = 3
    y: int = 9


@dataclass(frozen=True, slots=True)
class FromOutside(Point):
    """As an author of a connector writes it."""

    name: str = "n"


@frozen
class OwnMethods(Generic[Item]):
    """What a class says itself stays."""

    item: Item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnMethods)

    def __repr__(self) -> str:
        return "mine"


@frozen
class Single:
    """One field."""

    item: object


@frozen
class Nothing:
    """No field."""


def test_is_made_as_a_data_class_is() -> None:
    point = Point(1, notes=["a"], secret="t")
    assert (point.x, point.y, point.notes, point.secret, point.doubled, point.COUNT) == (1, 2, ["a"], "t", 2, 7)
    assert Point(1).notes is not Point(1).notes
    assert [entry.name for entry in dataclasses.fields(Above)] == ["x", "y", "notes", "secret", "doubled", "z"]
    assert (Above(1).y, Above(1, 2).y, Above(1, 2, [], 4).z) == (9, 2, 4)
    assert FromOutside(1, name="o") == replace(FromOutside(1), name="o")
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, [], "s"), {}), ((1,), {"x": 2}), ((1,), {"doubled": 3}), ((1,), {"w": 0})]
)
def test_takes_its_own_arguments_only(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="__init__"):
        Point(*given, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Point, Above, FromOutside])
def test_cannot_be_changed(kind: type[Point]) -> None:
    point = kind(1)
    with pytest.raises(FrozenInstanceError, match="'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="'x'"):
        del point.x
    assert point.x == 1


def test_is_compared_by_class_and_fields() -> None:
    assert Point(1, notes=["a"]) == Point(1) != Point(2)
    assert hash(Point(1, notes=["a"])) == hash(Point(1)) != hash(Point(2))
    assert Point(1, 9) != Above(1)
    assert len({Nothing(), Nothing()}) == 1
    assert OwnMethods(1) == OwnMethods(2)
    nan = float("nan")
    assert Single(nan) == Single(nan) != Single(float("nan"))


def test_is_shown_as_a_data_class_is() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2, notes=[], doubled=2)"
    assert repr(OwnMethods(1)) == "mine"
    assert repr(Nothing()) == "Nothing()"


@pytest.mark.parametrize("value", [Point(1, 5, ["a"]), Above(1), FromOutside(3), Nothing()])
def test_is_copied_and_pickled(value: object) -> None:
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert again == value
        assert repr(again) == repr(value)


def test_is_matched_by_position() -> None:
    match Point(1):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            raise AssertionError


def test_is_replaced_in_part() -> None:
    assert replace(Point(1, secret="t"), x=4) == Point(4, secret="t")
    with pytest.raises(ValueError, match="init=False"):
        replace(Point(1), doubled=4)
