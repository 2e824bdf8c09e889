"""What a run of the wizard line by line is given, and what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.answers import Answers
from tests.support.machine import DETAILS, PASSPHRASE

WORDS = PASSPHRASE.reveal()
AHEAD = Answers(
    documentation_url=DETAILS.documentation_url,
    data_api=DETAILS.data_api,
    data_visibility=DETAILS.data_visibility,
    qr=False,
)
Run = Callable[..., "Said"]


def unattended_answers(folder: Path, **changes: Any) -> Answers:
    """Everything that a run without questions needs; the passphrase's file is put in `folder`."""
    file = folder / "passphrase"
    file.touch(0o600)
    file.write_text(f"{WORDS}\n")
    answers = Answers(
        key="generate",
        passphrase_file=file,
        backup="copied",
        documentation_url=DETAILS.documentation_url,
        data_api=DETAILS.data_api,
        data_visibility=DETAILS.data_visibility,
        fund="gas-station",
        yes=True,
        no_input=True,
    )
    return replace(answers, **changes)


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.words = " ".join(err.split())
