"""`peaq-onboard explain STEP`: that step's records, in plain words; no network, no change."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from app.run import read_settings, state_folder
from core import events as ev
from core.amounts import peaq
from core.errors import EXIT_DONE, EXIT_STOPPED, Problem
from core.journal import FILE_NAME, Record, read_records
from core.steps import Step, find_step

_STEP_OF: dict[type[ev.Event], Step] = {
    ev.OnboardingStarted: Step.ENVIRONMENT,
    ev.DetailsRecorded: Step.ENVIRONMENT,
    ev.EnvironmentPassed: Step.ENVIRONMENT,
    ev.KeypairStored: Step.KEYPAIR,
    ev.KeypairBackedUp: Step.KEYPAIR,
    ev.KeyWrittenToEnv: Step.KEYPAIR,
    ev.NeedMeasured: Step.FUNDING,
    ev.FundingWayChosen: Step.FUNDING,
    ev.EnrolmentRequested: Step.ENROLMENT,
    ev.EnrolmentIssued: Step.ENROLMENT,
    ev.EnrolmentShown: Step.ENROLMENT,
    ev.EnrolmentLost: Step.ENROLMENT,
    ev.EnrolmentConfirmed: Step.CONFIRMATION,
    ev.FundingRequested: Step.FUNDING,
    ev.FundingAnswered: Step.FUNDING,
    ev.BalanceChanged: Step.FUNDING,
    ev.FundingReopened: Step.FUNDING,
    ev.WalletFunded: Step.FUNDING,
    ev.MachineRegistered: Step.REGISTRATION,
    ev.NftMinted: Step.MACHINE_NFT,
    ev.DidWritten: Step.MACHINE_NFT,
    ev.OnboardingFinished: Step.MACHINE_NFT,
}
_STEP_OF_PURPOSE = {
    "funding": Step.FUNDING,
    "register": Step.REGISTRATION,
    "mint": Step.MACHINE_NFT,
    "did": Step.MACHINE_NFT,
    "single": Step.REGISTRATION,
}


def run_explain(options: argparse.Namespace) -> int:
    try:
        step = find_step(options.step)
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_STOPPED
    settings = read_settings(options)
    folder = state_folder(options, settings.network.name)
    records = read_records(folder / FILE_NAME)
    print(f"{step.value} {step.info.title}\n{step.info.purpose}\n")
    lines = [
        f"{record.at:%Y-%m-%d %H:%M:%S} UTC  {in_words(record.event)}"
        for record, place in with_steps(records)
        if place is step
    ]
    print("\n".join(lines) if lines else "Nothing has been recorded for it yet.")
    return EXIT_DONE


def with_steps(records: list[Record]) -> list[tuple[Record, Step | None]]:
    """Each record with the step that it belongs to."""
    purposes: dict[str, str] = {}
    placed: list[tuple[Record, Step | None]] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.TransactionSigned):
            purposes[event.hash] = event.purpose
        if isinstance(event, ev.StepFailed):
            placed.append((record, Step[event.step]))
        elif type(event) in _STEP_OF:
            placed.append((record, _STEP_OF[type(event)]))
        else:
            purpose = purposes.get(str(getattr(event, "hash", "")), "")
            placed.append((record, _STEP_OF_PURPOSE.get(purpose)))
    return placed


def in_words(event: ev.Event) -> str:
    """One sentence for one record."""
    match event:
        case ev.OnboardingStarted():
            return f"Started on {event.network}, chain {event.chain_id}, version {event.version}."
        case ev.DetailsRecorded():
            return (
                f"Details: documentation {event.documentation_url}, data API {event.data_api}, "
                f"visibility {event.data_visibility}."
            )
        case ev.EnvironmentPassed():
            return f"The checks passed; bond {peaq(event.bond_wei)}, block {event.height}."
        case ev.KeypairStored():
            return f"Key {event.way}, locked with {event.kdf}, address {event.address}."
        case ev.KeypairBackedUp():
            return f"Backup stated: {event.way}."
        case ev.KeyWrittenToEnv():
            return f"On request, the key was written unencrypted into {event.path}."
        case ev.NeedMeasured():
            return (
                f"Needed: bond {peaq(event.bond_wei)}, gas {peaq(event.gas_wei, up=True)} "
                f"({event.basis}), head room {peaq(event.head_room_wei)}; "
                f"held {peaq(event.held_wei)} at block {event.block}."
            )
        case ev.FundingWayChosen():
            return f"Way of funding: {event.way}."
        case ev.EnrolmentRequested():
            return "The Gas Station was asked for a 2FA entry."
        case ev.EnrolmentIssued():
            return "It gave one (its secret is recorded nowhere)."
        case ev.EnrolmentShown():
            return "The entry is in the authenticator, as was said."
        case ev.EnrolmentConfirmed():
            return f"2FA is confirmed ({event.code})."
        case ev.EnrolmentLost():
            return f"The Gas Station did not know the entry ({event.code})."
        case ev.StepFailed():
            return _failure(event)
        case _:
            return _money_in_words(event)


def _failure(event: ev.StepFailed) -> str:
    title = event.code
    with suppress(KeyError):  # a code of another version speaks for itself
        title = Problem(event.code, event.params).title
    until = f" Again from {event.until} on." if event.until else ""
    return f"Failed: {title} ({event.code}).{until}"


def _money_in_words(event: ev.Event) -> str:
    match event:
        case ev.FundingRequested():
            return f"Funding request {event.request_id}, wallet held {peaq(event.held_wei)}."
        case ev.FundingAnswered():
            paid = (
                f" {peaq(event.amount_wei)} in {event.transaction_hash}" if event.amount_wei else ""
            )
            return f"Request {event.request_id} settled: {event.code}.{paid}"
        case ev.BalanceChanged():
            return f"The wallet holds {peaq(event.held_wei)} at block {event.block}."
        case ev.FundingReopened():
            return (
                f"More was needed: {peaq(event.needed_wei, up=True)}, held {peaq(event.held_wei)}."
            )
        case ev.WalletFunded():
            return f"Funded ({event.way}): {peaq(event.held_wei)} at block {event.block}."
        case ev.TransactionSigned():
            return (
                f"{event.purpose}: signed with nonce {event.nonce}, "
                f"value {peaq(event.value_wei)}, hash {event.hash}."
            )
        case ev.TransactionBroadcast():
            return f"Handed to the network ({event.answer})."
        case ev.TransactionIncluded():
            how = "in" if event.succeeded else "failed in"
            return f"It is {how} block {event.block}; fee {peaq(event.fee_wei, up=True)}."
        case ev.TransactionReorganised():
            return "Its block was taken back by the network; it is only sent again."
        case ev.TransactionDisplaced():
            return f"Nonce {event.nonce} was used by another program; ours was not executed."
        case ev.TransactionFinal():
            return f"Final in block {event.block}."
        case ev.MachineRegistered():
            return f"Machine {event.machine_id} ({event.way}), block {event.block}."
        case ev.NftMinted():
            return f"Machine NFT {event.token_id} ({event.way}), block {event.block}."
        case ev.DidWritten():
            return f"Six attributes read back at block {event.block}."
        case ev.OnboardingFinished():
            return f"Finished; MCR: {event.mcr or 'not indexed yet'}."
        case _:
            return type(event).__name__
