"""Optional single transaction: register, mint and write all six attributes, or do nothing.

Simulation predicts the machine id, and counting predicts the token id. If the chain assigns another
token id, only that attribute is written again. If the simulation fails, the three separate
transactions are used.
"""

from __future__ import annotations

from core.chain.abi import Revert, codec
from core.chain.types import Receipt
from core.chain.unsigned import SINGLE, UnsignedTransaction
from core.journal import events as ev
from core.journal.state import Tx, TxStatus
from core.protocols.guide import calls
from core.protocols.guide.did_attributes import changes, wanted_attributes
from core.steps.context import Context
from core.steps.reverts import mismatch


def wanted(context: Context) -> bool:
    """Return whether to try a single transaction: only if requested and none has failed before."""
    failed = any(
        tx.purpose == SINGLE and tx.status is TxStatus.REVERTED for tx in context.state.transactions
    )
    return context.single_transaction and not failed


async def plan(context: Context, bond: int, *, at_least: int) -> UnsignedTransaction | str:
    """Return the transaction, simulated on the pending state, or a sentence that says why there is
    none.

    Raises OnboardingError (RPC_…).
    """
    chain, details = context.chain, context.state.details
    if details is None:
        raise RuntimeError("the details must be known before the registration")
    machine_id, token_id = await _foretold(context, bond, at_least)
    attributes = wanted_attributes(machine_id, token_id, details)
    unsigned = calls.everything(context, bond, machine_id, changes({}, attributes))
    gas = chain.gas(unsigned.as_call(), pending=True)
    await chain.read(gas, at_least=at_least)
    if isinstance(gas.value, Revert):
        return gas.value.reason
    return unsigned.with_gas(gas.value)


async def _foretold(context: Context, bond: int, at_least: int) -> tuple[int, int]:
    """Predict the machine id by simulating the registration, and the token id by counting. Both may
    be wrong.
    """
    chain = context.chain
    machine_id = chain.registering(calls.registration(context, bond).as_call())
    tokens = chain.tokens_minted()
    await chain.read(machine_id, tokens, at_least=at_least)
    return machine_id.value or 0, tokens.value + 1


def bond_of(tx: Tx) -> int:
    """Return the bond, in wei, that our registering transaction pays."""
    if tx.purpose != SINGLE:
        return tx.value_wei
    return sum(codec("batch").arguments("batchAll", tx.data)[1])


async def record(context: Context, tx: Tx, receipt: Receipt) -> None:
    """Read back the results of the single transaction and record them: the machine, its token, and
    the DID if all six attributes are correct.

    Raises OnboardingError (READ_BACK_FAILED, RPC_…).
    """
    contracts, chain, block = context.settings.contracts, context.chain, receipt.block
    registry, nft = contracts.identity_registry, contracts.machine_nft
    registered = codec("identity_registry").find_event("Registered", receipt.logs, registry)
    minted = codec("machine_nft").find_event("MachineMinted", receipt.logs, nft)
    number = chain.machine_id(context.address)
    machine_id = int(registered["machineId"]) if registered else 0
    if not machine_id:  # the chain has the machine even though the log does not show it
        await chain.read(number, at_least=block)
        machine_id = number.value
    token = chain.token_id(machine_id)
    attributes = chain.attributes(context.address)
    with context.store.waiting("Verifying everything"):
        await chain.read(number, token, attributes, at_least=block)
    token_id = int(minted["tokenId"]) if minted else token.value
    for what, expected, found in (
        ("the machine ID", machine_id, number.value),
        ("the Machine NFT", token_id, token.value),
    ):
        if expected != found or not found:
            raise mismatch(what, str(expected or "a number"), str(found or "none"))
    await context.store.record(ev.MachineRegistered(machine_id, bond_of(tx), block, "sent"))
    await context.store.record(ev.NftMinted(token_id, block, "sent"))
    details = context.state.details
    if details is None:
        raise RuntimeError("the details must be known before the registration")
    right = wanted_attributes(machine_id, token_id, details)
    if not changes(attributes.value, right):
        await context.store.record(ev.DidWritten(right, block))
