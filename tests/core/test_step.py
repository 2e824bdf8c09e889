"""Seven steps, found by whatever people call them."""

from __future__ import annotations

import pytest

from core.step import STEPS, Step, find_step


def test_there_are_seven_in_order_each_with_its_words() -> None:
    assert [step.value for step in Step] == [1, 2, 3, 4, 5, 6, 7]
    for step in Step:
        assert step.info.title
        assert step.info.purpose.endswith(".")
    assert set(STEPS) == set(Step)


def test_the_rail_fits_eighty_columns() -> None:
    rail = "  ".join(f"x {step.info.short}" for step in Step)
    assert len(rail) <= 80


@pytest.mark.parametrize("step", list(Step))
def test_a_step_is_found_by_number_slug_and_title(step: Step) -> None:
    for name in (str(step.value), step.slug, step.info.title, f" {step.info.short.upper()} "):
        assert find_step(name) is step


def test_what_is_no_step_is_answered_with_all_of_them() -> None:
    with pytest.raises(ValueError, match=r"1 environment.*7 machine-nft"):
        find_step("8")
