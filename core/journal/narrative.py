"""Tell the records of a journal in sentences."""

from __future__ import annotations

from core.amounts import format_peaq
from core.clock import parse_stamp
from core.config.networks import MAINNET, NETWORKS
from core.errors.problem import Problem
from core.journal import activation_narrative as activation
from core.journal import events as ev
from core.journal.file import Record
from core.journal.state import State
from core.step import Step
from core.text import clean

_TIME = "%Y-%m-%d %H:%M:%S"

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
    **activation.STEP_OF,
}


_STEP_OF_PURPOSE = {
    "funding": Step.FUNDING,
    "register": Step.REGISTRATION,
    "mint": Step.MACHINE_NFT,
    "did": Step.MACHINE_NFT,
    "single": Step.REGISTRATION,
    **activation.STEP_OF_PURPOSE,
}


def token_of(state: State) -> str:
    """What the money of the journal's network is called."""
    name = state.started.network if state.started else ""
    return NETWORKS.get(name, MAINNET).token


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


def in_words(event: ev.Event, token: str) -> str:
    """One or two sentences for one record; `token` is what the network's money is called."""
    said = activation.activation_in_words(event, token)
    if said is not None:
        return said
    match event:
        case ev.OnboardingStarted():
            return (
                f"The onboarding was started on {event.network}, chain {event.chain_id}, "
                f"with version {event.version}."
            )
        case ev.DetailsRecorded():
            return (
                f"The machine's details were given: documentation {event.documentation_url}, "
                f"data API {event.data_api}, visibility {event.data_visibility}."
            )
        case ev.EnvironmentPassed():
            return (
                f"The checks passed. The bond was {format_peaq(event.bond_wei)} {token} "
                f"at block {event.height}."
            )
        case ev.KeypairStored():
            return (
                f"{_KEY.get(event.way, event.way)} It is stored, encrypted ({event.kdf}). "
                f"Its address is {event.address}."
            )
        case ev.KeypairBackedUp():
            return _BACKUP.get(event.way, event.way)
        case ev.KeyWrittenToEnv():
            return f"On request, the key was written unencrypted into {event.path}."
        case ev.EnrolmentRequested():
            return "The Gas Station was asked for an entry for the authenticator."
        case ev.EnrolmentIssued():
            return "It gave one. Its secret is recorded nowhere."
        case ev.EnrolmentShown():
            return "The technician said that the entry is in the authenticator."
        case ev.EnrolmentConfirmed(code="2FA_ALREADY_CONFIGURED"):
            return "This owner has had a confirmed authenticator before; it is used."
        case ev.EnrolmentConfirmed():
            return f"A code was accepted: 2FA is confirmed ({event.code})."
        case ev.EnrolmentLost(code="2FA_NOT_ACTIVE"):
            return f"The Gas Station knows the entry, but not as confirmed ({event.code})."
        case ev.EnrolmentLost():
            return f"The Gas Station did not know the entry; a new one is needed ({event.code})."
        case ev.StepFailed():
            return _failure(event)
        case _:
            return _funding_in_words(event, token)


_KEY = {
    "generated": "A new key was made.",
    "imported": "A key was imported.",
    "environment": "The key of PEAQOS_PRIVATE_KEY was taken.",
    "kept": "The keystore that was there was opened.",
}


_BACKUP = {
    "copied": "The technician said that the keystore is copied to another place.",
    "revealed": "The key was shown, and the technician said that it is written down.",
    "none": "The technician chose to go on without a backup.",
}


_WAYS = {
    "gas-station": "by the Gas Station",
    "owner": "from the owner's wallet",
    "manual": "by hand",
    "already": "it held enough before anything was asked for",
}


_SUBJECTS = {
    "funding": "The payment from the owner's wallet",
    "register": "The registration",
    "mint": "The minting of the Machine NFT",
    "did": "The writing of the DID",
    "single": "One transaction for registration, Machine NFT and DID",
    **activation.SUBJECTS,
}


