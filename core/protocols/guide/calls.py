"""The guide's transactions before estimation; the gas comes from an estimate."""

from __future__ import annotations

from collections.abc import Sequence

from core.chain.unsigned import SINGLE, UnsignedTransaction
from core.steps.context import Context

Change = tuple[str, str, str]
"""Function of the DID precompile, name and value of the attribute (`did_attributes.changes`)."""


def registration(context: Context, bond: int) -> UnsignedTransaction:
    """Return the registration, which locks `bond` (wei)."""
    registry = context.settings.contracts.identity_registry
    return UnsignedTransaction("register", context.address, registry, bond, _register(context), 0)


def minting(context: Context, machine_id: int) -> UnsignedTransaction:
    contract = context.settings.contracts.machine_nft
    return UnsignedTransaction("mint", context.address, contract, 0, _mint(context, machine_id), 0)


def did_write(context: Context, changed: Sequence[Change]) -> UnsignedTransaction:
    """Return all attribute writes as one batch that succeeds or fails as a whole."""
    return _batch(context, "did", _attributes(context, changed))


def everything(
    context: Context, bond: int, machine_id: int, changed: Sequence[Change]
) -> UnsignedTransaction:
    """Return registration, minting and attributes as one batch that succeeds or fails as a whole.

    The bond is the value of a subcall: the Batch precompile takes it from the caller, so the
    transaction itself has no value.
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
    gas = [0] * len(calls)  # 0 forwards the remaining gas
    packed = context.chain.call_data("batch", "batchAll", to, values, data, gas)
    contract = context.settings.contracts.batch_precompile
    return UnsignedTransaction(purpose, context.address, contract, 0, packed, 0)
