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
                f"The onboarding by activation was started on {event.network}, chain "
                f"{event.chain_id}, with version {event.version} and the deployment "
                f"{event.deployment}."
            )
        case av.TierChosen():
            return (
                f"Tier {event.tier} was chosen. It takes {format_peaq(event.net_wei, up=True)} "
                f"{token}. The wallet held {format_peaq(event.held_wei)} at block {event.block}."
            )
        case av.IdentityRecorded():
            return (
                f"The machine was described: type {event.machine_type}, subject {event.subject}, "
                f"manufacturer {event.manufacturer}, controller {event.controller}. "
                f"Its permanent id is {event.machine_id}."
            )
        case av.QuoteAccepted():
            return (
                f"The technician agreed to {format_peaq(event.net_wei, up=True)} {token} for "
                f"tier {event.tier} (bond {format_peaq(event.bond_wei, up=True)}, voucher "
                f"{format_peaq(event.credit_wei)}), as quoted at block {event.block}."
            )
        case av.AllowanceSeen(allowance_wei=0):
            return f"No allowance was left at block {event.block}."
        case av.AllowanceSeen():
            return (
                f"MachineSubscription could take {format_peaq(event.allowance_wei)} {token} at "
                f"block {event.block}."
            )
        case av.MachineActivated(way="found"):
            return (
                f"The network had machine {event.machine_id} as active already, in tier "
                f"{event.tier} (seen at block {event.block}). No bond was paid now."
            )
        case av.MachineActivated():
            return (
                f"Machine {event.machine_id} was activated in block {event.block}: tier "
                f"{event.tier}, bond {format_peaq(event.bond_wei)} {token}, paid "
                f"{format_peaq(event.paid_wei, up=True)}. Renew it before "
                f"{day_of(event.period_end)}."
            )
        case av.MachineReadBack():
            return (
                "Owner, controller, subscription, home and document were read back as they should "
                f"be, at block {event.block}."
            )
        case av.MachineRenewed():
            return (
                f"The subscription was renewed in block {event.block}: paid "
                f"{format_peaq(event.paid_wei, up=True)} {token}. Renew it again before "
                f"{day_of(event.period_end)}."
            )
        case _:
            return None
