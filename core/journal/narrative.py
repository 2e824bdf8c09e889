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
    """Return the name of the currency of the journal's network."""
    name = state.started.network if state.started else ""
    return NETWORKS.get(name, MAINNET).token


def with_steps(records: list[Record]) -> list[tuple[Record, Step | None]]:
    """Return each record with its step."""
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
    """Return one or two sentences for one record; `token` is the name of the network's currency."""
    said = activation.activation_in_words(event, token)
    if said is not None:
        return said
    match event:
        case ev.OnboardingStarted():
            return (
                f"Started the onboarding on {event.network} (chain {event.chain_id}) "
                f"with version {event.version}."
            )
        case ev.DetailsRecorded():
            return (
                f"Details of the machine: documentation {event.documentation_url}, "
                f"data API {event.data_api}, visibility {event.data_visibility}."
            )
        case ev.EnvironmentPassed():
            return (
                f"All required checks passed. Bond: {format_peaq(event.bond_wei)} {token} "
                f"at block {event.height}."
            )
        case ev.KeypairStored():
            return (
                f"{_KEY.get(event.way, event.way)} Saved the encrypted keystore ({event.kdf}). "
                f"Address: {event.address}."
            )
        case ev.KeypairBackedUp():
            return _BACKUP.get(event.way, event.way)
        case ev.KeyWrittenToEnv():
            return f"Wrote the private key, unencrypted, to {event.path} at your request."
        case ev.EnrolmentRequested():
            return "Requested a 2FA entry from the Gas Station."
        case ev.EnrolmentIssued():
            return "Received the 2FA entry. Its secret is not recorded."
        case ev.EnrolmentShown():
            return "You confirmed that the authenticator app has the entry."
        case ev.EnrolmentConfirmed(code="2FA_ALREADY_CONFIGURED"):
            return "This owner already has a confirmed authenticator. Using it."
        case ev.EnrolmentConfirmed():
            return f"The Gas Station accepted a code. 2FA is confirmed ({event.code})."
        case ev.EnrolmentLost(code="2FA_NOT_ACTIVE"):
            return f"The Gas Station has the entry, but it is not confirmed ({event.code})."
        case ev.EnrolmentLost():
            return f"The Gas Station does not have the entry. A new one is required ({event.code})."
        case ev.StepFailed():
            return _failure(event)
        case _:
            return _funding_in_words(event, token)


_KEY = {
    "generated": "Created a new private key.",
    "imported": "Imported a private key.",
    "environment": "Used the private key in PEAQOS_PRIVATE_KEY.",
    "kept": "Opened the existing keystore.",
}


_BACKUP = {
    "copied": "You confirmed that you copied the keystore.",
    "revealed": "You confirmed that you wrote down the private key.",
    "none": "You chose to continue without a backup.",
}


_WAYS = {
    "gas-station": "by the Gas Station",
    "owner": "from the owner's wallet",
    "manual": "by manual transfer",
    "already": "not needed: the balance was sufficient",
}


_SUBJECTS = {
    "funding": "the transfer from the owner's wallet",
    "register": "the registration",
    "mint": "the Machine NFT mint",
    "did": "the DID update",
    "single": "the combined transaction (registration, Machine NFT and DID)",
    **activation.SUBJECTS,
}


def _failure(event: ev.StepFailed) -> str:
    try:
        problem = Problem(event.code, event.params)
        said = f"{problem.title} ({event.code}). {problem.cause}"
    except KeyError:  # a code from another version is shown as it is
        said = f"{event.code}."
    until = f" Retry possible at {parse_stamp(event.until):{_TIME}} UTC." if event.until else ""
    return f"Error: {said}{until}"


def _funding_in_words(event: ev.Event, token: str) -> str:
    match event:
        case ev.NeedMeasured():
            return (
                f"Required: bond {format_peaq(event.bond_wei)}, "
                f"fees {format_peaq(event.gas_wei, up=True)} ({event.basis}), "
                f"safety margin {format_peaq(event.head_room_wei)} {token}. "
                f"Balance {format_peaq(event.held_wei)} at block {event.block}."
            )
        case ev.FundingWayChosen():
            return f"Funding method: {_WAYS.get(event.way, event.way)}."
        case ev.FundingRequested():
            return (
                f"Requesting funds from the Gas Station with request id {event.request_id}. "
                f"Balance: {format_peaq(event.held_wei)} {token}."
            )
        case ev.FundingAnswered(code="SUCCESS"):
            paid = (
                f"{format_peaq(event.amount_wei)} {token}"
                if event.amount_wei
                else "an unknown amount"
            )
            where = f" in transaction {event.transaction_hash}" if event.transaction_hash else ""
            return f"The Gas Station paid {paid}{where}."
        case ev.FundingAnswered(code="REQUEST_ALREADY_PROCESSED"):
            return (
                "The Gas Station had already processed this request (REQUEST_ALREADY_PROCESSED). "
                "The balance shows the amount it paid."
            )
        case ev.FundingAnswered():
            return f"The Gas Station closed the request without a new payment ({event.code})."
        case ev.BalanceChanged():
            return f"Balance {format_peaq(event.held_wei)} {token} at block {event.block}."
        case ev.FundingReopened():
            return (
                f"The required amount rose to {format_peaq(event.needed_wei, up=True)} {token}. "
                f"Balance: {format_peaq(event.held_wei)}."
            )
        case ev.WalletFunded():
            return (
                f"The wallet is funded ({_WAYS.get(event.way, event.way)}). Balance "
                f"{format_peaq(event.held_wei)} {token} at block {event.block}."
            )
        case _:
            return _chain_in_words(event, token)


def _chain_in_words(event: ev.Event, token: str) -> str:
    match event:
        case ev.TransactionSigned():
            value = f"{format_peaq(event.value_wei)} {token}, " if event.value_wei else ""
            return (
                f"Signed {_SUBJECTS.get(event.purpose, event.purpose)} "
                f"({value}nonce {event.nonce}). "
                f"Saved before sending. Hash: {event.hash}"
            )
        case ev.TransactionBroadcast():
            return f"Broadcast. The RPC endpoint answered: {clean(event.answer)}."
        case ev.TransactionIncluded():
            fee = f"Fee {format_peaq(event.fee_wei, up=True)} {token}."
            how = "Included" if event.succeeded else "Reverted"
            return f"{how} in block {event.block}. {fee}"
        case ev.TransactionReorganised():
            return "A reorganization removed its block. Sending the same signed transaction again."
        case ev.TransactionDisplaced():
            return (
                f"Another transaction of this wallet used nonce {event.nonce}. "
                "The wizard's transaction was not executed."
            )
        case ev.TransactionFinal():
            return f"Finalized in block {event.block}."
        case ev.MachineRegistered(way="found"):
            return (
                f"This owner is already registered as machine {event.machine_id} "
                f"(read at block {event.block}). No bond was paid."
            )
        case ev.MachineRegistered():
            return f"Registered: machine {event.machine_id}, block {event.block}."
        case ev.NftMinted():
            found = " (it already existed)" if event.way == "found" else ""
            return f"Machine NFT {event.token_id}{found}."
        case ev.DidWritten():
            return f"Verified all six DID attributes at block {event.block}."
        case ev.OnboardingFinished():
            return (
                "Onboarding finished. All transactions are finalized. "
                f"Machine credit rating: {event.mcr or 'not indexed yet'}."
            )
        case _:
            return f"{type(event).__name__}."
