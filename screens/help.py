"""F1: the step and its words, for someone who has never heard of a blockchain."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from core.steps import Step
from screens.widgets.line import Line

WORDS = {
    "peaq": "A public network on which machines have an identity of their own.",
    "key": "A long secret number. Who has it, is the machine. It is kept encrypted, "
    "and the passphrase opens it.",
    "address": "The public name that follows from the key (0x and 40 signs). "
    "Money is sent to it; showing it is harmless.",
    "PEAQ": "The network's money. 1 PEAQ is the bond; small parts of one pay for the work.",
    "bond": "A deposit of 1 PEAQ that is held while the machine is registered. "
    "It is paid once, by the registration.",
    "gas": "The small fee that the network takes for each thing it writes down.",
    "Gas Station": "A service that pays bond and gas for new machines, and asks for a code.",
    "2FA": "An app on your phone shows a new six-digit code every 30 seconds. "
    "The code proves that you are the one who asks.",
    "block": "The network writes things down in blocks, one every few seconds.",
    "final": "A block that can no longer be taken back.",
    "Identity NFT": "The registration itself. It stays with the machine's key for good.",
    "Machine NFT": "A token that stands for the machine and can be used in other programs.",
    "DID": "The machine's public description: its number, where its documentation is, "
    "where its data is, and who may see the data.",
    "MCR": "A service that rates machines. A new machine is rated Provisioned.",
}

OF_STEP: dict[Step, tuple[str, tuple[str, ...]]] = {
    Step.ENVIRONMENT: (
        "Three things about the machine are asked now, so that nothing is found wrong after money "
        "has moved. Then everything that is needed later is checked. Green is fine, amber can "
        "wait, red has to be mended first; it says how.",
        ("peaq", "bond", "Gas Station", "MCR"),
    ),
    Step.KEYPAIR: (
        "The machine gets a key. It is stored on this machine, locked with a passphrase that you "
        "choose. Without file and passphrase nobody can use the machine's money: keep a copy of "
        "both, in two places.",
        ("key", "address"),
    ),
    Step.ENROLMENT: (
        "Open an authenticator app on your phone (any will do), choose to add an entry, and point "
        "the camera at the square. Instead you can type the secret by hand. Make the window "
        "larger or the font smaller if the camera does not catch it; F6 swaps dark and light.",
        ("2FA", "Gas Station"),
    ),
    Step.CONFIRMATION: (
        "Type the six digits that the app shows for this machine. They are checked here before "
        "they are sent, so that a slip costs no attempt.",
        ("2FA",),
    ),
    Step.FUNDING: (
        "The machine's wallet needs the bond and some gas. The Gas Station pays it for a fresh "
        "code. Or send it yourself to the address shown; the screen notices when it arrives.",
        ("bond", "gas", "PEAQ", "Gas Station", "address"),
    ),
    Step.REGISTRATION: (
        "One transaction pays the bond and gives the machine its number. It is written down here "
        "before it is sent, so it is never paid twice, even if the power fails.",
        ("bond", "gas", "Identity NFT", "block", "final"),
    ),
    Step.MACHINE_NFT: (
        "Two transactions finish it: the Machine NFT, and the public description, which is read "
        "back from the network line by line.",
        ("Machine NFT", "DID", "gas", "MCR"),
    ),
}

ANYTIME = (
    "At any time: ctrl+q leaves, and the same command goes on where you were. "
    "Nothing that is done is lost, and nothing is paid twice."
)


class HelpScreen(ModalScreen[None]):
    BINDINGS = [
        Binding("escape,f1,enter,q", "close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,space", "scroll(1)", show=False),
    ]

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step

    def compose(self) -> ComposeResult:
        text, words = OF_STEP[self._step]
        with VerticalScroll(id="help", can_focus=True):
            yield Line(f"{self._step.value} {self._step.info.title}", id="title")
            yield Line(text)
            yield Line("")
            for word in words:
                yield Line(f"{word}: {WORDS[word]}")
            yield Line("")
            yield Line(ANYTIME)
            yield Line("")
            yield Line("Esc closes this.", classes="muted")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one("#help").scroll_relative(y=by, animate=False)
