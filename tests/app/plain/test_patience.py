"""A run with nobody there: what it sits out by itself, for how long, and how it ends."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.answers import Answers, add_answer_options, read_answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.pretend import PretendPeople
from core.chain.transaction_manager import WATCH_PATIENCE
from core.errors.exit_codes import EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED, EXIT_WAITING
from core.journal.events import FundingRequested
from core.journal.next_action import Action
from tests.support.chain_handle import ChainHandle
from tests.support.machine import Machine, check_once
from tests.support.plain import unattended_answers
from tests.support.transports import Tampering

FUND = "POST /gas-station/faucet/fund"
CONFIRM = "POST /gas-station/2fa/confirm"


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return unattended_answers(tmp_path)


async def run(machine: Machine, answers: Answers) -> int:
    console = Console(no_input=answers.no_input)
    pretend = PretendPeople(machine.network)
    return await PlainWizard(machine.now_open, answers, console, pretend).run()


@pytest.mark.parametrize("fault", ["transfer-failed", "expired-code", "invalid-code"])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_refusal_that_a_fresh_code_gets_over_is_retried_with_the_same_request(
    machine: Machine, answers: Answers, fault: str, times: int
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault(fault, times)
    assert await run(machine, answers) == EXIT_DONE
    assert machine.network.requests[FUND] == times + 1
    requested = [r.event for r in machine.records if isinstance(r.event, FundingRequested)]
    assert len(requested) == 1
    check_once(machine)


async def test_a_refused_confirmation_is_retried_too(machine: Machine, answers: Answers) -> None:
    machine.network.fault("invalid-code", 2)
    assert await run(machine, answers) == EXIT_DONE
    assert machine.network.requests[CONFIRM] == 3


async def test_a_transfer_that_keeps_failing_ends_with_75_and_the_next_start_is_paid_once(
    machine: Machine, answers: Answers
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("transfer-failed")
    assert await run(machine, answers) == EXIT_WAITING
    assert 2 <= machine.network.requests[FUND] <= 6
    machine.network.fault("transfer-failed", 0)
    await machine.restart()
    assert await run(machine, answers) == EXIT_DONE
    check_once(machine)


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (Action.CONFIRM, "invalid-code"),
        (Action.FUND, "invalid-code"),
        (Action.FUND, "expired-code"),
    ],
)
async def test_codes_that_stay_refused_are_not_sent_until_the_enrolment_locks(
    machine: Machine, answers: Answers, action: Action, fault: str
) -> None:
    await machine.drive(until=action)
    machine.network.fault(fault)
    call = CONFIRM if action is Action.CONFIRM else FUND
    assert await run(machine, answers) == EXIT_WAITING
    assert machine.network.requests[call] == 3, "two retries"
    await machine.restart()
    assert await run(machine, answers) == EXIT_WAITING
    assert machine.network.requests[call] == 4, "the next start knows of them"


async def test_a_gas_station_that_never_answers_ends_as_a_fault_of_the_network(
    machine: Machine, answers: Answers
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("gas-station-html")
    assert await run(machine, answers) == EXIT_NETWORK
    assert machine.state.open_request is not None


@pytest.mark.parametrize("fault", ["rate-limited", "locked", "transfer-failed", "invalid-code"])
async def test_with_wait_0_a_run_ends_at_the_first_fault(
    machine: Machine, answers: Answers, fault: str
) -> None:
    await machine.drive(until=Action.FUND)
    machine.clock.advance(30)
    machine.network.fault(fault, 1)
    before = machine.clock.monotonic()
    assert await run(machine, replace(answers, wait=0.0)) == EXIT_WAITING
    assert machine.clock.monotonic() - before < 5
    assert machine.network.requests[FUND] == 1
    assert await run(machine, answers) == EXIT_DONE
    check_once(machine)


async def test_a_longer_wait_stays_through_a_daily_cap(machine: Machine, answers: Answers) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("owner-cap", 1)
    assert await run(machine, replace(answers, wait=86_400.0)) == EXIT_DONE
    check_once(machine)


async def test_a_payment_that_never_comes_is_waited_for_no_longer_than_agreed(
    machine: Machine, answers: Answers
) -> None:
    def pending_payment(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/faucet/fund"):
            return None
        data = {"txHash": "0x" + "ab" * 32, "fundedAmount": str(10**18)}
        return httpx.Response(200, json={"status": "success", "code": "SUCCESS", "data": data})

    machine.connect = Tampering(before=pending_payment).connect
    await machine.drive(until=Action.FUND)
    before = machine.clock.monotonic()
    assert await run(machine, replace(answers, wait=300.0)) == EXIT_WAITING
    waited = machine.clock.monotonic() - before
    assert 200 <= waited <= 300 + 2 * 90 + 60, "the first look, the wait, and the last look"


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_late_block_is_waited_for_no_longer_than_agreed_also_at_a_start(
    machine: Machine, answers: Answers, restarted: bool
) -> None:
    await machine.drive(until=Action.REGISTER)
    chain = ChainHandle(machine.network)
    chain.hold()
    if restarted:
        assert await run(machine, replace(answers, wait=0.0)) == EXIT_WAITING
        await machine.close()
    before = machine.clock.monotonic()
    assert await run(machine, replace(answers, wait=300.0)) == EXIT_WAITING
    waited = machine.clock.monotonic() - before
    assert WATCH_PATIENCE * 2 <= waited <= 300 + WATCH_PATIENCE * 2 + 60
    chain.release()
    assert await run(machine, answers) == EXIT_DONE
    assert len(machine.network.registrations(machine.address)) == 1


async def test_money_sent_by_hand_is_waited_for_no_longer_than_agreed(
    machine: Machine, answers: Answers
) -> None:
    await machine.drive(until=Action.ENROL)
    console = Console(no_input=True)
    by_hand = replace(answers, fund="manual", wait=120.0)
    before = machine.clock.monotonic()
    assert await PlainWizard(machine.now_open, by_hand, console).run() == EXIT_STOPPED
    assert 100 <= machine.clock.monotonic() - before <= 180


async def test_a_command_that_prints_one_code_for_ever_is_given_up(
    machine: Machine, answers: Answers
) -> None:
    """After a start the wizard does not know the secret: only the Gas Station refuses the code."""
    await machine.drive(until=Action.FUND)
    await machine.restart()
    assert await run(machine, replace(answers, code_command="echo 123456")) == EXIT_STOPPED
    assert machine.network.requests[FUND] == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("24h", 86400)],
)
def test_durations_have_units(text: str, seconds: float) -> None:
    parser = argparse.ArgumentParser()
    add_answer_options(parser)
    parser.set_defaults(no_qr=False)
    assert read_answers(parser.parse_args(["--wait", text])).wait == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "1.5h", "5 m", "5x", "m5", "٣s", "9" * 20 + "s"]
)
def test_other_durations_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_answer_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--wait={text}"])
    assert "such as 90s, 15m, 2h or 0" in capsys.readouterr().err
