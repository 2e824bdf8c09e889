"""Step 6: the bond is staked and the machine gets its number, once."""

from __future__ import annotations

from dataclasses import dataclass

from core import events as ev
from core.amounts import peaq
from core.book import Book
from core.chain_facts import Account
from core.context import Context
from core.contracts import Revert, codec
from core.errors import OnboardingError, fault
from core.funding import GAS_OF, need_for, require
from core.transactions import TITLES, Intent

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
    found = await _look(context)
    if found is None:
        return None
    bond, account = found
    intent = await _prepare(context, bond, account)
    if intent is None:
        return None
    return Quote(
        bond=bond,
        fee=intent.gas * account.fees.cap,
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
        found = await _look(context)
        if found is None:
            return
        bond, account = found
        if bond > agreed_bond:
            raise fault(
                "BOND_CHANGED",
                quoted=peaq(agreed_bond, up=True),
                now=peaq(bond, up=True),
                token=context.token,
            )
        intent = await _prepare(context, bond, account)
    if intent is None:
        return
    tx, receipt = await context.sender.send(intent, key, account)
    event = codec("identity_registry").find_event("Registered", receipt.logs, intent.to)
    if event is None or str(event["owner"]).lower() != context.address.lower():
        raise _odd("the registration's event", context.address, str(event))
    await _read_back(context, bond=tx.value_wei, way="sent", block=receipt.block)


async def _look(context: Context) -> tuple[int, Account] | None:
    """Bond and account; None where the machine is registered, which is then recorded."""
    state = context.state
    machine_id, bond, account, height = await context.chain.registration(
        context.address, at_least=state.height
    )
    if not machine_id:
        # One zero of one node is not "absent": asked again, elsewhere where that is known.
        machine_id, bond, account, height = await context.chain.registration(
            context.address, at_least=max(height, state.height), other=True
        )
    if machine_id:
        own = [tx for tx in state.transactions if tx.purpose == "register" and tx.block]
        await _read_back(
            context,
            bond=own[-1].value_wei if own else 0,
            way="sent" if own else "found",
            block=height,
        )
        return None
    return bond, account


async def _prepare(context: Context, bond: int, account: Account) -> Intent | None:
    """The transaction, estimated; None where the contract says AlreadyRegistered, and the
    machine's number was found.
    """
    registry = context.settings.contracts.identity_registry
    intent = Intent(
        purpose="register",
        sender=context.address,
        to=registry,
        value=bond,
        data=context.chain.call_data("identity_registry", "register"),
        gas=0,
    )
    # First the balance: the estimate of a poor account looks like a revert (promises.md, 13).
    # What is asked for is what measuring asks for, so that the amount stays the same.
    wanted = need_for(bond, account.fees.cap, GAS_OF, "usual").total
    least = bond + 21_000 * account.fees.cap
    await require(context, needed=least, held=account.balance, wanted=wanted)
    gas = await context.chain.estimate(intent.as_call())
    if isinstance(gas, Revert):
        if gas.name == "AlreadyRegistered":
            await _recover(context, account)
            return None
        raise await refusal(context, gas, intent, account)
    needed = bond + gas * account.fees.cap
    await require(context, needed=needed, held=account.balance, wanted=wanted)
    return Intent(intent.purpose, intent.sender, registry, bond, intent.data, gas)


async def _recover(context: Context, account: Account) -> None:
    """AlreadyRegistered: the number is asked of the chain, else of the MCR API."""
    for _ in range(3):
        machine_id, _, _, height = await context.chain.registration(
            context.address, at_least=account.height, other=True
        )
        if machine_id:
            await _read_back(context, bond=0, way="found", block=height)
            return
        await context.clock.sleep(context.settings.network.block_seconds / 2)
    machine_id = await _ask_mcr(context)
    if machine_id and await _is_ours(context, machine_id, account.height):
        await _record(context.book, machine_id, bond=0, block=account.height, way="found")
        return
    raise fault("ALREADY_REGISTERED")


async def _is_ours(context: Context, machine_id: int, height: int) -> bool:
    try:
        owner, _ = await context.chain.machine(machine_id, at_least=height)
    except OnboardingError as error:
        if error.code == "CONTRACT_UNEXPECTED":
            return False  # the chain knows no such machine, whatever the MCR API says
        raise
    return owner.lower() == context.address.lower()


async def _ask_mcr(context: Context) -> int:
    if context.mcr is None:
        return 0
    try:
        found = await context.mcr.machine(context.address)
    except OnboardingError:
        return 0  # best effort: the chain was asked first and is asked again
    text = str((found or {}).get("machine_id", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 78 else 0  # uint256


async def _read_back(context: Context, *, bond: int, way: str, block: int) -> None:
    """Reads number, owner and stake at or after `block`, and records them."""
    machine_id, _, _, height = await context.chain.registration(context.address, at_least=block)
    if not machine_id:
        raise _odd("the machine's number", "a number", "none")
    owner, staked = await context.chain.machine(machine_id, at_least=max(block, height))
    if owner.lower() != context.address.lower():
        raise _odd("the owner of the Identity NFT", context.address, owner)
    if bond and not staked:
        raise _odd("the stake", "staked", "not staked")
    await _record(context.book, machine_id, bond=bond, block=block, way=way)


async def _record(book: Book, machine_id: int, *, bond: int, block: int, way: str) -> None:
    await book.record(
        ev.MachineRegistered(machine_id=machine_id, bond_wei=bond, block=block, way=way)
    )


def _odd(what: str, expected: str, found: str) -> OnboardingError:
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)


async def refusal(
    context: Context, revert: Revert, intent: Intent, account: Account
) -> OnboardingError:
    """What a simulated transaction that would fail means."""
    if revert.poor:
        needed = intent.value + 500_000 * account.fees.cap
        await require(context, needed=max(needed, account.balance + 1), held=account.balance)
    if revert.name == _PAUSED:
        return fault("CONTRACT_PAUSED", name=revert.name)
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[intent.purpose],
        reason=revert.reason,
    )
