"""The seven steps as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class StepStatus(str, Enum):
    TODO = "todo"
    CURRENT = "current"
    WAITING = "waiting"
    FAILED = "failed"
    SKIPPED = "skipped"
    DONE = "done"


class Step(Enum):
    """The steps. Core, screens and tests use the same nouns; the value is the step's number."""

    ENVIRONMENT = 1
    KEYPAIR = 2
    ENROLMENT = 3
    CONFIRMATION = 4
    FUNDING = 5
    REGISTRATION = 6
    MACHINE_NFT = 7

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")

    @property
    def info(self) -> StepInfo:
        return STEPS[self]


@dataclass(frozen=True)
class StepInfo:
    title: str
    short: str
    """Fits a list of seven at 80 columns."""
    purpose: str
    skipped_when: str = ""
    in_activation: str = ""
    """The purpose under activation, if it is another one."""

    def purpose_under(self, protocol: str) -> str:
        """Return the purpose under `guide` or `activation`."""
        return (self.in_activation if protocol == "activation" else "") or self.purpose


STEPS: dict[Step, StepInfo] = {
    Step.ENVIRONMENT: StepInfo(
        "Environment",
        "Environment",
        "Checks this machine and every service before any money moves.",
    ),
    Step.KEYPAIR: StepInfo(
        "Keypair",
        "Keypair",
        "Creates the machine's private key and stores it encrypted on this machine.",
    ),
    Step.ENROLMENT: StepInfo(
        "Set up 2FA",
        "2FA",
        "Links an authenticator app. The Gas Station requires its codes before it pays.",
        "the balance is sufficient, or you fund the wallet without the Gas Station",
    ),
    Step.CONFIRMATION: StepInfo(
        "Confirm 2FA",
        "Code",
        "Confirms that the authenticator app shows the right codes.",
        "the balance is sufficient, or you fund the wallet without the Gas Station",
    ),
    Step.FUNDING: StepInfo(
        "Fund",
        "Fund",
        "Funds the machine's wallet with the bond and the network fees.",
        "the balance is sufficient",
    ),
    Step.REGISTRATION: StepInfo(
        "Register",
        "Register",
        "Pays the bond and registers the machine.",
        "the machine is already registered",
        "Describes the machine, pays the bond of its tier and activates it.",
    ),
    Step.MACHINE_NFT: StepInfo(
        "Machine NFT and DID",
        "NFT & DID",
        "Mints the Machine NFT and writes the public DID attributes.",
        in_activation="Reads the machine back from the network, DID included. Signs nothing.",
    ),
}


def find_step(text: str) -> Step:
    """Return the step with this number, slug or title. Raises ValueError with all of them."""
    wanted = text.strip().lower()
    for step in Step:
        if wanted in {str(step.value), step.slug, step.info.title.lower(), step.info.short.lower()}:
            return step
    names = ", ".join(f"{step.value} {step.slug}" for step in Step)
    raise ValueError(f"There is no step {text!r}. The steps are: {names}.")
