"""An allowance that is left: set back to 0, on request and once."""

from __future__ import annotations

from core.chain.abi import Revert
from core.chain.transaction_manager import Reorganised
from core.protocols.activation import calls, evidence
from core.protocols.activation.machine import note_allowance
from core.protocols.activation.refusals import explain
from core.protocols.activation.standing import asks_of, deployment_in
from core.steps.context import Context
from core.steps.funding import require


async def revoke(context: Context) -> None:
    """Set what MachineSubscription may still take from the wallet back to 0, unless it is 0.

    Has an outside effect: one transaction at most, which costs its fee. Raises OnboardingError:
    LOCKED_KEY, FEE_…, INSUFFICIENT_BALANCE, TRANSACTION_…, CONTRACT_REFUSED, RPC_….
    """
    key = context.key()
    await context.transactions.settle(key)
    chain, deployment = context.chain, deployment_in(context)
    unsigned = calls.revocation(deployment, context.address)
    left, account = asks_of(context).allowance(context.address), chain.account(context.address)
    gas = chain.gas(unsigned.as_call())
    now, height = await chain.read_with_fees(
        left, account, gas, at_least=context.state.height, other=True
    )
    await note_allowance(context, left.value, height)
    if not left.value:
        return
    fees = context.transactions.fee_limit.within(now, context.address)
    if isinstance(gas.value, Revert):
        raise explain(
            gas.value,
            purpose=unsigned.purpose,
            network=context.settings.network.title,
            token=context.token,
            tier=0,
        )
    await require(context, needed=gas.value * fees.cap, held=account.value.balance)
    try:
        _, receipt = await context.transactions.send(
            unsigned.with_gas(gas.value), key, account.value, fees
        )
    except Reorganised:
        return  # what is open again comes first
    evidence.approved(deployment, receipt, owner=context.address, amount=0)
    left = asks_of(context).allowance(context.address)
    height = await chain.read(left, at_least=receipt.block)
    await note_allowance(context, left.value, height)
