"""A simulation on an older state than the balance that was just read is no bill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from core.errors.exit_codes import EXIT_STOPPED
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.next_action import Action
from tests.support.machine import PASSPHRASE, Ledger, Machine, check_once
from tests.support.node_errors import Erring, calls_of
from tests.support.transports import Tampering, methods_in, results_of

PEAQ = 10**18
POOR = {"code": -32000, "message": "insufficient funds for gas * price + value"}
OUT_OF_FUND = {"code": -32603, "message": "evm error: OutOfFund"}


def estimates(method: str, params: list[Any]) -> bool:
    """Those of a transaction as it is; not those with a supposed balance."""
    return method == "eth_estimateGas" and len(params) == 1


def reopened(machine: Machine) -> list[ev.Event]:
    return [r.event for r in machine.records if isinstance(r.event, ev.FundingReopened)]


@pytest.mark.parametrize("error", [POOR, OUT_OF_FUND], ids=["geth", "frontier"])
@pytest.mark.parametrize("action", [Action.REGISTER, Action.MINT, Action.WRITE_DID])
async def test_a_simulation_that_lags_for_a_moment_is_asked_again(
    machine: Machine, action: Action, error: dict[str, Any]
) -> None:
    await machine.drive(until=action)
    await machine.close()
    node = Erring(estimates, times=2, error=error)
    machine.connect = node.connect
    await machine.restart()
    await machine.drive()
    assert node.told == 2
    assert not reopened(machine)
    check_once(machine)


@pytest.mark.parametrize("action", [Action.REGISTER, Action.MINT, Action.WRITE_DID])
async def test_a_simulation_that_keeps_lagging_asks_for_no_money(
    machine: Machine, action: Action
) -> None:
    await machine.drive(until=action)
    await machine.close()
    node = Erring(estimates, error=POOR)
    machine.connect = node.connect
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "RPC_BEHIND"
    assert machine.now_open.action is action
    assert not reopened(machine)
    node.left = 0
    await machine.drive()
    check_once(machine)


async def test_an_owners_wallet_that_holds_enough_is_not_called_too_poor(machine: Machine) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key
    machine.way = "owner"
    await machine.drive(until=Action.FUND)
    await machine.close()
    node = Erring(estimates, error=POOR)
    machine.connect = node.connect
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "RPC_BEHIND"
    node.left = 2
    await machine.drive()
    ledger = Ledger(machine.network, machine.address)
    assert len(ledger.registrations) == 1
    assert [tx.purpose for tx in machine.state.transactions].count("funding") == 1


@pytest.mark.parametrize("held", [2 * PEAQ, PEAQ // 2])
async def test_a_registered_machine_is_found_where_view_and_simulation_both_lag(
    machine: Machine, held: int
) -> None:
    """The registry answers 0 and the simulation finds the wallet empty; the MCR API knows."""
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("already-registered", 1)
    zero = "0x" + "00" * 32
    number = calls_of("identity_registry", "machineIdOfOwner")
    poor = Erring(estimates, error=POOR)
    balance = hex(held)

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        def change(method: str, params: list[Any], result: Any) -> Any:
            if number(method, params):
                return zero
            return balance if method == "eth_getBalance" else result

        if not methods_in(request):
            return None
        changed = results_of(request, response, change)
        return poor.spoil(request, changed) or changed

    machine.connect = Tampering(after=after).connect
    await machine.restart()
    await machine.step()
    registered = machine.state.registered
    assert registered is not None
    assert registered.way == "found"
    assert [registered.machine_id] == machine.network.registrations(machine.address)
    assert not reopened(machine)
    assert not machine.network.sent_transactions()


async def test_a_bond_above_the_accepted_one_is_said_before_more_money_is_asked_for(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.set_min_bond(2 * PEAQ)
    file = tmp_path / "passphrase"
    file.touch(0o600)
    file.write_text(f"{PASSPHRASE.reveal()}\n")
    answers = Answers(passphrase_file=file, accept_bond=PEAQ, no_input=True)
    wizard = PlainWizard(machine.now_open, answers, Console(no_input=True))
    assert await wizard.run() == EXIT_STOPPED
    said = " ".join(capsys.readouterr().err.split())
    assert "(BOND_NOT_ACCEPTED) The bond is 2 PEAQ." in said
    assert "Send " not in said
    assert not reopened(machine)
    assert not machine.network.sent_transactions()


async def test_a_payment_whose_answer_was_lost_is_named_by_what_the_wallet_received(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("underfunded", 1)
    machine.network.fault("lost-answer", 1)
    found: OnboardingError | None = None
    for _ in range(4):
        try:
            await machine.step()
        except OnboardingError as error:
            found = error
            if error.code == "FUNDING_TOO_SMALL":
                break
            machine.clock.advance(error.problem.remaining(machine.clock.now()).total_seconds())
    assert found is not None
    assert found.code == "FUNDING_TOO_SMALL"
    assert "0.55 PEAQ arrived" in found.problem.cause
    assert len(Ledger(machine.network, machine.address).transfers) == 1
