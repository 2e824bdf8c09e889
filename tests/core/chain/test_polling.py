"""When blocks are looked for."""

from __future__ import annotations

from itertools import accumulate, islice

import pytest

from core.chain.polling import pauses


def test_looks_come_soon_then_just_after_the_usual_block_time_then_every_quarter_of_it() -> None:
    looks = list(accumulate(islice(pauses(6.0), 5)))
    assert looks == pytest.approx([0.1, 6.05, 7.55, 9.05, 10.55])
