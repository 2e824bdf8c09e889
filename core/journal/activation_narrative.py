"""Tell the records of an activation in sentences."""

from __future__ import annotations

from datetime import datetime, timezone

from core.amounts import format_peaq
from core.journal import activation_events as av
from core.journal import events as ev
from core.step import Step

STEP_OF: dict[type[ev.Event], Step] = {
    av.ActivationStarted: Step.ENVIRONMENT,
    av.TierChosen: Step.FUNDING,
    av.IdentityRecorded: Step.REGISTRATION,
    av.QuoteAccepted: Step.REGISTRATION,
    av.AllowanceSeen: Step.REGISTRATION,
    av.MachineActivated: Step.REGISTRATION,
    av.MachineReadBack: Step.MACHINE_NFT,
    av.MachineRenewed: Step.MACHINE_NFT,
}
STEP_OF_PURPOSE = {
    "approve": Step.REGISTRATION,
    "activate": Step.REGISTRATION,
    "revoke": Step.REGISTRATION,
    "renew": Step.MACHINE_NFT,
}
SUBJECTS = {
    "approve": "the approval of the bond",
    "activate": "the activation",
    "revoke": "the removal of the allowance",
    "renew": "the renewal",
}


def day_of(seconds: int) -> str:
    """Return POSIX seconds from the chain as a UTC date; an invalid time stays a number."""
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def activation_in_words(event: ev.Event, token: str) -> str | None:
    """Return one or two sentences for a record of an activation; None for any other record."""
    match event:
        case av.ActivationStarted():
            return (
                f"Started the onboarding by activation on {event.network}, chain {event.chain_id}, "
                f"with version {event.version} and the deployment {event.deployment}."
            )
        case av.TierChosen():
            return (
                f"You chose tier {event.tier}, which costs {format_peaq(event.net_wei, up=True)} "
                f"{token}. Balance: {format_peaq(event.held_wei)} at block {event.block}."
            )
        case av.IdentityRecorded():
            return (
                f"You described the machine: type {event.machine_type}, subject {event.subject}, "
                f"manufacturer {event.manufacturer}, controller {event.controller}. "
                f"Its permanent id is {event.machine_id}."
            )
        case av.QuoteAccepted():
            return (
                f"You agreed to {format_peaq(event.net_wei, up=True)} {token} for "
                f"tier {event.tier} (bond {format_peaq(event.bond_wei, up=True)}, voucher "
                f"{format_peaq(event.credit_wei)}), as quoted at block {event.block}."
            )
        case av.AllowanceSeen(allowance_wei=0):
            return f"No allowance is left (block {event.block})."
        case av.AllowanceSeen():
            return (
                f"MachineSubscription may take {format_peaq(event.allowance_wei)} {token} from "
                f"this wallet (block {event.block})."
            )
        case av.MachineActivated(way="found"):
            return (
                f"Machine {event.machine_id} was already active in tier {event.tier} (read at "
                f"block {event.block}). No bond was paid."
            )
        case av.MachineActivated():
            return (
                f"Activated machine {event.machine_id} in block {event.block}: tier {event.tier}, "
                f"bond {format_peaq(event.bond_wei)} {token}, paid "
                f"{format_peaq(event.paid_wei, up=True)}. Renew it before "
                f"{day_of(event.period_end)}."
            )
        case av.MachineReadBack():
            return (
                "Verified owner, controller, subscription, home and DID document at block "
                f"{event.block}."
            )
        case av.MachineRenewed():
            return (
                f"Renewed the subscription in block {event.block}: paid "
                f"{format_peaq(event.paid_wei, up=True)} {token}. Renew it again before "
                f"{day_of(event.period_end)}."
            )
        case _:
            return None
