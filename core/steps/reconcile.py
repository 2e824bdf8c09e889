"""Checks at every start: settle open transactions, and compare the journal with the chain."""

from __future__ import annotations

from contextlib import suppress

from core.errors.problem import OnboardingError, fault
from core.keys.private_key import Key, parse_key
from core.steps.context import Context
from core.steps.funding import measure
from core.steps.keypair import check_keystore
from core.steps.owner_wallet import owner_key


async def reconcile(context: Context) -> None:
    """Settle open transactions, check that the chain agrees with the journal, and record results
    that an interrupted run has not recorded.

    Raises OnboardingError: JOURNAL_MISMATCH (another key), KEYSTORE_…, JOURNAL_CHAIN_DISAGREE,
    TRANSACTION_…, RPC_…. Costs no transaction: at most the same bytes are sent again.
    """
    state = context.state
    if state.finished or state.keypair is None:
        return
    _check_key(context)
    await context.transactions.settle(_key_of_open(context))
    await check_keystore(context)
    state = context.state
    if state.machine_id is None:
        if state.need is not None and state.funded is None and state.backup is not None:
            # Fees may have changed, so measure what is required now.
            await measure(context)
        else:
            # Also with nothing to compare, to detect a wrong network before anything else.
            await context.chain.read(at_least=state.height)
    else:
        await context.protocol.reconcile(context)


def _key_of_open(context: Context) -> Key | None:
    """Return the key that can raise the fee of the open transaction: the machine's or the
    owner's.
    """
    state = context.state
    if any(tx.sender != state.address for tx in state.open_transactions):
        with suppress(OnboardingError):
            return owner_key(context)
    return context.memory.key


def _check_key(context: Context) -> None:
    keypair = context.state.keypair
    private_key = context.settings.private_key
    if keypair is None or keypair.way != "environment" or private_key is None:
        return
    address = parse_key(private_key).address
    if address != keypair.address:
        raise fault("JOURNAL_MISMATCH", what="the key", journal=keypair.address, now=address)
