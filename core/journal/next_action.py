"""Derive the next action from the state."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from core.journal.activation_state import ActivationState
from core.journal.state import State
from core.step import Step, StepStatus


class Action(str, Enum):
    CHECK_ENVIRONMENT = "check the environment"
    CREATE_KEYPAIR = "create the keypair"
    BACK_UP_KEYPAIR = "back up the keypair"
    MEASURE_NEED = "measure what is needed"
    ENROL = "set up 2FA"
    CONFIRM = "confirm 2FA"
    FUND = "fund"
    REGISTER = "register"
    MINT = "mint the Machine NFT"
    WRITE_DID = "write the DID"
    CHOOSE_TIER = "choose the tier"
    DESCRIBE = "describe the machine"
    ACTIVATE = "activate"
    READ_BACK = "read back the machine"
    FINISH = "finish"
    NOTHING = "nothing"

    @property
    def step(self) -> Step | None:
        return _STEP_OF.get(self)


_STEP_OF = {
    Action.CHECK_ENVIRONMENT: Step.ENVIRONMENT,
    Action.CREATE_KEYPAIR: Step.KEYPAIR,
    Action.BACK_UP_KEYPAIR: Step.KEYPAIR,
    Action.MEASURE_NEED: Step.KEYPAIR,
    Action.ENROL: Step.ENROLMENT,
    Action.CONFIRM: Step.CONFIRMATION,
    Action.FUND: Step.FUNDING,
    Action.REGISTER: Step.REGISTRATION,
    Action.MINT: Step.MACHINE_NFT,
    Action.WRITE_DID: Step.MACHINE_NFT,
    Action.CHOOSE_TIER: Step.FUNDING,
    Action.DESCRIBE: Step.REGISTRATION,
    Action.ACTIVATE: Step.REGISTRATION,
    Action.READ_BACK: Step.MACHINE_NFT,
    Action.FINISH: Step.MACHINE_NFT,
}


def next_action(state: State) -> Action:
    """Return the next action, from the records alone."""
    if state.finished:
        return Action.NOTHING
    if not state.environment_passed or state.details is None:
        return Action.CHECK_ENVIRONMENT
    if state.keypair is None:
        return Action.CREATE_KEYPAIR
    if state.backup is None:
        return Action.BACK_UP_KEYPAIR
    if state.activation is not None:
        return _next_of_activation(state, state.activation)
    if state.registered is None and state.funded is None and state.need is None:
        return Action.MEASURE_NEED
    if state.funded is None and state.need is not None:
        if state.way == "gas-station" and not state.enrolment_confirmed:
            return Action.CONFIRM if state.enrolment_shown else Action.ENROL
        return Action.FUND
    if state.registered is None:
        return Action.REGISTER
    if state.minted is None:
        return Action.MINT
    if state.did is None:
        return Action.WRITE_DID
    return Action.FINISH


def _next_of_activation(state: State, activation: ActivationState) -> Action:
    """Return the next action of an activation once the key is safe. The screen that offers the
    tiers shows their prices; until the user chooses, the cheapest tier determines the requirement.
    """
    if activation.activated is None and state.funded is None:
        if state.need is None:
            return Action.MEASURE_NEED
        if state.way == "gas-station" and not state.enrolment_confirmed:
            return Action.CONFIRM if state.enrolment_shown else Action.ENROL
        return Action.CHOOSE_TIER if activation.tier is None else Action.FUND
    if activation.activated is None:
        if activation.tier is None:
            return Action.CHOOSE_TIER
        return Action.DESCRIBE if activation.identity is None else Action.ACTIVATE
    return Action.READ_BACK if activation.read_back is None else Action.FINISH


def step_statuses(state: State, now: datetime) -> dict[Step, StepStatus]:
    """Return the status of each step, for the list of steps."""
    action = next_action(state)
    current = action.step
    statuses: dict[Step, StepStatus] = {}
    for step in Step:
        if current is None or step.value < current.value:
            skipped = {
                Step.ENROLMENT: not state.enrolment_shown,
                Step.CONFIRMATION: not state.enrolment_confirmed,
                Step.FUNDING: state.funded is None or state.funded.way == "already",
            }.get(step, False)
            statuses[step] = StepStatus.SKIPPED if skipped else StepStatus.DONE
        elif step is current:
            statuses[step] = StepStatus.CURRENT
        else:
            statuses[step] = StepStatus.TODO
    failure = state.failure
    if failure and current and statuses.get(failure.step) is StepStatus.CURRENT:
        waits = failure.problem.remaining(now).total_seconds() > 0
        statuses[failure.step] = StepStatus.WAITING if waits else StepStatus.FAILED
    return statuses
