"""Heights count only as far as time allows, or once a second one confirms them."""

from __future__ import annotations

import pytest

from core.journal.heights import LARGEST, SLACK, Heights

DAY = 86_400.0


def after(*seen: tuple[int, float]) -> Heights:
    heights = Heights()
    for height, at in seen:
        heights = heights.after(height, at)
    return heights


def test_the_first_height_counts_once_a_second_one_confirms_it() -> None:
    assert after((6_000_000, 0)).believed == 0
    assert after((6_000_000, 0), (6_000_000, 0)).believed == 6_000_000
    assert after((6_000_000, 0), (6_000_010, 60)).believed == 6_000_010


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_one_false_height_is_forgotten_wherever_it_comes(place: int) -> None:
    seen = [(6_000_000 + n, 6.0 * n) for n in range(6)]
    seen.insert(place, (1_000_000_000, 6.0 * place))
    assert after(*seen).believed == 6_000_005


def test_a_long_pause_raises_what_is_believed_at_once() -> None:
    known = after((6_000_000, 0), (6_000_001, 6))
    assert known.after(6_014_400, DAY).believed == 6_014_400


def test_a_jump_beyond_what_time_allows_needs_a_second_look() -> None:
    """A clock that was set back makes an honest height look like that."""
    known = after((6_000_000, DAY), (6_000_001, DAY))
    once = known.after(6_014_400, 0)
    assert once.believed == 6_000_001
    assert not known.allows(6_014_400, 0)
    assert once.after(6_014_400 - 3, 0).believed == 6_014_397


def test_no_lower_height_lowers_what_is_believed() -> None:
    assert after((100, 0), (100, 0), (7, 1)).believed == 100


def test_an_impossible_height_is_never_believed() -> None:
    lie = 0xFFFFFFFFFFFF
    assert after((lie, 0), (lie, 1), (lie, 2)) == Heights()
    assert not Heights().allows(lie, 0)
    assert Heights().allows(LARGEST, 0)
    assert after((100, 0), (100, 0)).allows(100 + SLACK, 0)