def _failure(event: ev.StepFailed) -> str:
    try:
        problem = Problem(event.code, event.params)
        said = f"{problem.title} ({event.code}). {problem.cause}"
    except KeyError:  # a code of another version speaks for itself
        said = f"{event.code}."
    until = f" Again from {parse_stamp(event.until):{_TIME}} UTC on." if event.until else ""
    return f"It did not work: {said}{until}"


def _funding_in_words(event: ev.Event, token: str) -> str:
    match event:
        case ev.NeedMeasured():
            return (
                f"It was measured what is needed: bond {format_peaq(event.bond_wei)}, "
                f"fees {format_peaq(event.gas_wei, up=True)} ({event.basis}), "
                f"head room {format_peaq(event.head_room_wei)} {token}. "
                f"The wallet held {format_peaq(event.held_wei)} at block {event.block}."
            )
        case ev.FundingWayChosen():
            return f"Way of funding: {_WAYS.get(event.way, event.way)}."
        case ev.FundingRequested():
            return (
                f"The Gas Station is about to be asked, as request {event.request_id}. "
                f"The wallet held {format_peaq(event.held_wei)} {token}."
            )
        case ev.FundingAnswered(code="SUCCESS"):
            paid = (
                f"{format_peaq(event.amount_wei)} {token}"
                if event.amount_wei
                else "an unstated amount"
            )
            where = f", in {event.transaction_hash}" if event.transaction_hash else ""
            return f"The Gas Station paid {paid}{where}."
        case ev.FundingAnswered(code="REQUEST_ALREADY_PROCESSED"):
            return (
                "The Gas Station had settled the request before (REQUEST_ALREADY_PROCESSED). "
                "The balance shows what it paid."
            )
        case ev.FundingAnswered():
            return f"The Gas Station settled the request without a new payment ({event.code})."
        case ev.BalanceChanged():
            return f"The wallet held {format_peaq(event.held_wei)} {token} at block {event.block}."
        case ev.FundingReopened():
            return (
                f"More was needed after all: {format_peaq(event.needed_wei, up=True)} {token}; "
                f"the wallet held {format_peaq(event.held_wei)}."
            )
        case ev.WalletFunded():
            return (
                f"The wallet is funded ({_WAYS.get(event.way, event.way)}): it held "
                f"{format_peaq(event.held_wei)} {token} at block {event.block}."
            )
        case _:
            return _chain_in_words(event, token)


def _chain_in_words(event: ev.Event, token: str) -> str:
    match event:
        case ev.TransactionSigned():
            value = f", with {format_peaq(event.value_wei)} {token}" if event.value_wei else ""
            return (
                f"{_SUBJECTS.get(event.purpose, event.purpose)} was signed and written down before "
                f"it was sent{value}. Its number is {event.nonce}, its hash {event.hash}"
            )
        case ev.TransactionBroadcast():
            return f"It was handed to the network, which said: {clean(event.answer)}."
        case ev.TransactionIncluded():
            fee = f"The fee was {format_peaq(event.fee_wei, up=True)} {token}."
            how = "came into" if event.succeeded else "failed in"
            return f"It {how} block {event.block}. {fee}"
        case ev.TransactionReorganised():
            return "The network took its block back. The same bytes are sent again, nothing else."
        case ev.TransactionDisplaced():
            return (
                f"Another program used this key: number {event.nonce} went to its transaction. "
                "Ours was not executed."
            )
        case ev.TransactionFinal():
            return f"Block {event.block} is final: it cannot be taken back any more."
        case ev.MachineRegistered(way="found"):
            return (
                f"The network knew this owner already, as machine {event.machine_id} "
                f"(seen at block {event.block}). No bond was paid now."
            )
        case ev.MachineRegistered():
            return f"The machine got the number {event.machine_id}, in block {event.block}."
        case ev.NftMinted():
            found = ", which was there already" if event.way == "found" else ""
            return f"The machine has the Machine NFT {event.token_id}{found}."
        case ev.DidWritten():
            return f"The six attributes were read back as they should be, at block {event.block}."
        case ev.OnboardingFinished():
            return f"All is done and final. Rating: {event.mcr or 'not indexed yet'}."
        case _:
            return f"{type(event).__name__}."
