"""Funding from the owner's wallet, whose key is PEAQOS_PRIVATE_KEY and not the machine's.

Happens exactly once like every other transaction: signed, saved, sent, watched.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from core.amounts import format_peaq
from core.chain.abi import Revert
from core.chain.fee_limit import TRANSFER_GAS, price_to_agree
from core.chain.transaction_manager import Reorganised
from core.chain.unsigned import UnsignedTransaction
from core.errors.problem import OnboardingError, fault
from core.journal.state import Balance, OwnerQuote
from core.keys.private_key import Key, parse_key
from core.steps.context import Context
from core.steps.funding import read_balance, with_wallet
from core.steps.keypair import check_keystore
from core.steps.reverts import behind, simulate_again

PENDING_PATIENCE = 90.0
"""Seconds, some blocks, for which another transaction of the owner's wallet may be pending."""
_PENDING_PAUSE = timedelta(seconds=30)
_MOST_DISPLACED = 5
"""Maximum displaced transfers before a call gives up."""


def owner_key(context: Context) -> Key:
    """Return the owner's key. Raises OnboardingError (OWNER_KEY_REQUIRED, PRIVATE_KEY_INVALID,
    OWNER_IS_MACHINE).
    """
    if context.settings.private_key is None:
        raise fault("OWNER_KEY_REQUIRED")
    key = parse_key(context.settings.private_key)
    if key.address == context.address:
        raise fault("OWNER_IS_MACHINE", address=key.address)
    return key


async def quote_transfer(context: Context) -> OwnerQuote:
    """Return the transfer that the owner's wallet would send, before signing. Raises
    OnboardingError.
    """
    key = owner_key(context)
    balance = await read_balance(context)
    held = context.chain.balance(key.address)
    now, _ = await context.chain.read_with_fees(held, at_least=context.state.height)
    fees = context.transactions.fee_limit.within(now, key.address, anew=True)
    gas, spare = context.transactions.fee_limit.gas_left(key.address), held.value - balance.missing
    price = price_to_agree(fees, context.settings.network, gas=gas, spare=spare)
    return OwnerQuote(key.address, balance.missing, gas * price, held.value, price)


async def pay_from_owner(context: Context, *, agreed: int) -> Balance:
    """Send the shortfall, at most `agreed` wei, to the machine. Has an outside effect.

    The same wallet may pay other machines at the same time. A displaced transfer was never
    executed, so it is signed again with the next nonce.

    Raises OnboardingError: OWNER_POOR, OWNER_PENDING, AMOUNT_CHANGED, FEE_…, TRANSACTION_…, RPC_….
    """
    key = owner_key(context)
    await check_keystore(context)
    for _ in range(_MOST_DISPLACED):
        try:
            return await _transfer(context, key, agreed)
        except OnboardingError as error:
            if error.code != "OWNER_DISPLACED":
                raise
    raise _pending(context, key.address)


async def _transfer(context: Context, key: Key, agreed: int) -> Balance:
    """Try one transfer. Raises the errors of `pay_from_owner`, and OWNER_DISPLACED."""
    chain = context.chain
    await context.transactions.settle(context.memory.key)
    ends = context.clock.monotonic() + PENDING_PATIENCE
    while True:
        balance = await read_balance(context)
        if not balance.missing:
            return balance
        if balance.missing > agreed:
            raise fault(
                "AMOUNT_CHANGED",
                quoted=format_peaq(agreed, up=True),
                now=format_peaq(balance.missing, up=True),
                token=context.token,
            )
        unsigned = UnsignedTransaction(
            "funding", key.address, context.address, balance.missing, "0x", 0
        )
        account, gas = chain.account(key.address), chain.gas(unsigned.as_call())
        now, height = await chain.read_with_fees(account, gas, at_least=context.state.height)
        if account.value.pending <= account.value.nonce:
            break
        await _wait_until_clear(context, key.address, ends)
    fees = context.transactions.fee_limit.within(now, key.address)
    held = account.value.balance
    gas = await simulate_again(context, unsigned, gas, held=held, fees=fees, height=height)
    # The estimate for a poor account looks like a revert.
    units = TRANSFER_GAS if isinstance(gas.value, Revert) else gas.value
    needed = balance.missing + units * fees.cap
    if held < needed:
        poverty = fault(
            "OWNER_POOR",
            owner=key.address,
            held=format_peaq(held),
            needed=format_peaq(needed, up=True),
            token=context.token,
        )
        raise with_wallet(context, poverty, balance.held)
    if isinstance(gas.value, Revert):
        raise behind(context)  # the balance is sufficient: the node that says otherwise lags behind
    with suppress(Reorganised):
        await context.transactions.send(unsigned.with_gas(units), key, account.value, fees)
    return await read_balance(context)


async def _wait_until_clear(context: Context, owner: str, ends: float) -> None:
    """Wait until no transaction of the owner's wallet is pending.

    Raises OnboardingError (OWNER_PENDING) if one still is at `ends` (monotonic seconds).
    """
    clock = context.clock
    # Machines that wait for the same block poll at different times: the first one signs.
    pause = context.chain.usual * (0.25 + int(context.address[-4:], 16) / 0xFFFF / 4)
    account = context.chain.account(owner)
    with context.store.waiting("Another transfer from the owner's wallet is pending"):
        while not account.known or account.value.pending > account.value.nonce:
            if clock.monotonic() >= ends:
                raise _pending(context, owner)
            await clock.sleep(pause)
            await context.chain.read(account, at_least=context.state.height)


def _pending(context: Context, owner: str) -> OnboardingError:
    return fault("OWNER_PENDING", owner=owner, until=context.clock.now() + _PENDING_PAUSE)
