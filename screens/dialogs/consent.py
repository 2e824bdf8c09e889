"""Questions that stand above a step: yes or no, a word typed out, the passphrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from core.config.networks import Network
from core.errors.problem import Problem
from screens.widgets.button import ActionButton
from screens.widgets.inputs import Field, Row
from screens.widgets.line import Line

if TYPE_CHECKING:
    from textual.app import App

    from core.onboarding import Onboarding


class ConsentScreen(ModalScreen[bool]):
    """Shows `lines`; Enter agrees, Escape does not. With `word`, it has to be typed first.

    `loud` for what costs real money.
    """

    CSS_PATH = "../later.tcss"

    word = getters.query_one("#consent-word", Field)
    note = getters.query_one("#consent-note", Line)
    button = getters.query_one("#consent-yes", ActionButton)

    BINDINGS = [Binding("escape", "refuse", show=False), Binding("enter", "agree", show=False)]

    def __init__(
        self, title: str, lines: list[str], *, yes: str, word: str = "", loud: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._yes = yes
        self._word = word
        self._loud = loud

    def compose(self) -> ComposeResult:
        with Vertical(id="consent"):
            yield Line(self._title, id="title", classes="loud" if self._loud else "")
            for line in self._lines:
                yield Line(line)
            if self._word:
                yield Line("")
                yield Row(f'Type "{self._word}"', Field(id="consent-word"))
            yield Line("", id="consent-note")
            yield ActionButton(self._yes, id="consent-yes")
            agrees = "Type the word and press Enter to agree" if self._word else "Enter agrees"
            yield Line(f"{agrees}. Esc goes back.", classes="muted")

    def on_mount(self) -> None:
        (self.word if self._word else self.button).focus()

    @on(Button.Pressed)
    @on(Input.Submitted)
    def action_agree(self, event: Button.Pressed | Input.Submitted | None = None) -> None:
        if event is not None:
            event.stop()
        if self._word:
            typed = self.word.value.strip().lower()
            if typed != self._word:
                self.note.set_text(f'Type the word "{self._word}" and press Enter. Esc goes back.')
                return
        self.dismiss(True)

    def action_refuse(self) -> None:
        self.dismiss(False)


def agree_to_contracts(app: App[object], engine: Onboarding, then: Callable[[], None]) -> None:
    """Run `then`, after a typed word where foreign contracts need consent."""
    others = engine.contracts_to_accept
    if not others:
        then()
        return

    def answered(agreed: bool | None) -> None:
        if agreed:
            engine.accept_contracts()
            then()

    lines = [
        f"These contracts are not {engine.settings.network.title}'s own:",
        *(f"  {address} {variable}" for variable, address in others.items()),
        "Their operator controls what happens to the bond.",
    ]
    title, yes = "These are not the network's contracts", "Use these contracts"
    app.push_screen(ConsentScreen(title, lines, yes=yes, word="contracts", loud=True), answered)


def fee_question(problem: Problem, network: Network) -> ConsentScreen:
    """Asks to agree to the price that a FEE_TOO_HIGH names."""
    now, agreed = problem.params["now"], problem.params["agreed"]
    return ConsentScreen(
        "The fee is higher than before",
        [
            f"Maximum fee  {now} {network.token}   for all remaining transactions",
            f"Agreed       {agreed} {network.token}",
            f"on {network.title}. Or wait: the fee may drop.",
        ],
        yes="Accept the fee",
        loud=network.real_money,
    )
