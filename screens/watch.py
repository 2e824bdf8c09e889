"""What another session is doing, as its files tell it; from here it can be asked to make room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button

from core.networks import Network
from core.state import State, TxStatus, next_action, step_statuses
from core.steps import Step
from core.text import clean
from screens.help import HelpScreen
from screens.widgets.button import ActionButton
from screens.widgets.frame import HeaderLine, KeyLine, MoneyLine, Rail
from screens.widgets.line import Line

_LINES = 9
"""Records that 80x24 has room for."""
_WIDTH = 76


@dataclass(frozen=True)
class Watched:
    """One look at the files of the other session."""

    state: State
    holder: str
    """Who holds the folder, as text; empty where nobody does."""
    lines: tuple[str, ...] = ()
    """The records in plain words, oldest first."""
    trouble: str = ""
    """Why the journal cannot be read, where it cannot."""


class Stand(Enum):
    """How things stand between this session and the other one."""

    WATCHING = auto()
    ASKED = auto()
    AGREED = auto()
    REFUSED = auto()
    UNANSWERED = auto()
    TAKEN = auto()
    """Somebody else is asking already."""
    UNWRITABLE = auto()
    """The question could not be written down."""
    FREE = auto()


_TITLES = {Stand.FREE: "The other session has ended"}
_NOTES = {
    Stand.WATCHING: "You are watching. Nothing is changed from here.",
    Stand.ASKED: "It was asked there, and has a minute to answer. You go on watching meanwhile.",
    Stand.AGREED: "It was agreed there. What is under way is recorded first.",
    Stand.REFUSED: "It was refused there. You can go on watching, or ask again later.",
    Stand.UNANSWERED: "Nobody has answered there. You can go on watching, or ask again.",
    Stand.TAKEN: "Somebody else is asking there just now. Ask again in a minute.",
    Stand.UNWRITABLE: "The question could not be written: the disk is full, or the folder damaged.",
    Stand.FREE: "Nobody is at work on this machine now. Enter goes on here, where it stopped.",
}
_PRIMARY = {
    Stand.ASKED: "Do not ask any more",
    Stand.AGREED: "Please wait",
    Stand.FREE: "Go on here",
}


class WatchScreen(Screen[None]):
    """Everything on it is still until something happens over there."""

    BINDINGS = [
        Binding("escape", "back", show=False),
        Binding("f1,question_mark", "explain", show=False),
        Binding("enter", "primary", show=False),
    ]

    class Asked(Message):
        """The other session is to be asked for the machine."""

    class Withdrawn(Message):
        """It is not to be asked any more."""

    class GoOn(Message):
        """Nobody holds the folder: the wizard is to go on here."""

    def __init__(self, network: Network, watched: Watched, now: datetime) -> None:
        super().__init__()
        self._network = network
        self._watched = watched
        self._now = now
        self._stand = Stand.WATCHING

    def compose(self) -> ComposeResult:
        yield HeaderLine(id="header")
        yield Rail(id="rail")
        with VerticalScroll(id="body", can_focus=False):
            yield Line("", id="title")
            yield Line("", id="holder")
            yield Line("", id="note")
            yield Line("", id="records")
            yield ActionButton("", id="primary")
        yield MoneyLine(id="money")
        yield Line("", id="wait")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.show(self._watched, self._stand, self._now)
        self.query_one("#primary").focus()

    def on_resize(self) -> None:
        self.show(self._watched, self._stand, self._now)

    def show(self, watched: Watched, stand: Stand, now: datetime) -> None:
        """Writes to the terminal only what is different."""
        self._watched, self._stand, self._now = watched, stand, now
        if not (self.is_attached and self.query("#keys")):
            return
        state = watched.state
        title = _TITLES.get(stand, "Another session is at work on this machine")
        if stand is Stand.FREE and state.finished:
            title = "The machine is onboarded; the other session has ended"
        self.query_one(HeaderLine).show(self._network, state.address)
        self.query_one(Rail).show(step_statuses(state, now))
        self.query_one(MoneyLine).show(state, self._network.token)
        self.query_one("#title", Line).say(title)
        self.query_one("#holder", Line).say(watched.holder)
        self.query_one("#note", Line).say(watched.trouble or _NOTES[stand])
        recent = [Content.styled(clean(line, _WIDTH), "$quiet") for line in watched.lines[-_LINES:]]
        self.query_one("#records", Line).say(Content("\n").join([Content(""), *recent]))
        self.query_one("#wait", Line).say(_waiting_for(state, now), layout=False)
        button = self.query_one("#primary", Button)
        label = _PRIMARY.get(stand, "Ask to take over")
        if str(button.label) != label:
            button.label = label
            button.refresh(layout=True)
        enter = ("Enter", label.lower())
        self.query_one(KeyLine).show([enter, ("F1", "help"), ("ctrl+q", "leave")])

    @on(Button.Pressed)
    def action_primary(self) -> None:
        if self._stand is Stand.FREE:
            self.post_message(self.GoOn())
        elif self._stand is Stand.ASKED:
            self.post_message(self.Withdrawn())
        elif self._stand is not Stand.AGREED:
            self.post_message(self.Asked())

    def action_back(self) -> None:
        if self._stand is Stand.ASKED:
            self.post_message(self.Withdrawn())

    def action_explain(self) -> None:
        self.app.push_screen(HelpScreen(next_action(self._watched.state).step or Step.MACHINE_NFT))


def _waiting_for(state: State, now: datetime) -> str:
    """What the records say is waited for; as a time of day, which does not have to be redrawn."""
    failure = state.failure
    if failure and failure.problem.remaining(now).total_seconds() > 0:
        until = failure.problem.until
        return f"{failure.problem.title}: again from {until:%H:%M:%S} UTC on"
    for tx in state.open_transactions:
        sent = "signed" if tx.status is TxStatus.SIGNED else "sent"
        return f"The transaction {tx.purpose!r} was {sent} at {tx.signed_at:%H:%M:%S} UTC"
    action = next_action(state)
    return f"Next: {action.value}" if action.step else ""
