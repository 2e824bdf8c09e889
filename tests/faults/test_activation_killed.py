"""An activation is killed after every record: one approval, one activation, no more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.config.deployments import PEAQ_TOKEN, REHEARSAL_DEPLOYMENT
from core.errors.problem import OnboardingError
from core.journal.activation_events import QuoteAccepted
from core.journal.events import Event
from core.journal.file import Journal, Record
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.judge import Done, chain_ledger
from tests.support.machine import Machine

ACTIVATES = REHEARSAL_DEPLOYMENT.contracts.machine_state_and_sync.lower()


class Killed(BaseException):
    """As SIGKILL: nothing of ours may catch it."""


def sent_to(network: RehearsalNetwork, machine: Machine, contract: str) -> list[Done]:
    mine = machine.address.lower()
    return [
        done
        for done in chain_ledger(network)
        if done.sender == mine and done.to == contract and done.succeeded
    ]


def check_activated_once(machine: Machine, tally: Counter[str]) -> None:
    network = machine.network
    approvals = len(sent_to(network, machine, PEAQ_TOKEN.lower()))
    activations = len(sent_to(network, machine, ACTIVATES))
    tally["second approvals"] += max(approvals - 1, 0)
    tally["second activations"] += max(activations - 1, 0)
    assert (approvals, activations) == (1, 1)
    nonces = [
        done.nonce for done in chain_ledger(network) if done.sender == machine.address.lower()
    ]
    assert nonces == [0, 1]
    payments = [item for item in network.transfers() if item.target == machine.address.lower()]
    assert len(payments) == 1
    activation = machine.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.allowance_left == 0
    assert machine.state.finished is not None


async def killed_at(number: int, machine: Machine, *, again: int = 0) -> int:
    """Run to the end, killed right after record `number` and after record `again`; return the
    number of records.
    """
    append, left = Journal.append, {number, again}

    def deadly(journal: Journal, event: Event) -> Record:
        record = append(journal, event)
        if record.number in left:
            left.discard(record.number)
            raise Killed
        return record

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "append", deadly)
        while machine.now_open.action is not Action.NOTHING:
            try:
                await machine.restart()
                await machine.drive()
            except Killed:
                await machine.close()
    return len(machine.records)


@pytest.fixture
def activating(
    shared_network: RehearsalNetwork,
    shared_clock: FakeClock,
    tmp_path: Path,
    quick_keystore: None,
) -> Machine:
    return Machine(shared_network, shared_clock, tmp_path / "state", protocol="activation")


@pytest.mark.parametrize("number", range(1, 31))
async def test_killed_after_any_record_an_activation_ends_in_one_machine(
    number: int, activating: Machine, tally: Counter[str]
) -> None:
    records = await killed_at(number, activating)
    tally["crash points"] += 1
    assert 28 <= records <= 33, "there are about as many crash points as records"
    check_activated_once(activating, tally)
    await activating.close()


@pytest.mark.parametrize("number", range(12, 31, 3))
async def test_killed_twice_an_activation_ends_in_one_machine(
    number: int, activating: Machine, tally: Counter[str]
) -> None:
    """Again two records later: during the settling of what the first kill left open."""
    await killed_at(number, activating, again=number + 2)
    tally["crash points"] += 2
    check_activated_once(activating, tally)
    await activating.close()


@pytest.mark.parametrize("fault", ["price-raised", "activation-reverts"])
async def test_after_a_refused_activation_nothing_is_approved_a_second_time_without_consent(
    fault: str, machine: Machine
) -> None:
    machine.protocol = "activation"
    await machine.drive(until=Action.ACTIVATE)
    machine.network.fault(fault, 1)
    await machine.drive_stubbornly()
    approvals = sent_to(machine.network, machine, PEAQ_TOKEN.lower())
    accepted = [r for r in machine.records if isinstance(r.event, QuoteAccepted)]
    assert 1 <= len(approvals) <= len(accepted)
    assert len(sent_to(machine.network, machine, ACTIVATES)) == 1


@pytest.mark.parametrize(
    ("fault", "approvals"), [("voucher-full", 0), ("voucher-partial", 1), ("minted-inactive", 1)]
)
async def test_vouchers_and_a_machine_that_is_minted_already_end_in_one_activation(
    fault: str, approvals: int, machine: Machine
) -> None:
    machine.protocol = "activation"
    machine.network.fault(fault, 1)
    await machine.drive_stubbornly()
    assert len(sent_to(machine.network, machine, PEAQ_TOKEN.lower())) == approvals
    assert machine.state.activation is not None
    assert machine.state.activation.activated is not None
    assert machine.state.finished is not None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("no-price", "PRICE_NOT_AVAILABLE"),
        ("technical-pause", "ACTIVATION_PAUSED"),
        ("peer-mismatch", "PEER_MISMATCH"),
        ("peer-unset", "PEER_UNSET"),
    ],
)
async def test_what_keeps_anyone_from_activating_is_found_before_a_key_is_made(
    fault: str, code: str, machine: Machine
) -> None:
    machine.protocol = "activation"
    machine.network.fault(fault)
    with pytest.raises(OnboardingError) as refused:
        await machine.drive()
    assert refused.value.code == code
    assert machine.records == []


async def test_a_subject_that_someone_else_has_activated_costs_nothing(machine: Machine) -> None:
    machine.protocol = "activation"
    await machine.drive(until=Action.ACTIVATE)
    machine.network.fault("subject-taken", 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.drive()
    assert refused.value.code == "MACHINE_TAKEN"
    assert sent_to(machine.network, machine, ACTIVATES) == []
