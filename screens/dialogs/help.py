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
from screens.widgets.frame import keys_text, numbered
from screens.widgets.line import Line

WORDS = {
    "peaq": "A public blockchain on which machines have an identity.",
    "key": (
        "A secret number. Anyone who has it can act as the machine and spend its money. The "
        "wizard stores it encrypted with your passphrase."
    ),
    "address": (
        "The public name of a wallet: 0x and 40 characters. People send money to it. It "
        "is safe to share."
    ),
    "wallet": "The money at one address. Only the key of that address can spend it.",
    "PEAQ": "The network's currency. The bond is 1 PEAQ. Fees cost a tiny fraction of that.",
    "bond": (
        "A deposit of 1 PEAQ, locked in the staking contract. You pay it once, when you "
        "register the machine."
    ),
    "gas": "The small fee that the network charges for each transaction.",
    "Gas Station": "A peaq service that pays bond and gas for new machines. It needs a 2FA code.",
    "2FA": (
        "Two-factor authentication: an app on your phone shows a new six-digit code every 30"
        " seconds. The code proves that you are the one asking."
    ),
    "transaction": (
        "An instruction to the network, signed with the private key. It takes effect"
        " once a block includes it."
    ),
    "block": "The network records transactions in blocks, one every few seconds.",
    "final": "A finalized block can no longer be undone.",
    "NFT": "A unique token on the network that belongs to one address.",
    "Identity NFT": (
        "The token that records the registration and the machine ID. It stays with the key."
    ),
    "Machine NFT": "The token that represents the machine in other programs.",
    "DID": (
        "The machine's public identity record: its machine ID, the URLs of its documentation"
        " and its data, and who may read the data."
    ),
    "tier": "Entry, Basic or Pro: the size of the bond and of each renewal.",
    "voucher": "A credit that the network gave this wallet. It pays a part of the bond.",
    "peaqID": "The machine's permanent name, computed from its type and its subject.",
    "subject": (
        "A value that makes the machine unique. The wizard proposes random bytes, which nobody can "
        "guess. The network shows it, so you cannot lose it."
    ),
    "manufacturer": "The address of the company that made the machine.",
    "controller": "The address that may change the machine's DID later. Usually its own.",
    "allowance": "Permission for a contract to take an exact amount from the wallet, once.",
    "renewal": "Pays the bond again for the next period. Without it, the machine ends.",
    "MCR": "Machine credit rating, from peaq. A new machine is rated Provisioned.",
}

OF_STEP: dict[Step, tuple[str, tuple[str, ...]]] = {
    Step.ENVIRONMENT: (
        (
            "Enter the machine's details. Meanwhile, the wizard checks your setup. A line with ! is"
            " a warning and can wait. A line with a cross must be fixed before you continue; it "
            "says how."
        ),
        ("peaq", "bond", "Gas Station", "DID", "MCR"),
    ),
    Step.KEYPAIR: (
        (
            "The wizard creates the machine's private key and stores it on this machine, encrypted "
            "with a passphrase that you choose. Without the keystore and the passphrase, nobody can"
            " ever use the machine's money. Back up both, in two places."
        ),
        ("key", "address", "wallet", "bond"),
    ),
    Step.ENROLMENT: (
        (
            "Open any authenticator app on your phone, add an entry, and scan the QR code. Or enter"
            " the secret by hand."
        ),
        ("2FA", "Gas Station"),
    ),
    Step.CONFIRMATION: (
        (
            "Enter the six digits that the app shows for this machine. The wizard checks them "
            "before it sends them, so a typo costs no attempt. After a restart, it cannot check "
            "them."
        ),
        ("2FA", "Gas Station"),
    ),
    Step.FUNDING: (
        (
            "The machine's wallet needs the bond and some gas. The Gas Station pays both if you "
            "enter a new code. Or send the amount yourself to the address shown; the wizard detects"
            " the payment."
        ),
        ("bond", "gas", "PEAQ", "wallet", "Gas Station"),
    ),
    Step.REGISTRATION: (
        (
            "One transaction pays the bond and registers the machine. The wizard saves it before it"
            " sends it, so the bond is never paid twice, even if the power fails."
        ),
        ("bond", "gas", "transaction", "block", "Identity NFT"),
    ),
    Step.MACHINE_NFT: (
        (
            "Two more transactions: one mints the Machine NFT, one writes the public DID "
            "attributes. The wizard then reads every attribute back from the network."
        ),
        ("NFT", "Machine NFT", "DID", "gas", "final", "MCR"),
    ),
}

IN_ACTIVATION: dict[Step, tuple[str, tuple[str, ...]]] = {
    Step.FUNDING: (
        (
            "Choose the tier, which decides how large the bond is. The machine's wallet needs that "
            "bond and some gas. The Gas Station pays both if you enter a new code. Or send the "
            "amount yourself to the address shown; the wizard detects the payment."
        ),
        ("tier", "voucher", "gas", "wallet", "Gas Station"),
    ),
    Step.REGISTRATION: (
        (
            "Describe the machine, then pay the bond and activate it. The wizard saves each "
            "transaction before it sends it, so the bond is never paid twice, even if the power "
            "fails."
        ),
        ("peaqID", "subject", "manufacturer", "controller", "allowance", "transaction"),
    ),
    Step.MACHINE_NFT: (
        (
            "The wizard reads the machine back from the network and compares it with what it sent. "
            "It signs nothing. Renew the machine before the date shown."
        ),
        ("renewal", "allowance", "DID", "final", "MCR"),
    ),
}
"""Replaces OF_STEP under activation."""


def about(step: Step, protocol: str) -> tuple[str, tuple[str, ...]]:
    """Return the explanation of a step, and the words to explain with it."""
    own = IN_ACTIVATION.get(step) if protocol == "activation" else None
    return own or OF_STEP[step]


KEYS_OF_STEP = {
    Step.ENROLMENT: (
        "If the camera cannot read it, press F4 to show it alone and larger, or F6 "
        "to swap dark and light."
    ),
    Step.CONFIRMATION: "Esc shows the QR code again, or requests a new one.",
}
"""What follows OF_STEP on the screen, and is not true in plain mode, which has no such keys."""

ANYTIME = "Ctrl+Q quits and prints the command to resume. Nothing is paid twice."


class HelpScreen(ModalScreen[None]):
    CSS_PATH = "../later.tcss"

    text = getters.query_one("#help", VerticalScroll)

    BINDINGS = [
        Binding("escape,f1,enter,q", "close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j,space", "scroll(1)", show=False),
    ]

    def __init__(
        self, step: Step, keys: Sequence[tuple[str, str]] = (), protocol: str = "guide"
    ) -> None:
        """`keys` are those of the screen below, also where its last row has no room for them."""
        super().__init__()
        self._step = step
        self._keys = keys
        self._protocol = protocol

    def compose(self) -> ComposeResult:
        text, words = about(self._step, self._protocol)
        with VerticalScroll(id="help", can_focus=True) as box:
            box.border_title = numbered(self._step)
            box.border_subtitle = "Esc closes this"
            yield Line(f"{text} {KEYS_OF_STEP.get(self._step, '')}".rstrip())
            yield Line("")
            for word in words:
                yield Line(
                    Content.assemble(Content.styled(word, "bold $accent"), f": {WORDS[word]}")
                )
            yield Line("")
            if self._keys:
                yield Line(keys_text(self._keys))
            yield Line(ANYTIME, classes="muted")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.text.scroll_relative(y=by, animate=False)
