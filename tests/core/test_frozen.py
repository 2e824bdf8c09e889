"""The classes of `core.frozen` do what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from core import frozen

# The decorator of the standard library, so that each test compares with it.
BOTH = (dataclasses.dataclass, frozen.dataclass)


def _point(decorator: Callable[..., Any]) -> Any:
    @decorator(frozen=True)
    class Point:
        """A place."""

        x: int
        y: int = 2
        tags: list[str] = dataclasses.field(default_factory=list, compare=False)
        seen: bool = dataclasses.field(default=False, init=False, repr=False)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("x")

    return Point


@pytest.fixture(params=BOTH, ids=["standard", "ours"])
def point(request: pytest.FixtureRequest) -> Any:
    return _point(request.param)


def test_values_come_by_place_by_name_and_by_default(point: Any) -> None:
    made = point(1, y=3)
    assert (made.x, made.y, made.tags, made.seen) == (1, 3, [], False)
    assert point(1).y == 2
    assert point(1).tags is not point(1).tags


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, [], True), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((1,), {"seen": True})],
)
def test_what_does_not_fit_is_refused(
    point: Any, values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        point(*values, **named)


def test_a_check_after_it_was_made_is_run(point: Any) -> None:
    with pytest.raises(ValueError, match="x"):
        point(-1)
    with pytest.raises(ValueError, match="x"):
        dataclasses.replace(point(1), x=-1)


def test_nothing_can_be_changed(point: Any) -> None:
    made = point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.other = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.x


def test_what_is_equal_has_the_same_hash(point: Any) -> None:
    assert point(1, tags=["a"]) == point(1, tags=["b"])
    assert point(1) != point(2)
    assert point(1) != (1, 2)
    assert hash(point(1, tags=["a"])) == hash(point(1))
    assert len({point(1), point(1), point(2)}) == 2


def test_equal_values_of_another_class_are_not_equal() -> None:
    assert _point(frozen.dataclass)(1) != _point(frozen.dataclass)(1)


def test_it_shows_its_fields(point: Any) -> None:
    assert repr(point(1)).endswith("Point(x=1, y=2, tags=[])")


def test_it_is_taken_apart_replaced_and_copied(point: Any) -> None:
    made = point(1, 5)
    assert dataclasses.replace(made, x=4) == point(4, 5)
    assert dataclasses.asdict(made) == {"x": 1, "y": 5, "tags": [], "seen": False}
    assert copy.deepcopy(made) == copy.copy(made) == made
    match made:
        case point(x, y):
            assert (x, y) == (1, 5)


@frozen.dataclass(frozen=True)
class Base:
    name: str


@frozen.dataclass(frozen=True)
class Derived(Base):
    number: int = 7

    def __repr__(self) -> str:
        return "its own"


def test_a_class_inherits_fields_and_keeps_its_own_methods() -> None:
    made = Derived("a")
    assert [entry.name for entry in dataclasses.fields(made)] == ["name", "number"]
    assert repr(made) == "its own"
    assert made == Derived("a", 7) != Base("a")
    assert copy.deepcopy(made) == made


def test_one_that_can_be_changed_is_refused() -> None:
    with pytest.raises(ValueError, match="standard library"):
        frozen.dataclass(frozen=False)
