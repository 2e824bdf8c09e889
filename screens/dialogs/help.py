"""F1: the step and its words, for someone who has never heard of a blockchain."""

from __future__ import annotations

from collections.abc import Sequence

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from core.step import Step
from screens.widgets.frame import keys_text
from screens.widgets.line import Line

WORDS = {
    "peaq": "A public network, run by many computers, on which machines have an identity.",
    "key": "A long secret number. Whoever has it can act as the machine and spend its money. "
    "It is kept encrypted, and your passphrase opens it.",
    "address": "The public name that belongs to the key: 0x and 40 signs. "
    "Money is sent to it; showing it does no harm.",
    "wallet": "The money at one address. Only the key of that address can spend it.",
    "PEAQ": "The network's money. 1 PEAQ is the bond; small parts of one pay for gas.",
    "bond": "A deposit of 1 PEAQ that is held while the machine is registered. "
    "It is paid once, when the machine is registered.",
    "gas": "The small fee that the network takes for everything it writes down.",
    "Gas Station": "A service that pays bond and gas for new machines. It asks for a code first.",
    "2FA": "Proof by a second device: an app on your phone shows a new six-digit code every "
    "30 seconds, and the code shows that it is you who asks.",
    "transaction": "An order to the network, signed with the key. Once it is in a block, "
    "it is written down for good.",
    "block": "The network writes transactions down in blocks, one every few seconds.",
    "final": "Said of a block that can no longer be taken back.",
    "NFT": "An entry on the network that exists once and belongs to one address.",
    "Identity NFT": "The registration itself, with the machine's number. It stays with the key.",
    "Machine NFT": "The entry that stands for the machine in other programs.",
    "DID": "The machine's public description: its number, where its documentation and its data "
    "are, and who may see the data.",
    "MCR": "A service that rates machines. A new one is rated Provisioned.",
}

OF_STEP: dict[Step, tuple[str, tuple[str, ...]]] = {
    Step.ENVIRONMENT: (
        "Three things about the machine are asked now, so that nothing is found wrong after money "
        "has moved. Meanwhile everything that is needed later is checked. A line with ! can wait. "
        "A line with a cross has to be mended first; it says how.",
        ("peaq", "bond", "Gas Station", "DID", "MCR"),
    ),
    Step.KEYPAIR: (
        "The machine gets a key. It is stored on this machine, locked with a passphrase that you "
        "choose. Without the file and the passphrase nobody can ever use the machine's money: "
        "keep a copy of both, in two places.",
        ("key", "address", "wallet", "bond"),
    ),
    Step.ENROLMENT: (
        "Open an authenticator app on your phone (any will do), choose to add an entry, and point "
        "the camera at the square. Or type the secret by hand.",
        ("2FA", "Gas Station"),
    ),
    Step.CONFIRMATION: (
        "Type the six digits that the app shows for this machine. They are checked here before "
        "they are sent, so that a slip costs no attempt; only after a restart they cannot be.",
        ("2FA", "Gas Station"),
    ),
    Step.FUNDING: (
        "The machine's wallet needs the bond and some gas. The Gas Station pays both for a fresh "
        "code. Or send it yourself to the address shown; the wizard notices when it arrives.",
        ("bond", "gas", "PEAQ", "wallet", "Gas Station"),
    ),
    Step.REGISTRATION: (
        "One transaction pays the bond and gives the machine its number. It is written down here "
        "before it is sent, so it is never paid twice, even if the power fails.",
        ("bond", "gas", "transaction", "block", "Identity NFT"),
    ),
    Step.MACHINE_NFT: (
        "Two transactions finish it: one makes the Machine NFT, one writes the public "
        "description, which is then read back from the network, line by line.",
        ("NFT", "Machine NFT", "DID", "gas", "final", "MCR"),
    ),
}

KEYS_OF_STEP = {
    Step.ENROLMENT: "If the camera does not catch it: F4 shows it alone, larger where the window "
    "has room, and F6 swaps dark and light.",
    Step.CONFIRMATION: "Esc shows the square again, or makes a new one.",
}
"""What follows OF_STEP on the screen, and is not true in plain mode, which has no such keys."""

ANYTIME = (
    "At any time ctrl+q leaves, and says the command that goes on where you were. "
    "Nothing that is done is lost, and nothing is paid twice."
)


class HelpScreen(ModalScreen[None]):
    CSS_PATH = "../later.tcss"

    text = getters.query_one("#help", VerticalScroll)

    BINDINGS = [
        Binding("escape,f1,enter,q", "close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,space", "scroll(1)", show=False),
    ]

    def __init__(self, step: Step, keys: Sequence[tuple[str, str]] = ()) -> None:
        """`keys` are those of the screen below, also where its last row has no room for them."""
        super().__init__()
        self._step = step
        self._keys = keys

    def compose(self) -> ComposeResult:
        text, words = OF_STEP[self._step]
        with VerticalScroll(id="help", can_focus=True):
            yield Line(f"{self._step.value} {self._step.info.title}", id="title")
            yield Line(f"{text} {KEYS_OF_STEP.get(self._step, '')}".rstrip())
            yield Line("")
            for word in words:
                yield Line(Content.assemble(Content.styled(word, "bold"), f": {WORDS[word]}"))
            yield Line("")
            if self._keys:
                yield Line(keys_text(self._keys))
            yield Line(ANYTIME)
            yield Line("")
            yield Line("Esc closes this.", classes="muted")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.text.scroll_relative(y=by, animate=False)
