"""Funding from the owner's wallet: the key of PEAQOS_PRIVATE_KEY, where it is not the machine's.

Exactly once like every other transaction: signed, on disk, sent, watched.
"""

from __future__ import annotations

from contextlib import suppress

from core.amounts import peaq
from core.context import Context
from core.contracts import Revert
from core.errors import fault
from core.funding import look
from core.intent import Intent
from core.keypair import check_keystore
from core.keys import Key, parse_key
from core.refusals import behind, simulate_again
from core.state import Balance, OwnerQuote
from core.transactions import TakenBack

TRANSFER_GAS = 21_000
"""Gas of a plain transfer (Ethereum yellow paper, appendix G); the node's estimate decides."""


def owner_key(context: Context) -> Key:
    """The owner's key. Raises OnboardingError (PRIVATE_KEY_REQUIRED, PRIVATE_KEY_INVALID,
    OWNER_IS_MACHINE).
    """
    if context.settings.private_key is None:
        raise fault("PRIVATE_KEY_REQUIRED")
    key = parse_key(context.settings.private_key)
    if key.address == context.address:
        raise fault("OWNER_IS_MACHINE", address=key.address)
    return key


async def quote_transfer(context: Context) -> OwnerQuote:
    """What the owner's wallet would send, before anything is signed. Raises OnboardingError."""
    key = owner_key(context)
    balance = await look(context)
    held = context.chain.balance(key.address)
    fees, _ = await context.chain.read_with_fees(held, at_least=context.state.height)
    fee = TRANSFER_GAS * 125 // 100 * fees.cap
    return OwnerQuote(key.address, balance.missing, fee, held.value)


async def pay_from_owner(context: Context, *, agreed: int) -> Balance:
    """Sends what is missing, at most `agreed` wei, to the machine. Has an outside effect.

    Raises OnboardingError: OWNER_POOR, AMOUNT_CHANGED, TRANSACTION_…, RPC_….
    """
    key = owner_key(context)
    await check_keystore(context)
    await context.sender.settle(context.memory.key)
    balance = await look(context)
    if not balance.missing:
        return balance
    if balance.missing > agreed:
        raise fault(
            "AMOUNT_CHANGED",
            quoted=peaq(agreed, up=True),
            now=peaq(balance.missing, up=True),
            token=context.token,
        )
    chain = context.chain
    intent = Intent("funding", key.address, context.address, balance.missing, "0x", 0)
    account, gas = chain.account(key.address), chain.gas(intent.as_call())
    fees, height = await chain.read_with_fees(account, gas, at_least=context.state.height)
    held = account.value.balance
    gas = await simulate_again(context, intent, gas, held=held, fees=fees, height=height)
    # The estimate of a poor account looks like a revert (promises.md, 13).
    units = TRANSFER_GAS if isinstance(gas.value, Revert) else gas.value
    needed = balance.missing + units * fees.cap
    if held < needed:
        raise fault(
            "OWNER_POOR",
            owner=key.address,
            held=peaq(held),
            needed=peaq(needed, up=True),
            token=context.token,
        )
    if isinstance(gas.value, Revert):
        raise behind(context)  # it holds enough: a node that says otherwise lags
    with suppress(TakenBack):
        await context.sender.send(intent.with_gas(units), key, account.value, fees)
    return await look(context)
