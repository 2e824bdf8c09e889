"""state = fold(events): what each record changes. Pure; nothing else assigns state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce

from core.clock import parse_stamp
from core.config.networks import NETWORKS
from core.errors.catalogue import CATALOGUE
from core.errors.problem import Problem
from core.journal import activation_events as av
from core.journal import events as ev
from core.journal.activation_state import ActivationState, after
from core.journal.file import Record
from core.journal.heights import Heights
from core.journal.state import (
    Details,
    Failure,
    FundingRequirement,
    PendingPayment,
    State,
    Tx,
    TxStatus,
)
from core.step import Step


def fold(records: Iterable[Record]) -> State:
    return reduce(apply, records, State())


def apply(state: State, record: Record) -> State:
    """Return the state after one more record. Pure."""
    event, at = record.event, record.at
    changed = _activation(_changed(state, event, at), event)
    step = _SETTLES.get(type(event))
    # A backup is possible at any later step, and does not clear that step's failure or cooldown.
    again = isinstance(event, ev.KeypairBackedUp) and state.backup is not None
    if step and not again:
        changed = replace(changed, failure=None, since={**changed.since, step: at})
    elif isinstance(event, _OVERCOMES) and not _still_waits(event, changed.failure, at):
        changed = replace(changed, failure=None)
    block = getattr(event, "block", None) or getattr(event, "height", None)
    if isinstance(block, int):
        heights = changed.heights.after(block, at.timestamp())
        changed = replace(changed, heights=heights) if heights is not changed.heights else changed
    return changed


def _still_waits(event: ev.Event, failure: Failure | None, at: datetime) -> bool:
    """Return whether the failure's wait continues: another funding method does not end the Gas
    Station's cooldown.
    """
    return (
        isinstance(event, ev.FundingWayChosen)
        and failure is not None
        and failure.problem.remaining(at).total_seconds() > 0
    )


_SETTLES: dict[type[ev.Event], Step] = {
    ev.EnvironmentPassed: Step.ENVIRONMENT,
    ev.KeypairBackedUp: Step.KEYPAIR,
    ev.EnrolmentShown: Step.ENROLMENT,
    ev.EnrolmentConfirmed: Step.CONFIRMATION,
    ev.WalletFunded: Step.FUNDING,
    ev.MachineRegistered: Step.REGISTRATION,
    ev.DidWritten: Step.MACHINE_NFT,
    av.MachineActivated: Step.REGISTRATION,
    av.MachineReadBack: Step.MACHINE_NFT,
}
_OVERCOMES = (
    av.IdentityRecorded,
    av.QuoteAccepted,
    av.TierChosen,
    ev.KeypairStored,
    ev.FundingWayChosen,
    ev.EnrolmentIssued,
    ev.NftMinted,
    ev.TransactionIncluded,
    ev.OnboardingFinished,
)


def _changed(state: State, event: ev.Event, at: datetime) -> State:
    match event:
        case ev.OnboardingStarted():
            network = NETWORKS.get(event.network)
            heights = Heights(network.block_seconds) if network else Heights()
            activation = ActivationState() if isinstance(event, av.ActivationStarted) else None
            return replace(state, started=event, heights=heights, activation=activation)
        case ev.DetailsRecorded():
            details = Details(event.documentation_url, event.data_api, event.data_visibility)
            return replace(state, details=details)
        case ev.EnvironmentPassed():
            return replace(state, environment_passed=True, bond_quoted=event.bond_wei)
        case ev.KeypairStored():
            return replace(state, keypair=event)
        case ev.KeypairBackedUp():
            return replace(state, backup=event.way)
        case ev.NeedMeasured():
            need = FundingRequirement(
                event.bond_wei, event.gas_wei, event.head_room_wei, event.basis
            )
            return replace(state, need=need, held=event.held_wei)
        case ev.FundingWayChosen():
            return replace(state, way=event.way)
        case ev.MachineRegistered():
            return _registered(state, event)
        case ev.NftMinted():
            return replace(state, minted=event)
        case ev.DidWritten():
            return replace(state, did=event)
        case ev.OnboardingFinished():
            return replace(state, finished=event)
        case ev.StepFailed():
            return _failed(state, event, at)
        case _:
            return _enrolment(_funding(_transaction(state, event, at), event, at), event)


def _activation(state: State, event: ev.Event) -> State:
    """Apply a record of an activation; records of the guide's protocol change nothing here."""
    if state.activation is None:
        return state
    tx_hash = getattr(event, "hash", "")
    purpose = next((tx.purpose for tx in state.transactions if tx.hash == tx_hash), "")
    state = replace(state, activation=after(state.activation, event, purpose))
    match event:
        case av.TierChosen():
            need = FundingRequirement(event.net_wei, event.gas_wei, event.head_room_wei, "reserve")
            return replace(state, need=need, held=event.held_wei, funded=None)
        case av.MachineActivated(way="sent") | av.MachineRenewed() if state.held is not None:
            # The bond moves as a token, so it is not part of the transaction's value.
            return replace(state, held=max(state.held - event.paid_wei, 0))
        case _:
            return state


