"""Comparison of the journal with the guide's contracts, on every start and at the end."""

from __future__ import annotations

from core.errors.problem import fault
from core.protocols.guide.machine_nft import record_included
from core.steps.context import Context
from core.steps.reverts import mismatch


async def reconcile(context: Context) -> None:
    """Check that the chain knows the journal's machine, and record the results of transactions that
    an interrupted run has not recorded.

    Raises OnboardingError (JOURNAL_CHAIN_DISAGREE, RPC_…, READ_BACK_FAILED).
    """
    state = context.state
    if state.registered is None:
        return
    number = context.chain.machine_id(context.address)
    height = await context.chain.read(number, at_least=state.height)
    if number.value != state.registered.machine_id:
        height = await context.chain.read(number, at_least=height, other=True)
    if number.value != state.registered.machine_id:
        found = f"machine {number.value}" if number.value else "no machine"
        raise fault(
            "JOURNAL_CHAIN_DISAGREE",
            reason=f"The journal says machine {state.registered.machine_id}. At block {height}, "
            f"the network has {found} for {context.address}. {context.settings.network.anew}",
        )
    await record_included(context)


async def check_final(context: Context) -> None:
    """Check one last time who owns the machine and its token, and that the bond is locked.

    Raises OnboardingError (READ_BACK_FAILED, RPC_…).
    """
    state, chain, address = context.state, context.chain, context.address
    if state.registered is None or state.minted is None:
        raise RuntimeError("the machine must be registered and minted before the end")
    owner = chain.machine_owner(state.registered.machine_id)
    staked = chain.staked(state.registered.machine_id)
    holder = chain.token_owner(state.minted.token_id)
    await chain.read(owner, staked, holder, at_least=state.height)
    for what, expected, found in (
        ("the owner of the Identity NFT", address, owner.value),
        ("the owner of the Machine NFT", address, holder.value),
        ("the stake", "staked", "staked" if staked.value else "not staked"),
    ):
        bonded = state.registered.way == "sent"
        if expected.lower() != found.lower() and (bonded or what != "the stake"):
            raise mismatch(what, expected, found or "nobody")
