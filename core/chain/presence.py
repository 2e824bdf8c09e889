"""Check that the contracts exist; a verdict needs a clear, repeated result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.chain.abi import read_revert
from core.chain.json_rpc import Call, RpcError
from core.chain.queries import Chain
from core.chain.query import Doubts, Query, hand_out, no_answer, unexpected
from core.chain.types import NetworkSnapshot
from core.errors.problem import OnboardingError

_NOBODY = "0x" + "11" * 20


async def read_snapshot(chain: Chain, *, patience: float) -> NetworkSnapshot:
    """Read every contract that onboarding calls. Raises OnboardingError (RPC_…)."""
    # Call each contract in a way that always succeeds for a contract of its kind, because
    # precompiles have little or no code. The event registry has code, and no function that the
    # wizard could call.
    contracts = chain.contracts
    events: Call = ("eth_getCode", [contracts.event_registry, "latest"])
    # A subcall that must fail: without code at the address, the call would succeed.
    owner_of_nothing = chain.call_data("identity_registry", "ownerOf", 0)
    failing = ([contracts.identity_registry], [0], [owner_of_nothing], [0])
    # These two fail on a healthy network, so each is a separate query with a sender.
    attribute = (_NOBODY, b"machineId")
    reading = chain.call("did_registry", "readAttribute", *attribute, sender=_NOBODY)
    batching = chain.call("batch", "batchAll", *failing, sender=_NOBODY)
    bond = chain.bond()
    calls: dict[str, Call] = {
        "IDENTITY_REGISTRY": bond.calls[0],
        "IDENTITY_STAKING": chain.call("identity_staking", "getStake", 0),
        "EVENT_REGISTRY": events,
        "MACHINE_NFT": chain.call("machine_nft", "totalMinted"),
        "DID_REGISTRY": reading,
        "BATCH_PRECOMPILE": batching,
    }
    present = {name: _presence(chain, name, call) for name, call in calls.items()}
    asks = list(present.values())
    answers = await chain.rpc.read(list(calls.values()), patience=patience, doubt=Doubts(asks))
    hand_out(asks, answers.results)
    hand_out([bond], answers.results)
    return NetworkSnapshot(
        host=chain.rpc.host,
        height=answers.height,
        seconds=answers.seconds,
        server_time=answers.server_time,
        alive={f"{name}_ADDRESS": ask.value for name, ask in present.items()},
        bond=_or_none(bond),
    )


def _presence(chain: Chain, name: str, call: Call) -> Query[bool]:
    """Return whether a contract responds. At an address without code, any call succeeds and returns
    nothing. The DID registry of agung responds with a plain RPC error.
    """

    def understand(results: Sequence[Any]) -> bool:
        result = results[0]
        if not isinstance(result, RpcError):
            return isinstance(result, str) and len(result) > 2
        if name != "DID_REGISTRY" and read_revert(result) is None:
            raise no_answer(result, chain.rpc.host)
        return True

    def at_first(results: Sequence[Any]) -> None:
        bare = isinstance(results[0], RpcError) and read_revert(results[0]) is None
        if not understand(results) or bare:
            raise unexpected(name, "no answer")
        if name == "IDENTITY_REGISTRY" and chain.bond().doubt(results, repeated=False):
            raise unexpected(name, "no bond")

    return Query([call], understand, at_first=at_first)


def _or_none(bond: Query[int]) -> int | None:
    """Return the bond in wei; None if the contract at that address does not return one."""
    try:
        return bond.value
    except OnboardingError as error:
        if error.code != "CONTRACT_UNEXPECTED":
            raise
        return None
