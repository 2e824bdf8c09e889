"""The contracts, by calls that change nothing: are they there, paused, and would they register?"""

from __future__ import annotations

from typing import Any

from core.amounts import format_peaq
from core.chain.abi import read_revert
from core.chain.json_rpc import Call, RpcError
from core.chain.presence import read_snapshot
from core.chain.queries import Chain
from core.chain.types import NetworkSnapshot
from core.config.networks import CONTRACT_VARIABLES
from core.config.settings import Settings
from core.errors.problem import OnboardingError, Problem, problem
from core.preflight.check import Light
from core.preflight.finding import Finding, green, not_asked, of_problem
from core.preflight.services import PATIENCE
from core.text import clean

LINES = {
    "contracts": "Contracts",
    "bond": "Bond",
    "pause": "Pause",
    "register": "Registering",
}
_PAUSED = "0x5c975abb"
"""`paused()` of OpenZeppelin's Pausable; not every deployment has it."""
_PAUSABLE = {"identity_staking": "the staking", "machine_nft": "the Machine NFT"}
_NOBODY = "0x" + "11" * 20


async def look_at_contracts(chain: Chain, settings: Settings) -> list[Finding]:
    """Four lines, whatever happens."""
    try:
        survey = await read_snapshot(chain, patience=PATIENCE)
    except OnboardingError as error:
        first = of_problem("contracts", LINES["contracts"], error.problem)
        rest = [key for key in LINES if key != "contracts"]
        return [first, *(not_asked(key, LINES[key], "the contracts") for key in rest)]
    found = _presence(survey, settings)
    if found[0].light is not Light.GREEN or survey.bond is None:
        return [*found, *(not_asked(k, LINES[k], "the contracts") for k in ("pause", "register"))]
    try:
        return [*found, *await _calls(chain, survey.bond)]
    except OnboardingError as error:
        light = Light.AMBER
        pause = of_problem("pause", LINES["pause"], error.problem, light=light)
        return [*found, pause, not_asked("register", LINES["register"], "the endpoint")]


def _presence(survey: NetworkSnapshot, settings: Settings) -> list[Finding]:
    missing = contract_fault(settings, survey)
    contracts = (
        of_problem("contracts", LINES["contracts"], missing, network=False)
        if missing
        else green("contracts", LINES["contracts"], "all six answer")
    )
    if survey.bond is not None:
        token = settings.network.token
        return [
            contracts,
            green("bond", LINES["bond"], f"{format_peaq(survey.bond, up=True)} {token}"),
        ]
    if missing:
        return [contracts, not_asked("bond", LINES["bond"], "the contracts")]
    unexpected = problem(
        "CONTRACT_UNEXPECTED",
        variable="IDENTITY_REGISTRY_ADDRESS",
        reason="minBond gives no amount",
    )
    return [contracts, of_problem("bond", LINES["bond"], unexpected, network=False)]


async def _calls(chain: Chain, bond: int) -> list[Finding]:
    """Simulated with a wallet that is supposed to hold enough; nothing is sent."""
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
    *paused, register = (await chain.rpc.read(calls, patience=PATIENCE)).results
    stopped = [
        what for what, answer in zip(_PAUSABLE.values(), paused, strict=True) if _yes(answer)
    ]
    if stopped:
        return [_paused(stopped), not_asked("register", LINES["register"], "it is paused")]
    silent = all(isinstance(answer, RpcError) for answer in paused)
    text = "the contracts do not say; see the next line" if silent else "none is paused"
    return [green("pause", LINES["pause"], text), _register(register)]


def _yes(answer: Any) -> bool:
    return isinstance(answer, str) and answer.lower() == "0x" + "1".zfill(64)


def _paused(stopped: list[str]) -> Finding:
    found = problem("CONTRACT_PAUSED", name=" and ".join(stopped))
    return of_problem("pause", LINES["pause"], found)


def _register(answer: Any) -> Finding:
    key, title = "register", LINES["register"]
    if not isinstance(answer, RpcError):
        return green(key, title, "is accepted (simulated)")
    revert = read_revert(answer)
    if revert is None or revert.poor:
        remedy = "Nothing needs to be done: it is simulated again before anything is signed."
        return Finding(key, title, Light.AMBER, "cannot be simulated at this endpoint", remedy)
    if revert.name == "EnforcedPause":
        return _paused(["registering"])
    text = clean(f"is refused: {revert.reason}", 80)
    remedy = "Note the name and ask whoever runs the network: nobody can register until then."
    return Finding(key, title, Light.RED, text, remedy, "CONTRACT_REFUSED", network=True)


def contract_fault(settings: Settings, survey: NetworkSnapshot) -> Problem | None:
    """The first contract that is not there, or None."""
    for variable, name in CONTRACT_VARIABLES.items():
        if not survey.alive[variable]:
            return problem(
                "NO_CODE_AT_ADDRESS",
                variable=variable,
                address=getattr(settings.contracts, name),
                network=settings.network.title,
            )
    return None


def bond_fault() -> Problem:
    return problem(
        "CONTRACT_UNEXPECTED",
        variable="IDENTITY_REGISTRY_ADDRESS",
        reason="minBond gives no amount",
    )
