"""Funding from the owner's wallet: the key of PEAQOS_PRIVATE_KEY, where it is not the machine's.

Exactly once like every other transaction: signed, on disk, sent, watched.
"""

from __future__ import annotations

from contextlib import suppress

from core.amounts import peaq
from core.context import Context
from core.contracts import Revert
from core.errors import fault
from core.fees import TRANSFER_GAS, gas_left, price_to_agree
from core.funding import look
from core.intent import Intent
from core.keypair import check_keystore
from core.keys import Key, parse_key
from core.state import Balance, OwnerQuote
from core.transactions import TakenBack


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
    now, _ = await context.chain.read_with_fees(held, at_least=context.state.height)
    fees = context.sender.fee_limit.within(now, key.address, anew=True)
    gas, spare = gas_left(context.state, key.address), held.value - balance.missing
    price = price_to_agree(fees, context.settings.network, gas=gas, spare=spare)
    return OwnerQuote(key.address, balance.missing, gas * price, held.value, price)


async def pay_from_owner(context: Context, *, agreed: int) -> Balance:
    """Sends what is missing, at most `agreed` wei, to the machine. Has an outside effect.

    Raises OnboardingError: OWNER_POOR, AMOUNT_CHANGED, FEE_…, TRANSACTION_…, RPC_….
    """
    key = owner_key(context)
    await check_keystore(context)
    await context.sender.settle(key)
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
    now, _ = await chain.read_with_fees(account, gas, at_least=context.state.height)
    fees = context.sender.fee_limit.within(now, key.address)
    # The estimate of a poor account looks like a revert (promises.md, 13).
    poor = isinstance(gas.value, Revert)
    units = TRANSFER_GAS if isinstance(gas.value, Revert) else gas.value
    needed = balance.missing + units * fees.cap
    if poor or account.value.balance < needed:
        raise fault(
            "OWNER_POOR",
            owner=key.address,
            held=peaq(account.value.balance),
            needed=peaq(needed, up=True),
            token=context.token,
        )
    with suppress(TakenBack):
        await context.sender.send(intent.with_gas(units), key, account.value, fees)
    return await look(context)
