"""The Gas Station says that it paid, and nothing is there: nobody is paid twice for waiting."""

from __future__ import annotations

import httpx
import pytest

from core.errors.exit_codes import EXIT_WAITING, exit_code
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.machine import Machine, check_once
from tests.support.transports import Tampering

PEAQ = 10**18


def promising(tx_hash: str, asked: list[str]) -> Tampering:
    """A Gas Station that says "paid" and pays nothing."""

    def instead(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/faucet/fund"):
            return None
        asked.append(request.content.decode())
        data = {"txHash": tx_hash, "fundedAmount": str(12 * PEAQ // 10)}
        return httpx.Response(200, json={"status": "success", "code": "SUCCESS", "data": data})

    return Tampering(before=instead)


@pytest.mark.parametrize("tx_hash", ["0x" + "ab" * 32, "", "pending"])
async def test_a_payment_that_is_late_is_waited_for_and_not_asked_for_again(
    machine: Machine, tx_hash: str
) -> None:
    asked: list[str] = []
    machine.connect = promising(tx_hash, asked).connect
    await machine.drive(until=Action.FUND)
    for _ in range(2):
        with pytest.raises(OnboardingError) as refused:
            await machine.step()
        assert refused.value.code == "FUNDING_LATE"
        assert "1.2 PEAQ" in refused.value.problem.cause
        assert refused.value.problem.until is not None
        assert exit_code(refused.value.problem.kind) == EXIT_WAITING
        await machine.restart()
    assert len(asked) == 1, "a second request could be a second payment"
    machine.network.send(machine.address, 12 * PEAQ // 10)
    await machine.drive()
    check_once(machine, transfers=0)
    assert machine.state.funded is not None
    assert machine.state.funded.way == "gas-station"
