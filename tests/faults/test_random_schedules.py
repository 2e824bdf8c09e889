"""Any mix of kills, lost answers, broken lines, lagging nodes and refusals ends in one machine."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal.file import Journal
from core.journal.next_action import Action
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import ACTIVATION_STEPS, STEPS, judge
from tests.support.machine import PASSPHRASE, Machine
from tests.support.proxy import Proxy
from tests.support.trouble import Killed, Troublemaker, schedule

EACH = 5
SCHEDULES = 200
LONG = 2000
ACTIVATIONS_FROM = 10_000
ACTIVATIONS = 60


async def live_through(
    seed: int,
    network: RehearsalNetwork,
    clock: FakeClock,
    folder: Path,
    log: pytest.LogCaptureFixture,
    *,
    protocol: str = "guide",
) -> Counter[str]:
    """One machine from start to receipt through the schedule of `seed`; what was found."""
    log.clear()
    key: list[str] = []
    with Proxy(network.rpc_url) as proxy, pytest.MonkeyPatch.context() as patch:
        machine = Machine(network, clock, folder / "state", protocol=protocol)
        machine.environ = proxy.environment(machine.environ)
        trouble = Troublemaker(
            schedule(seed),
            network,
            ChainHandle(network),
            clock,
            address=lambda: machine.wizard.state.address if machine.wizard else None,
            key=lambda: key[0] if key else None,
            late=proxy.deliver,
        )
        clock.while_asleep = trouble.pass_time
        proxy.plan = trouble.plan
        patch.setattr(Journal, "append", trouble.append(Journal.append))
        otpauth: list[str] = []
        try:
            for turn in range(60):
                if trouble.over or turn == 25:
                    trouble.stop()
                try:
                    if machine.wizard is None or turn % 3 == 2:
                        await machine.restart()
                    await machine.drive()
                    if machine.now_open.action is Action.NOTHING:
                        break
                except Killed:
                    _remember(machine, key, otpauth)
                    await machine.close()
                except OnboardingError as error:
                    assert error.code != "UNEXPECTED", log.text  # noqa: PT017 - any other code will do
                    proxy.deliver()
                    clock.advance(error.problem.remaining(clock.now()).total_seconds())
                    trouble.pass_time(0)  # people do not press Enter again within a block
                finally:
                    _remember(machine, key, otpauth)
            else:
                raise AssertionError(f"stuck at {machine.state.failure}")
        finally:
            trouble.stop()
            clock.while_asleep = None
            await machine.close()
        secrets = {
            "the passphrase": PASSPHRASE.reveal(),
            "the key": key[0][2:],
            **{f"the 2FA secret {n}": secret for n, secret in enumerate(otpauth)},
            **{f"the code {n}": code for n, code in enumerate(machine.codes)},
        }
        verdict = judge(
            network,
            machine.folder,
            passphrase=PASSPHRASE.reveal(),
            secrets=secrets,
            said=log.text,
            strangers=trouble.strangers,
            steps=STEPS if protocol == "guide" else ACTIVATION_STEPS,
        )
        assert not verdict.faults, trouble.done
        return verdict.counts + Counter({"schedules": 1, "faults": len(trouble.done)})


def _remember(machine: Machine, key: list[str], otpauth: list[str]) -> None:
    """The secrets of this run, to be looked for afterwards."""
    wizard = machine.wizard
    if wizard is None or wizard._memory is None:
        return
    memory = wizard._memory
    if memory.key is not None and not key:
        key.append(memory.key.private_hex().reveal())
    if memory.enrolment is not None:
        otpauth.append(memory.enrolment.secret.reveal())


async def live_through_all(
    *,
    seeds: range,
    network: RehearsalNetwork,
    clock: FakeClock,
    folder: Path,
    log: pytest.LogCaptureFixture,
    tally: Counter[str],
    protocol: str = "guide",
) -> None:
    log.set_level(logging.DEBUG, "peaq_onboard")
    for seed in seeds:
        try:
            place = folder / str(seed)
            tally.update(await live_through(seed, network, clock, place, log, protocol=protocol))
        except BaseException as error:
            error.args = (f"schedule {seed}: {schedule(seed)}", *error.args)
            raise


@pytest.mark.parametrize("first", range(0, SCHEDULES, EACH))
async def test_whatever_happens_on_the_way_it_is_paid_and_done_once(
    *,
    final_network: RehearsalNetwork,
    shared_clock: FakeClock,
    quick_keystore: None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    tally: Counter[str],
    first: int,
) -> None:
    seeds = range(first, first + EACH)
    await live_through_all(
        seeds=seeds,
        network=final_network,
        clock=shared_clock,
        folder=tmp_path,
        log=caplog,
        tally=tally,
    )


@pytest.mark.parametrize("first", range(ACTIVATIONS_FROM, ACTIVATIONS_FROM + ACTIVATIONS, EACH))
async def test_whatever_happens_on_the_way_a_machine_is_activated_once(
    *,
    final_network: RehearsalNetwork,
    shared_clock: FakeClock,
    quick_keystore: None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    tally: Counter[str],
    first: int,
) -> None:
    await live_through_all(
        seeds=range(first, first + EACH),
        network=final_network,
        clock=shared_clock,
        folder=tmp_path,
        log=caplog,
        tally=tally,
        protocol="activation",
    )


@pytest.mark.long
@pytest.mark.parametrize("first", range(SCHEDULES, LONG, 100))
async def test_whatever_else_happens_on_the_way_it_is_paid_and_done_once(
    *,
    final_network: RehearsalNetwork,
    shared_clock: FakeClock,
    quick_keystore: None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    tally: Counter[str],
    first: int,
) -> None:
    seeds = range(first, first + 100)
    await live_through_all(
        seeds=seeds,
        network=final_network,
        clock=shared_clock,
        folder=tmp_path,
        log=caplog,
        tally=tally,
    )
