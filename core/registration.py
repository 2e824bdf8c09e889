"""Step 6: the bond is staked and the machine gets its number, once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core import events as ev
from core.amounts import peaq
from core.book import Book
from core.chain_facts import Account, Fees
from core.context import Context
from core.contracts import Revert, codec
from core.errors import OnboardingError, fault
from core.funding import GAS_OF, need_for, require
from core.transactions import TITLES, Intent, TakenBack

_PAUSED = "EnforcedPause"


@dataclass(frozen=True)
class Quote:
    """What the registration will cost and do, before anything is signed. Amounts in wei."""

    bond: int
    fee: int
    """At most."""
    held: int
    contract: str
    network: str
    gas: int

    @property
    def after(self) -> int:
        """What is left at least."""
        return self.held - self.bond - self.fee


async def quote(context: Context) -> Quote | None:
    """What registering costs; None where the machine is registered already, which is recorded.

    Raises OnboardingError: INSUFFICIENT_BALANCE (back to funding), CONTRACT_…, RPC_….
    """
    # Else a registration of ours that is still open would be taken for somebody else's.
    await context.sender.settle(context.memory.key)
    prepared = await _prepare(context)
    if prepared is None:
        return None
    intent, account, fees = prepared
    return Quote(
        bond=intent.value,
        fee=intent.gas * fees.cap,
        held=account.balance,
        contract=intent.to,
        network=context.settings.network.title,
        gas=intent.gas,
    )


async def register(context: Context, *, agreed_bond: int) -> None:
    """Registers the machine unless it is registered, and reads it back. Has an outside effect.

    `agreed_bond` (wei) is what the technician consented to; a higher one is not paid. Raises
    OnboardingError: LOCKED_KEY, BOND_CHANGED, INSUFFICIENT_BALANCE, TRANSACTION_…, CONTRACT_….
    """
    key = context.key()
    await context.sender.settle(key)
    with context.book.waiting("The network is asked about this machine"):
        prepared = await _prepare(context, agreed_bond=agreed_bond)
    if prepared is None:
        return
    intent, account, fees = prepared
    chain = context.chain
    number = chain.machine_id(context.address)
    try:
        tx, receipt = await context.sender.send(intent, key, account, fees, also=[number])
    except TakenBack:
        return  # what is open again comes first
    event = codec("identity_registry").find_event("Registered", receipt.logs, intent.to)
    if event is None or str(event["owner"]).lower() != context.address.lower():
        raise odd("the registration's event", context.address, str(event))
    machine_id = int(event["machineId"])
    await chain.read_back(number, right=lambda: number.value == machine_id, at_least=receipt.block)
    if number.value != machine_id:
        raise odd("the machine's number", str(machine_id), str(number.value))
    await _record(context.book, machine_id, bond=tx.value_wei, block=receipt.block, way="sent")


async def _prepare(
    context: Context, *, agreed_bond: int | None = None
) -> tuple[Intent, Account, Fees] | None:
    """The transaction as it would be sent now, from which account, at which fees; None where the
    machine turns out to be registered, which is recorded.

    With `agreed_bond` it is about to be sent. That the machine is not registered is then asked
    for the second time, elsewhere where that is known: one zero of one node is not "absent"
    (promises.md, 6).
    """
    state, chain = context.state, context.chain
    number, bond = chain.machine_id(context.address), chain.bond()
    account = chain.account(context.address)
    # Estimated along with the rest for the bond that is expected, which is nearly always right.
    guess = agreed_bond or state.bond_quoted or 0
    gas = chain.gas(_intent(context, guess).as_call())
    fees, height = await chain.read_with_fees(
        number, bond, account, gas, at_least=state.height, other=agreed_bond is not None
    )
    if number.value:
        await _found(context, number.value, height)
        return None
    if agreed_bond is not None and bond.value > agreed_bond:
        raise fault(
            "BOND_CHANGED",
            quoted=peaq(agreed_bond, up=True),
            now=peaq(bond.value, up=True),
            token=context.token,
        )
    # First the balance: the estimate of a poor account looks like a revert (promises.md, 13).
    # What is asked for is what measuring asks for, so that the amount stays the same.
    held = account.value.balance
    wanted = need_for(bond.value, fees.cap, GAS_OF, "usual").total
    await require(context, needed=bond.value + 21_000 * fees.cap, held=held, wanted=wanted)
    intent = _intent(context, bond.value)
    if bond.value != guess:
        gas = chain.gas(intent.as_call())
        await chain.read(gas, at_least=height)
    if isinstance(gas.value, Revert):
        if gas.value.name == "AlreadyRegistered":
            await _recover(context, height)
            return None
        raise await refusal(context, gas.value, intent, held, fees)
    needed = bond.value + gas.value * fees.cap
    await require(context, needed=needed, held=held, wanted=wanted)
    return replace(intent, gas=gas.value), account.value, fees


def _intent(context: Context, bond: int) -> Intent:
    return Intent(
        purpose="register",
        sender=context.address,
        to=context.settings.contracts.identity_registry,
        value=bond,
        data=context.chain.call_data("identity_registry", "register"),
        gas=0,
    )


async def _recover(context: Context, block: int) -> None:
    """AlreadyRegistered: the number is asked of the chain, else of the MCR API."""
    for _ in range(3):
        number = context.chain.machine_id(context.address)
        height = await context.chain.read(number, at_least=block, other=True)
        if number.value:
            await _found(context, number.value, height)
            return
        await context.clock.sleep(context.settings.network.block_seconds / 2)
    machine_id = await _ask_mcr(context)
    if machine_id:
        owner = context.chain.machine_owner(machine_id)
        await context.chain.read(owner, at_least=block)
        # Else the chain knows no such machine of ours, whatever the MCR API says.
        if owner.value.lower() == context.address.lower():
            await _record(context.book, machine_id, bond=0, block=block, way="found")
            return
    raise fault("ALREADY_REGISTERED")


async def _ask_mcr(context: Context) -> int:
    if context.mcr is None:
        return 0
    try:
        found = await context.mcr.machine(context.address)
    except OnboardingError:
        return 0  # best effort: the chain was asked first and is asked again
    text = str((found or {}).get("machine_id", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 78 else 0  # uint256


async def _found(context: Context, machine_id: int, block: int) -> None:
    """Records a registration that is there: ours, or somebody's with the same key."""
    own = [tx for tx in context.state.transactions if tx.purpose == "register" and tx.block]
    bond = own[-1].value_wei if own else 0
    owner, staked = context.chain.machine_owner(machine_id), context.chain.staked(machine_id)
    await context.chain.read(owner, staked, at_least=block)
    if owner.value.lower() != context.address.lower():
        raise odd("the owner of the Identity NFT", context.address, owner.value)
    if bond and not staked.value:
        raise odd("the stake", "staked", "not staked")
    way = "sent" if own else "found"
    await _record(context.book, machine_id, bond=bond, block=block, way=way)


async def _record(book: Book, machine_id: int, *, bond: int, block: int, way: str) -> None:
    await book.record(
        ev.MachineRegistered(machine_id=machine_id, bond_wei=bond, block=block, way=way)
    )


def odd(what: str, expected: str, found: str) -> OnboardingError:
    """What was written reads back otherwise."""
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)


async def refusal(
    context: Context, revert: Revert, intent: Intent, held: int, fees: Fees
) -> OnboardingError:
    """What a simulated transaction that would fail means; `held` in wei."""
    if revert.poor:
        needed = intent.value + 500_000 * fees.cap
        await require(context, needed=max(needed, held + 1), held=held)
    if revert.name == _PAUSED:
        return fault("CONTRACT_PAUSED", name=revert.name)
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[intent.purpose],
        reason=revert.reason,
    )
