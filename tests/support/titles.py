"""What each screen is headed, taken from the screens, so that tests hold no wording."""

from __future__ import annotations

from screens.backup import BackupScreen
from screens.confirmation import ConfirmationScreen
from screens.enrolment import EnrolmentScreen
from screens.environment import EnvironmentScreen
from screens.funding import FundingScreen
from screens.keypair import KeypairScreen
from screens.machine_nft import MachineNftScreen
from screens.registration import RegistrationScreen

ENVIRONMENT = EnvironmentScreen.title_text
KEYPAIR = KeypairScreen.title_text
BACKUP = BackupScreen.title_text
CONFIRMATION = ConfirmationScreen.title_text
MACHINE_NFT = MachineNftScreen.title_text
ENROLMENT = EnrolmentScreen.title_text
FUNDING = FundingScreen.title_text
REGISTRATION = RegistrationScreen.title_text
