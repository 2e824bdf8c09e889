"""Check the contracts with read-only calls: existence, pause, readiness for a registration."""

from __future__ import annotations

from typing import Any

from core.amounts import format_peaq
from core.chain.abi import read_revert
from core.chain.json_rpc import Call, RpcError
from core.chain.queries import Chain
from core.chain.types import NetworkSnapshot
from core.config.networks import CONTRACT_VARIABLES
from core.config.settings import Settings
from core.errors.problem import OnboardingError, Problem, problem
from core.preflight.check import (
    TITLES,
    CheckResult,
    Status,
    of_problem,
    passed,
    skipped,
    warning,
)
from core.preflight.services import PATIENCE

_PAUSED = "0x5c975abb"
"""`paused()` of OpenZeppelin's Pausable, which not every deployment has."""
_PAUSABLE = {"identity_staking": "the staking", "machine_nft": "the Machine NFT"}
_NOBODY = "0x" + "11" * 20


def check_contracts(settings: Settings, snapshot: NetworkSnapshot) -> list[CheckResult]:
    """Check that the guide's contracts exist, belong to the network, and have a bond set."""
    return [_check_presence(settings, snapshot), _check_bond(settings, snapshot)]


def _check_presence(settings: Settings, snapshot: NetworkSnapshot) -> CheckResult:
    missing = missing_contract(settings, snapshot)
    if missing:
        return of_problem("contracts", missing)
    if settings.foreign_contracts:  # any contract has code, so these need a closer check
        names = ", ".join(settings.foreign_contracts)
        advice = "Compare each address with its source. Remove it to use the network's own."
        text = f"all six found; not the network's own: {names}"
        return warning("contracts", text, advice)
    return passed("contracts", "all six found")


def _check_bond(settings: Settings, snapshot: NetworkSnapshot) -> CheckResult:
    if snapshot.bond is not None:
        return passed("bond", f"{format_peaq(snapshot.bond, up=True)} {settings.network.token}")
    if missing_contract(settings, snapshot):
        return skipped("bond", TITLES["contracts"])
    return of_problem("bond", no_bond())


def missing_contract(settings: Settings, snapshot: NetworkSnapshot) -> Problem | None:
    """Return the problem of the first missing contract, or None."""
    for variable, name in CONTRACT_VARIABLES.items():
        if not snapshot.alive[variable]:
            return problem(
                "NO_CODE_AT_ADDRESS",
                variable=variable,
                address=getattr(settings.contracts, name),
                network=settings.network.title,
            )
    return None


def no_bond() -> Problem:
    return problem(
        "CONTRACT_UNEXPECTED",
        variable="IDENTITY_REGISTRY_ADDRESS",
        reason="minBond returns no amount",
    )


async def check_registration(chain: Chain, bond: int | None) -> tuple[CheckResult, CheckResult]:
    """Check the pause, and simulate a registration from a wallet with an assumed sufficient
    balance.

    `bond` in wei; None if the contracts could not be read, which skips both.
    """
    if bond is None:
        return skipped("pause", TITLES["contracts"]), skipped("register", TITLES["contracts"])
    registering = {
        "from": _NOBODY,
        "to": chain.contracts.identity_registry,
        "value": hex(bond),
        "data": chain.call_data("identity_registry", "register"),
    }
    supposed = {_NOBODY: {"balance": hex(bond * 10 + 10**18)}}
    calls: list[Call] = [
        ("eth_call", [{"to": getattr(chain.contracts, name), "data": _PAUSED}, "latest"])
        for name in _PAUSABLE
    ]
    calls.append(("eth_call", [registering, "latest", supposed]))
    try:
        *paused, registered = (await chain.rpc.read(calls, patience=PATIENCE)).results
    except OnboardingError as error:
        pause = of_problem("pause", error.problem, Status.WARNING)
        return pause, skipped("register", TITLES["pause"])
    stopped = [
        what for what, answer in zip(_PAUSABLE.values(), paused, strict=True) if _yes(answer)
    ]
    if stopped:
        found = problem("CONTRACT_PAUSED", name=" and ".join(stopped))
        return of_problem("pause", found), skipped("register", TITLES["pause"])
    silent = all(isinstance(answer, RpcError) for answer in paused)
    text = f"the contracts do not say; see {TITLES['register']}" if silent else "none is paused"
    return passed("pause", text), _registration(registered)


def _yes(answer: Any) -> bool:
    return isinstance(answer, str) and answer.lower() == "0x" + "1".zfill(64)


def _registration(answer: Any) -> CheckResult:
    if not isinstance(answer, RpcError):
        return passed("register", "accepted (simulated)")
    revert = read_revert(answer)
    if revert is None or revert.poor:
        advice = "No action needed. The wizard simulates it again before it signs."
        return warning("register", "this endpoint cannot simulate it", advice)
    if revert.name == "EnforcedPause":
        return of_problem("register", problem("CONTRACT_PAUSED", name="registering"))
    reason = revert.reason
    found = problem("CONTRACT_REFUSED", name=revert.name, purpose="A registration", reason=reason)
    return of_problem("register", found)
