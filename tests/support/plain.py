"""What a run of the wizard line by line is given, and what it said."""

from __future__ import annotations

from collections.abc import Callable

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


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.words = " ".join(err.split())
