"""Compare the machine on the chain with the records: on recognition, read-back and at the end."""

from __future__ import annotations

from core.chain.types import Receipt
from core.errors.problem import OnboardingError, fault
from core.journal import activation_events as av
from core.journal.state import Tx
from core.protocols.activation import evidence
from core.protocols.activation.queries import Subscription
from core.protocols.activation.requirement import activation_of, identity_of
from core.protocols.activation.standing import asks_of, deployment_in
from core.steps.context import Context
from core.steps.reverts import mismatch

TERMINATED = 4


async def recognise(context: Context, owner: str, *, block: int) -> bool:
    """Return whether a minted machine id is active, as read at or after `block`.

    Record this wallet's active machine if it fits the journal, no matter which transaction
    activated it. Return False for one that is minted but has no subscription yet. Raises
    OnboardingError: MACHINE_TAKEN, MACHINE_DIFFERS, SUBSCRIPTION_ENDED, READ_BACK_FAILED, RPC_….
    """
    identity, activation = identity_of(context), activation_of(context)
    number, asks = identity.machine_id, asks_of(context)
    if owner.lower() != context.address.lower():
        raise fault("MACHINE_TAKEN", machine_id=number, owner=owner, address=context.address)
    controller, manufacturer = asks.controller(number), asks.manufacturer(number)
    subscription, status = asks.subscription(number), asks.status(number)
    home, stored = asks.is_homed_here(number), asks.document(number)
    height = await context.chain.read(
        controller, manufacturer, subscription, status, home, stored, at_least=block
    )
    document = stored.value
    pairs = [
        ("Its controller", identity.controller, controller.value),
        ("Its manufacturer", identity.manufacturer, manufacturer.value),
        ("Its DID document", identity.document.digest, document.digest if document else "none"),
        ("Its home", "this chain", "this chain" if home.value else "another chain"),
    ]
    period = subscription.value
    if period.active:
        pairs.append(("Its tier", str(activation.tier), str(period.tier)))
    for what, expected, found in pairs:
        if expected.lower() != found.lower():
            raise fault("MACHINE_DIFFERS", what=what, expected=expected, found=found or "none")
    if status.value == TERMINATED:
        raise fault("SUBSCRIPTION_ENDED", machine_id=number, status="terminated")
    if not period.active:
        return False
    sent = [
        tx for tx in context.state.transactions if tx.purpose == "activate" and tx.status.counts
    ]
    if not sent:
        await record(context, period, evidence.Payment(period.bonded, period.bonded, 0, 0), height)
        return True
    receipt = context.chain.receipt(sent[-1].hash)
    height = await context.chain.read(receipt, at_least=block)
    if receipt.value is None:
        needed = sent[-1].block or height + 1
        raise fault("RPC_BEHIND", host=context.chain.rpc.host, height=height, needed=needed)
    payment = payment_of(context, sent[-1], receipt.value)
    await record(context, period, payment, receipt.value.block, way="sent")
    return True


def payment_of(context: Context, tx: Tx, receipt: Receipt) -> evidence.Payment:
    """Return the cost of our activation. Raises OnboardingError (READ_BACK_FAILED)."""
    identity, deployment = identity_of(context), deployment_in(context)
    return evidence.activated(
        deployment,
        receipt,
        machine_id=identity.machine_id,
        sender=context.address,
        controller=identity.controller,
        machine_type=identity.machine_type,
        tier=activation_of(context).tier or 0,
        minted=tx.to.lower() == deployment.contracts.machine_state_and_sync.lower(),
    )


async def record(
    context: Context,
    period: Subscription,
    payment: evidence.Payment,
    block: int,
    *,
    way: str = "found",
) -> None:
    """Record the machine as active."""
    await context.store.record(
        av.MachineActivated(
            machine_id=identity_of(context).machine_id,
            tier=period.tier,
            bond_wei=payment.bond,
            paid_wei=payment.paid,
            period_start=period.period_start,
            period_end=period.period_end,
            block=block,
            way=way,
        )
    )