def _enrolment(state: State, event: ev.Event) -> State:
    match event:
        case ev.EnrolmentRequested():
            return replace(state, enrolment_requested=True)
        case ev.EnrolmentIssued():
            # A new secret: the authenticator's earlier entry shows other codes.
            return replace(state, enrolment_issued=True, enrolment_shown=False)
        case ev.EnrolmentShown():
            return replace(state, enrolment_shown=True)
        case ev.EnrolmentConfirmed():
            return replace(state, enrolment_shown=True, enrolment_confirmed=True, invalid_codes=0)
        case ev.EnrolmentLost(code="2FA_NOT_ACTIVE"):
            # The entry exists; only its confirmation is missing.
            return replace(state, enrolment_shown=True, enrolment_confirmed=False)
        case ev.EnrolmentLost():
            return replace(
                state, enrolment_issued=False, enrolment_shown=False, enrolment_confirmed=False
            )
        case _:
            return state


def _funding(state: State, event: ev.Event, at: datetime) -> State:
    match event:
        case ev.FundingRequested():
            return replace(state, open_request=event, last_request=event, held=event.held_wei)
        case ev.FundingAnswered():
            pending_payment = None
            if state.open_request and event.code != "SUFFICIENT_BALANCE":
                before = state.open_request.held_wei
                pending_payment = PendingPayment(
                    before, event.amount_wei, event.transaction_hash, at
                )
            answered = (*state.answered, event)
            return replace(
                state, open_request=None, answered=answered, pending_payment=pending_payment
            )
        case ev.BalanceChanged():
            return replace(state, held=event.held_wei)
        case ev.FundingReopened():
            need = FundingRequirement(0, event.needed_wei, 0)
            return replace(state, funded=None, need=need, held=event.held_wei)
        case ev.WalletFunded():
            # Keep the payment's data until some of it is spent: if a reorganization removes the
            # payment, the wizard waits for it and does not request another.
            return replace(state, funded=event, held=event.held_wei, invalid_codes=0)
        case _:
            return state


def _transaction(state: State, event: ev.Event, at: datetime) -> State:
    match event:
        case ev.TransactionSigned():
            tx = Tx(**vars(event), signed_at=at)
            return replace(state, transactions=(*state.transactions, tx))
        case ev.TransactionBroadcast():
            return _with_tx(state, event.hash, status=TxStatus.SENT)
        case ev.TransactionIncluded():
            status = TxStatus.INCLUDED if event.succeeded else TxStatus.REVERTED
            changed = _with_tx(
                state,
                event.hash,
                status=status,
                block=event.block,
                block_hash=event.block_hash,
                fee_wei=event.fee_wei,
            )
            return _with_rivals(_paid(changed, event), event.hash, TxStatus.REPLACED)
        case ev.TransactionReorganised():
            changed = _with_tx(
                state, event.hash, status=TxStatus.SENT, block=None, block_hash="", fee_wei=0
            )
            return _without_effect(_with_rivals(changed, event.hash, TxStatus.SENT), event.hash)
        case ev.TransactionDisplaced():
            changed = _with_tx(state, event.hash, status=TxStatus.DISPLACED)
            return _with_rivals(changed, event.hash, TxStatus.DISPLACED)
        case ev.TransactionFinal():
            return _with_tx(state, event.hash, status=TxStatus.FINAL)
        case _:
            return state


def _with_tx(state: State, tx_hash: str, **changes: object) -> State:
    return replace(
        state,
        transactions=tuple(
            replace(tx, **changes) if tx.hash == tx_hash else tx  # type: ignore[arg-type]
            for tx in state.transactions
        ),
    )


def _with_rivals(state: State, tx_hash: str, status: TxStatus) -> State:
    """Update the other transactions with the same nonce after this one changed."""
    subject = next((tx for tx in state.transactions if tx.hash == tx_hash), None)
    if subject is None:
        return state
    for rival in state.replacements(subject):
        if rival.hash != tx_hash:
            state = _with_tx(state, rival.hash, status=status)
    return state


def _paid(state: State, event: ev.TransactionIncluded) -> State:
    """Subtract what was spent from the displayed balance, without a new query. A requested payment
    must have arrived if it could be spent.
    """
    tx = next((tx for tx in state.transactions if tx.hash == event.hash), None)
    if tx is None or tx.sender != state.address or state.held is None:
        return state
    spent = event.fee_wei + (tx.value_wei if event.succeeded else 0)
    held = max(state.held - spent, 0)
    return replace(state, held=held, open_request=None, pending_payment=None)


def _registered(state: State, event: ev.MachineRegistered) -> State:
    """Add the bond of a single transaction, which is not part of that transaction's value."""
    inside = any(tx.purpose == "single" and tx.block is not None for tx in state.transactions)
    held = state.held
    if inside and held is not None:
        held = max(held - event.bond_wei, 0)
    return replace(state, registered=event, held=held)


def _without_effect(state: State, tx_hash: str) -> State:
    """Remove the effect of a reorganized transaction, which no longer exists (under that id)."""
    purposes = {tx.purpose for tx in state.transactions if tx.hash == tx_hash}
    if "single" in purposes:
        return replace(state, registered=None, minted=None, did=None)
    if "register" in purposes:
        state = replace(state, registered=None)
    if "mint" in purposes:
        state = replace(state, minted=None)
    if "did" in purposes:
        state = replace(state, did=None)
    return state


def _failed(state: State, event: ev.StepFailed, at: datetime) -> State:
    step = Step[event.step]
    # A journal of an older version may contain a code that this version lacks.
    code = event.code if event.code in CATALOGUE else "UNEXPECTED"
    problem = Problem(
        code=code,
        params=event.params,
        detail=event.detail,
        until=parse_stamp(event.until) if event.until else None,
        asked_at=at,
    )
    refused = code in ("INVALID_2FA", "CODE_EXPIRED")
    return replace(
        state,
        failure=Failure(step, problem, at),
        invalid_codes=state.invalid_codes + refused,
    )
