"""Remedies where there is no screen: nobody is sent to a key that does nothing."""

from __future__ import annotations

import re

import pytest

from app.wording import at_prompt, in_lines, without_keys
from core.errors.catalogue import CATALOGUE
from screens.dialogs.help import OF_STEP

_KEY_OF_THE_SCREEN = re.compile(r"\bF\d|\bEsc\b|ctrl\+q|[Tt]his screen")


@pytest.mark.parametrize("code", CATALOGUE)
def test_no_remedy_names_a_key_of_the_screen(code: str) -> None:
    remedy = CATALOGUE[code].remedy
    assert not _KEY_OF_THE_SCREEN.search(in_lines(remedy))
    said = at_prompt(remedy)
    assert not _KEY_OF_THE_SCREEN.search(said)
    assert "ress Enter" not in said or code == "CODE_MALFORMED"
    assert said[0].isupper() or said[0] == "{"
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("VARIABLE_INVALID", "Change it in the environment or in .env."),
        ("CAP_EXCEEDED_OWNER", "Fund it another way (--fund) now, or come back tomorrow."),
        ("2FA_LOCKED", "When the time is over, start the wizard and type a fresh code."),
        ("CONTRACT_PAUSED", "Only they can release it. Come back later, and start the wizard "),
    ],
)
def test_a_remedy_says_what_can_be_done_there(code: str, words: str) -> None:
    assert at_prompt(CATALOGUE[code].remedy).startswith(words)


def test_an_explanation_of_a_step_is_left_with_what_is_true_there() -> None:
    for text, _ in OF_STEP.values():
        said = without_keys(text)
        assert not _KEY_OF_THE_SCREEN.search(said.replace("the screen notices", ""))
        assert len(said) > 60
