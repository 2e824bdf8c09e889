"""Map the next action to its screen; each screen is imported when it is due.

So the first screen does not wait for imports that only later ones need.
"""

from __future__ import annotations

from core.journal.next_action import Action
from core.step import Step
from screens.base import StepScreen


def screen_for(action: Action, protocol: str = "guide") -> type[StepScreen]:
    match action:
        case Action.CHECK_ENVIRONMENT:
            from screens.environment import EnvironmentScreen

            return EnvironmentScreen
        case Action.CREATE_KEYPAIR:
            from screens.keypair import KeypairScreen

            return KeypairScreen
        case Action.BACK_UP_KEYPAIR:
            from screens.backup import BackupScreen

            return BackupScreen
        case Action.MEASURE_NEED:
            from screens.backup import MeasureScreen

            return MeasureScreen
        case Action.ENROL:
            from screens.enrolment import EnrolmentScreen

            return EnrolmentScreen
        case Action.CONFIRM:
            from screens.confirmation import ConfirmationScreen

            return ConfirmationScreen
        case Action.CHOOSE_TIER:
            from screens.tier import TierScreen

            return TierScreen
        case Action.FUND:
            from screens.funding import FundingScreen

            return FundingScreen
        case Action.DESCRIBE:
            from screens.identity import IdentityScreen

            return IdentityScreen
        case Action.ACTIVATE:
            from screens.activation import ActivationScreen

            return ActivationScreen
        case Action.REGISTER:
            from screens.registration import RegistrationScreen

            return RegistrationScreen
        case Action.READ_BACK | Action.FINISH if protocol == "activation":
            from screens.read_back import ReadBackScreen

            return ReadBackScreen
        case Action.MINT | Action.WRITE_DID | Action.READ_BACK | Action.FINISH:
            from screens.machine_nft import MachineNftScreen

            return MachineNftScreen
        case Action.NOTHING:
            from screens.receipt import ReceiptScreen

            return ReceiptScreen


def screen_before(screen: StepScreen) -> type[StepScreen] | None:
    """Return the screen to which Escape leads; None after an irreversible action."""
    match screen.step:
        case Step.KEYPAIR if isinstance(screen, screen_for(Action.CREATE_KEYPAIR)):
            return screen_for(Action.CHECK_ENVIRONMENT)
        case Step.CONFIRMATION:
            return screen_for(Action.ENROL)
        case Step.REGISTRATION if screen.can_go_back:
            return screen_for(Action.DESCRIBE)
        case _:
            return None
