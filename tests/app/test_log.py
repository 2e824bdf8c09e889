"""wizard.log may be sent to whoever looks after the machine: nothing in it opens anything."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from app import log as log_module
from app.log import NAME, start_log
from core.errors.problem import OnboardingError
from core.journal.events import StepFailed
from core.journal.next_action import Action
from tests.support.logs import close_log
from tests.support.machine import Machine

SECRETS = [
    "otpauth://totp/peaq:0xabc?secret=JBSWY3DPEHPK3PXP&issuer=peaq",
    "secret=JBSWY3DPEHPK3PXP",
    '{"twoFactorCode": "123456"}',
    "twoFactorCode=123456",
]


def test_it_is_for_this_user_only_and_grows(tmp_path: Path, logger: logging.Logger) -> None:
    for text in ("first", "second"):
        start_log(tmp_path)
        logger.info("%s start", text)
        close_log(logger)
    path = tmp_path / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["INFO first start", "INFO second start"]
    assert lines[0].split(" INFO")[0].endswith("Z"), "the time says no zone"


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_struck_out(
    tmp_path: Path, logger: logging.Logger, text: str
) -> None:
    start_log(tmp_path)
    logger.warning(text.replace("%", "%%"))
    logger.warning("as argument: %s", text)
    written = (tmp_path / NAME).read_text()
    assert "JBSWY3DPEHPK3PXP" not in written
    assert "123456" not in written
    assert written.count("***") >= 2


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Else somebody else's file would be written to."""
    target = tmp_path / "elsewhere"
    (tmp_path / NAME).symlink_to(target)
    with pytest.raises(OnboardingError) as refused:
        start_log(tmp_path)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert NAME in refused.value.problem.cause
    assert not target.exists()


async def test_every_amount_of_a_run_stands_in_it_exactly_in_wei(
    machine: Machine, logger: logging.Logger
) -> None:
    """The screen rounds to six decimals; whoever looks after the money must not have to guess."""
    machine.open()
    start_log(machine.folder)
    await machine.drive()
    lines = (machine.folder / NAME).read_text().splitlines()
    told = [line.split(" record ", 1)[1] for line in lines if " record " in line]
    assert len(told) == len(machine.records)
    amounts = 0
    for line, record in zip(told, machine.records, strict=True):
        number, event, fields = line.split(" ", 2)
        assert (number, event) == (str(record.number), type(record.event).__name__)
        said = json.loads(fields)
        for name, value in record.event.to_data().items():
            if name.endswith("_wei"):
                assert said[name] == value
                assert value.isdigit()
                amounts += 1
        assert "raw" not in said
    assert amounts >= 20
    assert '"bond_wei": "1000000000000000000"' in "\n".join(told)


async def test_a_fact_with_a_line_break_in_it_is_one_line(
    machine: Machine, logger: logging.Logger
) -> None:
    machine.open()
    start_log(machine.folder)
    await machine.drive(until=Action.CREATE_KEYPAIR)
    before = (machine.folder / NAME).read_text().count("\n")
    await machine.now_open.session.store.record(
        StepFailed("FUNDING", "GAS_STATION_REFUSED", {"message": "a\nb\x1b[2J secret=ABCDEFGH"})
    )
    after = (machine.folder / NAME).read_text()
    assert after.count("\n") == before + 1
    assert "\x1b" not in after
    assert "ABCDEFGH" not in after


def test_a_log_on_a_full_disk_paints_nothing_over_the_screen(
    tmp_path: Path, logger: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    start_log(tmp_path)
    (handler,) = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    os.dup2(os.open("/dev/full", os.O_WRONLY), handler.stream.fileno())
    logger.info("nobody can read this")
    assert capfd.readouterr().err == ""
    os.dup2(os.open(os.devnull, os.O_WRONLY), handler.stream.fileno())


def test_it_does_not_fill_the_disk(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "_SIZE_LIMIT", 100)
    (tmp_path / NAME).write_text("x" * 101)
    start_log(tmp_path)
    logger.info("anew")
    assert "anew" in (tmp_path / NAME).read_text()
    assert (tmp_path / f"{NAME}.1").read_text() == "x" * 101
