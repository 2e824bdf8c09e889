"""After a whole run no file holds the key, the passphrase, the 2FA secret or a code."""

from __future__ import annotations

import logging

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.keys.private_key import parse_key
from core.secrets import Secret
from tests.support.machine import PASSPHRASE, Machine


async def test_no_file_and_no_log_holds_a_secret_after_a_run_with_every_kind_of_trouble(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await machine.drive(until=Action.CONFIRM)
    wizard = machine.now_open
    enrolment = wizard.enrolment
    assert enrolment is not None
    key = (await wizard.load()).context.key()
    for fault in ("invalid-code", "expired-code", "transfer-failed"):
        machine.network.fault(fault, 1)
    typed = [machine.old_code(), "not a code"]
    for wrong in typed:
        with pytest.raises(OnboardingError):
            await wizard.confirm(wrong)
    with pytest.raises(OnboardingError):
        await wizard.preview_key(_import("0x" + "77" * 33))
    await machine.drive_stubbornly()
    secrets = {
        "private key": key.private_hex().reveal()[2:],
        "passphrase": PASSPHRASE.reveal(),
        "2FA secret": enrolment.secret.reveal(),
        "pasted key": "77" * 33,
        **{f"code {index}": code for index, code in enumerate(machine.codes)},
    }
    assert len(machine.codes) >= 4
    files = [path for path in machine.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"journal.jsonl", "receipt.json", "receipt.txt"}
    for what, secret in secrets.items():
        assert secret not in caplog.text.replace("0x" + secret, ""), f"the log holds the {what}"
        for path in files:
            found = path.read_text(errors="replace").lower()
            # Six digits can stand in a hash by chance: as a word of their own they may not.
            alone = f'"{secret.lower()}"' if secret.isdigit() else secret.lower()
            assert alone not in found, f"{path.name} holds the {what}"
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600, f"{path.name} can be read by others"
    assert machine.folder.stat().st_mode & 0o777 == 0o700


async def test_an_unforeseen_fault_shows_its_place_and_no_values(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(text: Secret) -> None:
        raise ZeroDivisionError(text.reveal())

    monkeypatch.setattr("core.steps.keypair.parse_key", break_down)
    await machine.drive(until=Action.CREATE_KEYPAIR)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.preview_key(_import("0x" + "78" * 32))
    assert refused.value.code == "UNEXPECTED"
    assert refused.value.problem.params == {"reason": "ZeroDivisionError"}
    assert "break_down" in caplog.text
    assert "7878" not in caplog.text
    assert "7878" not in (machine.folder / "journal.jsonl").read_text()


def test_a_key_says_its_address_and_nothing_else() -> None:
    key = parse_key(Secret("0x" + "79" * 32))
    for text in (repr(key), str(key), f"{key}", repr([key])):
        assert key.address in text
        assert "7979" not in text


def _import(private_key: str):
    from core.keys.key_source import KeySource

    return KeySource("import", private_key=Secret(private_key))
