"""The real process meets trouble on its line, or has a defect: words, an exit code, no secrets."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from core.chain.transaction_manager import WATCH_PATIENCE
from core.errors.exit_codes import EXIT_NETWORK, EXIT_STOPPED, EXIT_WAITING
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import read_state
from tests.support.meanwhile import Case, finish
from tests.support.process import Technician
from tests.support.proxy import (
    CUT,
    DROP_AFTER,
    DROP_BEFORE,
    PORTAL,
    Asked,
    Fate,
    Proxy,
    Reply,
    status,
)
from tests.support.words import title
from tests.support.world import World

DEFECTS = [
    "core.keys.keystore:store_key",
    "core.services.gas_station:GasStation.setup",
    "core.services.gas_station:GasStation.confirm",
    "core.services.gas_station:GasStation.fund",
    "core.steps.enrolment:read_enrolment",
    "core.keys.private_key:Key.sign",
    "core.steps.finish:build_receipt",
]
LINES: dict[str, Fate] = {
    "reset before": DROP_BEFORE,
    "reset after": DROP_AFTER,
    "cut short": CUT,
    "portal": Fate(forwarded=False, reply=PORTAL),
    "503": status(503, forwarded=True),
    "429": status(429, forwarded=False, Retry_After="5"),
}


@pytest.fixture
def case(technician: Technician, chain: ChainHandle, shared_clock: FakeClock) -> Case:
    chain.hold()
    return Case(technician, chain, shared_clock)


@pytest.fixture
def proxy(case: Case) -> Iterator[Proxy]:
    with Proxy(case.chain.network.rpc_url) as running:
        case.technician.environ = running.environment(case.technician.environ)
        yield running


@pytest.mark.parametrize("place", DEFECTS)
def test_a_defect_anywhere_ends_in_words_and_the_next_version_goes_on(
    case: Case, shared_world: World, tally: Counter[str], place: str
) -> None:
    """What stood in the variables was the key, the passphrase, a code: none of it is shown."""
    ended = case.technician.run(broken=place)
    assert ended.code in (EXIT_STOPPED, EXIT_NETWORK), ended
    assert "ZeroDivisionError" in ended.stderr
    tally["faults"] += 1
    finish(case, shared_world, tally)


@pytest.mark.parametrize("name", list(LINES))
@pytest.mark.parametrize("path", ["/2fa/setup", "/2fa/confirm", "/faucet/fund"])
def test_an_unattended_run_whose_line_breaks_once_is_paid_once(
    *, case: Case, proxy: Proxy, shared_world: World, tally: Counter[str], path: str, name: str
) -> None:
    # The first check of the environment asks /2fa/setup as well, with an empty address.
    met: list[Asked] = []

    def plan(asked: Asked) -> Fate | None:
        if met or not asked.path.endswith(path) or b'"ownerAddress": ""' in asked.body:
            return None
        met.append(asked)
        return LINES[name]

    proxy.plan = plan
    for _ in range(5):
        if case.technician.run().code == 0:
            break
    assert len(met) == 1
    tally["faults"] += 1
    finish(case, shared_world, tally)


@pytest.mark.parametrize("name", list(LINES))
def test_a_broadcast_whose_answer_never_comes_is_one_transaction(
    case: Case, proxy: Proxy, shared_world: World, tally: Counter[str], name: str
) -> None:
    met: set[str] = set()

    def plan(asked: Asked) -> Fate | None:
        if "eth_sendRawTransaction" not in asked.methods:
            return None
        raw = asked.calls[0]["params"][0]
        again = raw in met
        met.add(raw)
        return None if again else LINES[name]

    proxy.plan = plan
    assert case.technician.run().code == 0
    assert len(met) == 3
    tally["faults"] += 3
    finish(case, shared_world, tally)


def test_an_answer_that_is_held_back_is_waited_for(
    case: Case, proxy: Proxy, shared_world: World, tally: Counter[str]
) -> None:
    """The payment is made, and its answer comes only when it is in a block."""
    answered = threading.Event()

    def mine_first(asked: Asked, reply: Reply) -> Reply:
        case.chain.network.mine()
        answered.set()
        return reply

    def plan(asked: Asked) -> Fate | None:
        return (
            Fate(tell=mine_first, until=answered) if asked.path.endswith("/faucet/fund") else None
        )

    proxy.plan = plan
    assert case.technician.run().code == 0
    tally["faults"] += 1
    finish(case, shared_world, tally)


def test_a_cooldown_ends_the_process_with_75_and_the_next_one_goes_on(
    case: Case, shared_world: World, tally: Counter[str]
) -> None:
    case.chain.network.fault("owner-cap", 1)
    ended = case.technician.run()
    assert ended.code == EXIT_WAITING
    assert title("CAP_EXCEEDED_OWNER") in ended.stderr
    tally["faults"] += 1
    case.clock.advance(86_400)
    finish(case, shared_world, tally)


@pytest.mark.parametrize("fault", ["transfer-failed", "expired-code", "invalid-code"])
def test_a_process_with_a_code_command_gets_over_a_refusal_by_itself(
    case: Case, shared_world: World, tally: Counter[str], fault: str
) -> None:
    case.chain.network.fault(fault, 1)
    ended = case.technician.run()
    assert ended.code == 0, ended
    tally["faults"] += 1
    finish(case, shared_world, tally)


def test_a_process_that_may_not_wait_ends_with_75_at_once(
    case: Case, shared_world: World, tally: Counter[str]
) -> None:
    case.chain.network.fault("rate-limited", 1)
    case.technician.arguments += ["--wait", "0"]
    ended = case.technician.run()
    assert ended.code == EXIT_WAITING, ended
    assert "... waiting" not in ended.stderr
    tally["faults"] += 1
    case.clock.advance(60)
    finish(case, shared_world, tally)


def test_a_transaction_stuck_over_many_starts_is_given_a_higher_fee_and_is_one_effect(
    case: Case, shared_clock: FakeClock, shared_world: World, tally: Counter[str]
) -> None:
    """Fees have gone up while it waited: waiting for ever would not bring it into a block."""
    assert case.technician.run(kill_at=16).killed
    assert case.tx.purpose == "register"
    cap = case.tx.max_fee_wei
    case.chain.network.set_base_fee(cap + 1)
    try:
        for _ in range(4):
            if case.technician.run().code == 0:
                break
            shared_clock.advance(WATCH_PATIENCE)
        register = [
            tx for tx in read_state(case.technician.folder).transactions if tx.purpose == "register"
        ]
        assert len(register) >= 2, "it still waits, with the fee of before"
        assert len({tx.nonce for tx in register}) == 1
        tally["faults"] += 1
        finish(case, shared_world, tally)
    finally:
        case.chain.network.set_base_fee(10 * 10**9)