async def read_back(context: Context) -> None:
    """Step 7: read everything back, compare it with what was sent, and record it. Signs nothing.

    An allowance that is left is recorded as well. Raises OnboardingError (READ_BACK_FAILED,
    ACTIVATION_UNEXPECTED, RPC_…).
    """
    recorded, identity = activation_of(context).activated, identity_of(context)
    if recorded is None:
        raise RuntimeError("the machine is not activated yet")
    number, asks = recorded.machine_id, asks_of(context)
    owner, controller, home = (
        asks.owner(number),
        asks.controller(number),
        asks.is_homed_here(number),
    )
    kind, subject = asks.machine_type(number), asks.subject(number)
    manufacturer, stored = asks.manufacturer(number), asks.document(number)
    subscription, status = asks.subscription(number), asks.status(number)
    allowance = asks.allowance(context.address)
    with context.store.waiting("Reading the machine back"):
        height = await context.chain.read(
            owner,
            controller,
            home,
            kind,
            subject,
            manufacturer,
            stored,
            subscription,
            status,
            allowance,
            at_least=context.state.height,
        )
    period, document = subscription.value, stored.value
    for what, expected, found in (
        ("the owner of the machine", context.address, owner.value),
        ("the DID's controller", identity.controller, controller.value),
        ("the machine's type", identity.machine_type, kind.value),
        ("the credential subject", identity.subject.hex(), subject.value.hex()),
        ("the manufacturer", identity.manufacturer, manufacturer.value),
        ("the DID document", identity.document.digest, document.digest if document else "none"),
        ("the machine's home", "this chain", "this chain" if home.value else "another chain"),
        ("the tier", str(recorded.tier), str(period.tier)),
        ("the subscription", "active", "active" if period.active else "not active"),
        ("the bond", str(recorded.bond_wei), str(period.bonded)),
        ("the end of the period", str(recorded.period_end), str(period.period_end)),
    ):
        if expected.lower() != found.lower():
            raise mismatch(what, expected, found or "none")
    if status.value == TERMINATED:
        raise fault("SUBSCRIPTION_ENDED", machine_id=number, status="terminated")
    await note_allowance(context, allowance.value, height)
    await context.store.record(
        av.MachineReadBack(
            owner=owner.value,
            controller=controller.value,
            tier=period.tier,
            period_end=period.period_end,
            document_sha256=identity.document.digest,
            block=height,
        )
    )


async def note_allowance(context: Context, allowance: int, block: int) -> None:
    """Record an allowance that is there, or is gone, unless that is recorded already."""
    known = activation_of(context).allowance
    if allowance != (known.allowance_wei if known else 0) or (known is None and _gave(context)):
        await context.store.record(av.AllowanceSeen(allowance, block))


def _gave(context: Context) -> bool:
    """Whether this onboarding has given an allowance."""
    return any(tx.purpose == "approve" and tx.status.counts for tx in context.state.transactions)


async def reconcile(context: Context) -> None:
    """Compare the machine of the journal with the chain, on every start. Signs nothing.

    Raises OnboardingError (JOURNAL_CHAIN_DISAGREE, RPC_…).
    """
    recorded = activation_of(context).activated
    if recorded is None:
        return
    found, height = "", context.state.height
    for other in (False, True):
        owner = asks_of(context).owner(recorded.machine_id)
        height = await context.chain.read(owner, at_least=height, other=other)
        found = owner.value
        if found.lower() == context.address.lower():
            return
    raise _disagree(context, recorded.machine_id, found, height)


def _disagree(context: Context, number: int, owner: str, block: int) -> OnboardingError:
    found = f"it belongs to {owner}" if owner else "the network has no such machine"
    return fault(
        "JOURNAL_CHAIN_DISAGREE",
        reason=f"The records say that machine {number} is active. At block {block}, {found}. "
        f"{context.settings.network.anew}",
    )


async def check_final(context: Context) -> None:
    """Check the machine one last time, at final blocks, before the receipt is written.

    Raises OnboardingError (READ_BACK_FAILED, RPC_…).
    """
    recorded = activation_of(context).activated
    if recorded is None:
        raise RuntimeError("the end comes after the activation")
    asks = asks_of(context)
    owner, subscription = asks.owner(recorded.machine_id), asks.subscription(recorded.machine_id)
    await context.chain.read(owner, subscription, at_least=context.state.height)
    period = subscription.value
    for what, expected, found in (
        ("the owner of the machine", context.address, owner.value),
        ("the subscription", "active", "active" if period.active else "not active"),
        ("the tier", str(recorded.tier), str(period.tier)),
    ):
        if expected.lower() != found.lower():
            raise mismatch(what, expected, found or "nobody")
