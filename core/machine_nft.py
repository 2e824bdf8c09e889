"""Step 7: the Machine NFT is minted and the DID's six attributes are written and read back."""

from __future__ import annotations

from core import events as ev
from core.chain_facts import Account
from core.context import Context
from core.contracts import Revert, codec
from core.did import changes, check_details, wanted_attributes
from core.errors import OnboardingError, fault
from core.funding import require
from core.registration import refusal
from core.state import Details
from core.transactions import Intent


async def record_details(context: Context, details: Details) -> None:
    """Checks and records the machine's details. Raises OnboardingError (the first that fails)."""
    found = check_details(details)
    if found:
        raise OnboardingError(found[0])
    if context.state.details != details:
        await context.book.record(
            ev.DetailsRecorded(details.documentation_url, details.data_api, details.data_visibility)
        )


async def mint(context: Context) -> None:
    """Mints the Machine NFT unless it is there, and reads it back. Has an outside effect.

    Raises OnboardingError: LOCKED_KEY, INSUFFICIENT_BALANCE, TRANSACTION_…, CONTRACT_….
    """
    key = context.key()
    await context.sender.settle(key)
    if context.state.registered is None:
        return  # a reorganisation took it back: registering comes next again
    machine_id = _machine_id(context)
    with context.book.waiting("The network is asked about the Machine NFT"):
        token, account, height = await context.chain.token(
            machine_id, context.address, at_least=context.state.height
        )
        if not token:
            token, account, height = await context.chain.token(
                machine_id, context.address, at_least=height, other=True
            )
        if token:
            own = any(tx.purpose == "mint" and tx.block for tx in context.state.transactions)
            await _token_back(context, token, height, "sent" if own else "found")
            return
        contract = context.settings.contracts.machine_nft
        data = context.chain.call_data("machine_nft", "mint", machine_id, context.address)
        intent = await _estimated(context, "mint", contract, data, account)
    _, receipt = await context.sender.send(intent, key, account)
    event = codec("machine_nft").find_event("MachineMinted", receipt.logs, contract)
    token, _, _ = await context.chain.token(machine_id, context.address, at_least=receipt.block)
    if event is None or int(event["tokenId"]) != token:
        raise fault(
            "READ_BACK_FAILED",
            what="the Machine NFT",
            expected=str(event["tokenId"]) if event else "an event",
            found=str(token),
        )
    await _token_back(context, token, receipt.block, "sent")


async def _token_back(context: Context, token: int, block: int, way: str) -> None:
    owner, machine_id = await context.chain.token_owner(token, at_least=block)
    for what, expected, found in (
        ("the owner of the Machine NFT", context.address, owner),
        ("the machine of the Machine NFT", str(_machine_id(context)), str(machine_id)),
    ):
        if expected.lower() != found.lower():
            raise fault("READ_BACK_FAILED", what=what, expected=expected, found=found)
    await context.book.record(ev.NftMinted(token_id=token, block=block, way=way))


async def write_did(context: Context) -> None:
    """Writes those of the six attributes that are missing or differ, in one batch, and reads all
    six back. Has an outside effect. Raises OnboardingError as `mint` does.
    """
    key = context.key()
    await context.sender.settle(key)
    state = context.state
    if state.registered is None or state.minted is None:
        return  # a reorganisation took them back: they come next again
    if state.details is None:
        raise RuntimeError("the DID comes after the details")
    wanted = wanted_attributes(_machine_id(context), state.minted.token_id, state.details)
    with context.book.waiting("The network is asked about the DID"):
        found, account, height = await context.chain.attributes(
            context.address, at_least=state.height
        )
        missing = changes(found, wanted)
        if not missing:
            await context.book.record(ev.DidWritten(wanted, height))
            return
        did = context.settings.contracts.did_registry
        calls = [
            context.chain.call_data(
                "did_registry", function, context.address, name.encode(), value.encode(), 0
            )
            for function, name, value in missing
        ]
        count = len(calls)
        zeros = [0] * count  # no value; and a gas limit of 0 forwards what is left
        data = context.chain.call_data("batch", "batchAll", [did] * count, zeros, calls, zeros)
        batch = context.settings.contracts.batch_precompile
        intent = await _estimated(context, "did", batch, data, account)
    _, receipt = await context.sender.send(intent, key, account)
    with context.book.waiting("The six attributes are read back"):
        found, _, _ = await context.chain.attributes(context.address, at_least=receipt.block)
    for name, value in wanted.items():
        if found[name] != value.encode():
            raise fault(
                "READ_BACK_FAILED",
                what=f"the attribute {name}",
                expected=value or "an empty value",
                found=(found[name] or b"").decode("utf-8", "replace") or "nothing",
            )
    await context.book.record(ev.DidWritten(wanted, receipt.block))


async def _estimated(
    context: Context, purpose: str, to: str, data: str, account: Account
) -> Intent:
    intent = Intent(purpose, context.address, to, 0, data, 0)
    await require(context, needed=21_000 * account.fees.cap, held=account.balance)
    gas = await context.chain.estimate(intent.as_call())
    if isinstance(gas, Revert):
        raise await refusal(context, gas, intent, account)
    await require(context, needed=gas * account.fees.cap, held=account.balance)
    return Intent(purpose, context.address, to, 0, data, gas)


def _machine_id(context: Context) -> int:
    registered = context.state.registered
    if registered is None:
        raise RuntimeError("the machine is not registered yet")
    return registered.machine_id
