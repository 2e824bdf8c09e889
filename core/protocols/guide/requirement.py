"""Funds that the guide's transactions require: the bond, the gas of all three, a safety margin."""

from __future__ import annotations

from collections.abc import Mapping

from core.chain.abi import Revert
from core.chain.query import Query
from core.chain.unsigned import SINGLE
from core.journal.state import Balance, FundingRequirement, State
from core.protocols.guide import calls
from core.steps.context import Context
from core.steps.funding import SAFETY_MARGIN

GAS_OF = {"register": 400_000, "mint": 350_000, "did": 1_400_000}
"""Generous gas amounts; the exact amount is estimated before each transaction."""
USUAL_GAS = {**GAS_OF, SINGLE: sum(GAS_OF.values())}
"""Gas that the displayed maximum fee assumes, by purpose of a transaction."""


def gas_left(state: State) -> int:
    """Return the gas of everything that the machine still has to sign."""
    done = {"register": state.registered, "mint": state.minted, "did": state.did}
    return sum(gas for purpose, gas in GAS_OF.items() if done[purpose] is None)


async def requirement(context: Context) -> tuple[FundingRequirement, Balance]:
    """Read the required funds and the balance. A registered machine needs no bond.

    Raises OnboardingError (FEE_IMPLAUSIBLE, RPC_…).
    """
    state, chain = context.state, context.chain
    expected = state.bond_quoted or 0
    bond, balance = chain.bond(), chain.balance(context.address)
    gas = _registration_gas(context, expected)
    now, height = await chain.read_with_fees(bond, balance, gas, at_least=state.height)
    fees = context.transactions.fee_limit.within(now, context.address, anew=True)
    if bond.value != expected:
        gas = _registration_gas(context, bond.value)
        await chain.read(gas, at_least=height)
    simulated = None if isinstance(gas.value, Revert) else gas.value
    number = chain.machine_id(context.address)
    if simulated is None:
        # It cannot be simulated here, or the machine is already registered.
        await chain.read(number, at_least=height, other=True)
    registered = number.known and number.value > 0
    gas_of = dict(GAS_OF)
    if registered:
        del gas_of["register"]
    elif simulated:
        # Minting and the DID cannot be simulated before the machine exists.
        gas_of["register"] = simulated
    basis = "simulated" if simulated else "usual"
    need = need_for(0 if registered else bond.value, fees.cap, gas_of, basis)
    return need, Balance(balance.value, need.total, height)


def need_for(bond: int, price: int, gas_of: Mapping[str, int], basis: str) -> FundingRequirement:
    """Return the funds required for the transactions in `gas_of`, at `price` wei per gas, with a
    margin.
    """
    gas = sum(gas_of.values()) * price
    return FundingRequirement(
        bond=bond, gas=gas, safety_margin=max(SAFETY_MARGIN - gas, 0), basis=basis
    )


def _registration_gas(context: Context, bond: int) -> Query[int | Revert]:
    """Return the node's estimate for the registration, as if the wallet were already funded."""
    call = calls.registration(context, bond).as_call()
    return context.chain.gas(call, held=2 * bond + SAFETY_MARGIN)
