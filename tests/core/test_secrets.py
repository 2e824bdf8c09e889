"""A secret cannot be seen by accident: not printed, formatted, logged, pickled or dumped."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import dataclass

import pytest

from core.secrets import Secret, unwrap

TEXT = "hunter2-hunter2"
SECRET = Secret(TEXT)


@dataclass
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}",
        f"{SECRET:>40}",
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - this way of formatting too
        "{} {!r}".format(SECRET, SECRET),  # noqa: UP032 - and this one
        repr([SECRET]),
        repr({"key": SECRET}),
        repr(Holder(SECRET)),
        ascii(SECRET),
        str(ValueError(SECRET)),
    ],
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    assert TEXT not in shown
    assert "***" in shown


def test_no_log_line_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("test").warning("a %s and %r", SECRET, Holder(SECRET))
    assert "***" in caplog.text
    assert TEXT not in caplog.text


def test_it_cannot_be_written_anywhere() -> None:
    with pytest.raises(TypeError):
        json.dumps({"key": SECRET})
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError):
        copy.copy(SECRET)
    assert not hasattr(SECRET, "__dict__")


def test_two_of_them_can_be_compared_without_taking_them_out() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a")
    assert not Secret("")


def test_its_text_comes_out_only_where_it_is_asked_for() -> None:
    assert SECRET.reveal() == TEXT
    assert unwrap(SECRET) == unwrap(TEXT) == TEXT
