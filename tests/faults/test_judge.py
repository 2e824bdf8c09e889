"""The judge of "exactly once" has to find what it exists for; otherwise its zeros prove nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_utils.crypto import keccak

from app.rehearsal.node import genesis
from tests.support.chain_handle import ChainHandle
from tests.support.judge import Verdict, judge
from tests.support.machine import PASSPHRASE, Machine

PEAQ = 10**18
REGISTER = "0x" + keccak(text="register()")[:4].hex()


DIFFERENCES: list[tuple[dict[str, Any], str]] = [
    ({"transfers": 0}, "double fundings"),
    ({"secrets": {"the start of an address": "0x"}}, "secrets found"),
    ({"passphrase": "another one"}, "lost keys"),
    ({"said": "Traceback (most recent call last)"}, "tracebacks"),
    ({"steps": ("register", "did")}, "second Machine NFTs"),
    ({"steps": ("register", "mint")}, "second DID writes"),
]
"""What the judge is told that is not so, and what it has to find then."""


@contextmanager
def forgetful_registry() -> Iterator[None]:
    """A registry that takes a bond from everybody, and registers an owner again and again."""
    from app.rehearsal.node.contract_calls import REGISTERED, contract
    from app.rehearsal.node.vm import PRECOMPILES

    address = contract("IdentityRegistry")

    def register(computation: Any) -> Any:
        owner = int.from_bytes(computation.msg.sender, "big")
        computation.add_log_entry(address, (REGISTERED, 4242, owner), b"")
        computation.output = (4242).to_bytes(32, "big")
        return computation

    PRECOMPILES[address] = register
    yield
    del PRECOMPILES[address]


async def test_the_judge_finds_a_second_bond(paced_machine: Machine, chain: ChainHandle) -> None:
    """The events of the chain and its transactions show it independently of each other."""
    machine = paced_machine
    await machine.drive()
    chain.network.send(machine.address, 2 * PEAQ)
    key = (await machine.now_open.load()).context.key().private_hex().reveal()
    registry = genesis.CONTRACTS["IdentityRegistry"]
    with forgetful_registry():
        chain.include(chain.strangers(key, to=registry, data=REGISTER, value=PEAQ))
    await machine.close()
    verdict = judge(
        machine.network,
        machine.folder,
        passphrase=PASSPHRASE.reveal(),
        secrets={},
        by_hand=1,
        strangers=1,
    )
    assert verdict.counts["second bonds"] == 2
    assert "second bonds: 1 (events)" in verdict.faults
    assert "second bonds: 1" in verdict.faults


async def test_the_judge_finds_nothing_in_a_good_run_and_everything_that_differs_from_it(
    paced_machine: Machine,
) -> None:
    await paced_machine.drive()
    await paced_machine.close()

    def judged(**changed: Any) -> Verdict:
        expected: dict[str, Any] = {"passphrase": PASSPHRASE.reveal(), "secrets": {}, **changed}
        return judge(paced_machine.network, paced_machine.folder, **expected)

    good = judged()
    assert not good.faults
    assert not +good.counts
    for changed, found in DIFFERENCES:
        verdict = judged(**changed)
        assert verdict.counts[found] > 0, found
        assert any(fault.startswith(found) for fault in verdict.faults)
