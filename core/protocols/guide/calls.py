"""The transactions of onboarding, as what they are to do; their gas comes from an estimate."""

from __future__ import annotations

from collections.abc import Sequence

from core.chain.unsigned import SINGLE, UnsignedTransaction
from core.steps.context import Context

Change = tuple[str, str, str]
"""Function of the DID precompile, name and value of the attribute (`did_attributes.changes`)."""


def registration(context: Context, bond: int) -> UnsignedTransaction:
    """Stakes `bond` (wei)."""
    registry = context.settings.contracts.identity_registry
    return UnsignedTransaction("register", context.address, registry, bond, _register(context), 0)


def minting(context: Context, machine_id: int) -> UnsignedTransaction:
    contract = context.settings.contracts.machine_nft
    return UnsignedTransaction("mint", context.address, contract, 0, _mint(context, machine_id), 0)


def did_write(context: Context, changed: Sequence[Change]) -> UnsignedTransaction:
    """All attribute writes in one batch, all or nothing."""
    return _batch(context, "did", _attributes(context, changed))


def everything(
    context: Context, bond: int, machine_id: int, changed: Sequence[Change]
) -> UnsignedTransaction:
    """Registration, minting and attributes in one batch, all or nothing. The bond is a subcall's
    value: the Batch precompile takes it from the caller, so that the transaction itself has none.
    """
    contracts = context.settings.contracts
    calls = [
        (contracts.identity_registry, bond, _register(context)),
        (contracts.machine_nft, 0, _mint(context, machine_id)),
        *_attributes(context, changed),
    ]
    return _batch(context, SINGLE, calls)


def _register(context: Context) -> str:
    return context.chain.call_data("identity_registry", "register")


def _mint(context: Context, machine_id: int) -> str:
    return context.chain.call_data("machine_nft", "mint", machine_id, context.address)


def _attributes(context: Context, changed: Sequence[Change]) -> list[tuple[str, int, str]]:
    did = context.settings.contracts.did_registry
    return [
        (
            did,
            0,
            context.chain.call_data(
                "did_registry", function, context.address, name.encode(), value.encode(), 0
            ),
        )
        for function, name, value in changed
    ]


def _batch(
    context: Context, purpose: str, calls: Sequence[tuple[str, int, str]]
) -> UnsignedTransaction:
    to, values, data = zip(*calls, strict=True)
    gas = [0] * len(calls)  # 0 forwards what is left
    packed = context.chain.call_data("batch", "batchAll", to, values, data, gas)
    contract = context.settings.contracts.batch_precompile
    return UnsignedTransaction(purpose, context.address, contract, 0, packed, 0)
