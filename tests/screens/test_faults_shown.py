"""Every fault that a rehearsal can be asked for is met on its screen, in words, and overcome."""

from __future__ import annotations

import pytest

from app.rehearsal.faults import FAULTS
from core.errors.surfaces import SCREEN
from core.journal.next_action import Action
from tests.screens.driver import SCREEN_OF, at_step
from tests.support.machine import Machine

# Where each is met, and what is read there; no title where it is overcome without anybody's help.
MET: dict[str, tuple[Action, str]] = {
    "invalid-code": (Action.CONFIRM, "INVALID_2FA"),
    "expired-code": (Action.FUND, "CODE_EXPIRED"),
    "locked": (Action.FUND, "2FA_LOCKED"),
    "2fa-not-configured": (Action.FUND, "2FA_NOT_CONFIGURED"),
    "qr-failed": (Action.ENROL, "QR_GENERATION_FAILED"),
    "rate-limited": (Action.FUND, "RATE_LIMITED"),
    "owner-cap": (Action.FUND, "CAP_EXCEEDED_OWNER"),
    "wallet-cap": (Action.FUND, "CAP_EXCEEDED_WALLET"),
    "duplicate-request": (Action.FUND, "DUPLICATE_REQUEST"),
    "transfer-failed": (Action.FUND, "TRANSFER_FAILED"),
    "skipped-but-poor": (Action.FUND, "SKIPPED_BUT_POOR"),
    "underfunded": (Action.FUND, "FUNDING_TOO_SMALL"),
    "lost-answer": (Action.FUND, ""),
    "gas-station-down": (Action.FUND, "GAS_STATION_NO_ANSWER"),
    "gas-station-html": (Action.FUND, "GAS_STATION_NO_ANSWER"),
    "already-registered": (Action.REGISTER, ""),
    "did-text-error": (Action.MINT, ""),
    "did-bare-error": (Action.MINT, ""),
    "rpc-down": (Action.MINT, "RPC_UNREACHABLE"),
    "rpc-html": (Action.MINT, "RPC_NOT_A_NODE"),
    "mcr-down": (Action.MINT, ""),
    "mcr-conflict": (Action.MINT, ""),
}
# slow-blocks only works from the start of a network; test_layout waits for it. Silence is waited
# out for as long as a request may take. The rest are met in the activation protocol only.
ELSEWHERE = {
    "slow-blocks",
    "mcr-silent",
    "no-price",
    "price-raised",
    "voucher-partial",
    "voucher-full",
    "technical-pause",
    "peer-mismatch",
    "peer-unset",
    "subject-taken",
    "minted-inactive",
    "activation-reverts",
    "forged-event",
}


def test_no_fault_is_left_out() -> None:
    assert set(MET) | ELSEWHERE == set(FAULTS)


@pytest.mark.parametrize("fault", MET)
async def test_a_fault_is_read_where_it_happens_and_the_wizard_goes_on(
    machine: Machine, fault: str
) -> None:
    action, code = MET[fault]
    async with at_step(machine, action) as technician:
        machine.network.fault(fault)
        if action is Action.ENROL:
            await technician.press("f5")
        else:
            if action is Action.REGISTER:
                machine.network.fault(fault, 1)
                await technician.sees("Enter sign and register")
            await technician.step()
        if code:
            await technician.reads_problem(code)
            assert technician.place == SCREEN_OF[action]
            problem = technician.app.step_screen.query_one("#problem").problem  # type: ignore[union-attr, attr-defined]
            await technician.sees(problem.remedy(SCREEN))  # the card paints it after the title
        else:
            await technician.until(
                lambda: technician.place != SCREEN_OF[action] and not technician.app.busy,
                "to go on by itself",
            )
        machine.network.fault(fault, 0)
        machine.clock.advance(86_400)
        if fault in ("skipped-but-poor", "underfunded"):
            await technician.fund_by_hand()
        if not code:
            return  # it went on
        here = technician.app.screen
        if fault == "2fa-not-configured":
            await technician.press("enter")
        else:
            await technician.step()
        await technician.until(
            lambda: technician.app.screen is not here and not technician.app.busy, "the next screen"
        )
    assert machine.now_open.problem is None or fault == "2fa-not-configured"
