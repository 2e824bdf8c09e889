"""What is around every step: header, rail, money and wait line, keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from core.amounts import format_peaq
from core.config.networks import Network
from core.journal.event_store import Wait
from core.journal.state import State
from core.step import Step, StepStatus
from core.text import shorten
from screens.widgets.line import Line
from screens.widgets.marks import marks
from screens.widgets.side import step_mark

_WIDE = 76
"""Columns that the rail of seven takes."""
_MEASURE = 96
"""Columns: wider is no easier to read, and is left empty at both sides (style.tcss)."""
_MEASURE_WITH_SIDE = 140


def _room(line: Line) -> int:
    """Columns that a line of the frame has, without its padding."""
    with_side = line.screen.has_class("with-side")
    return max(min(line.app.size.width, _MEASURE_WITH_SIDE if with_side else _MEASURE) - 2, 0)


def numbered(step: Step, part: str = "") -> str:
    """`5 of 7: Fund`, and the part of the step if it has several."""
    return f"{step.value} of {len(Step)}: {step.info.title}{f', {part}' if part else ''}"


class HeaderLine(Line):
    """The program's name, the network (loud where it is real money), the machine."""

    def show(self, network: Network, address: str | None) -> None:
        self.set_class(network.real_money, "loud")
        if network.real_money:
            kind = Content(f"{network.name.upper()}: real money")
        elif network.name == "rehearsal":
            kind = Content.styled("rehearsal: no real money", "$accent")
        else:
            kind = Content.styled(f"{network.name}: test tokens", "$accent")
        right = Content.assemble(kind, "  ", shorten(address) if address else "no key yet")
        left = Content.styled("peaq onboarding", "bold")
        width = max(self.app.size.width - 2 if network.real_money else _room(self), 20)
        gap = max(width - left.cell_length - right.cell_length, 1)
        self.set_text(Content.assemble(left, " " * gap, right))


class Rail(Line):
    """The seven steps and how they stand."""

    def show(self, statuses: Mapping[Step, StepStatus]) -> None:
        if self.app.size.width < _WIDE:
            self.set_text(self._narrow(statuses))
            return
        parts: list[Content | str] = []
        for step, status in statuses.items():
            sign, style = step_mark(status)
            parts += [Content.styled(f"{sign} {step.info.short}", style), "  "]
        self.set_text(Content.assemble(*parts[:-1]))

    def _narrow(self, statuses: Mapping[Step, StepStatus]) -> str:
        for step, status in statuses.items():
            if status not in (StepStatus.DONE, StepStatus.SKIPPED):
                return f"Step {step.value} of {len(statuses)}: {step.info.title}"
        return "All steps are complete"


class MoneyLine(Line):
    """From the first measurement on: needed, held, bonded, spent on gas."""

    _amounts = ""
    _covered_by = ""

    def cover(self, text: str) -> None:
        """Show `text` instead of the amounts, until it is empty again."""
        if text != self._covered_by:
            self._covered_by = text
            self.set_text(text or self._amounts)

    def show(self, state: State, token: str) -> None:
        crowded = state.finished or self.screen.has_class("with-qr")
        room = not crowded or self.screen.has_class("roomy")
        self.display = state.need is not None and bool(room)
        if state.need is None:
            return
        earlier = state.registered is not None and state.registered.way == "found"
        amounts = [
            ("balance", format_peaq(state.held or 0)),
            ("bonded", "earlier" if earlier and not state.bonded else format_peaq(state.bonded)),
            ("fees", format_peaq(state.gas_spent, up=True)),
        ]
        if state.registered is None or state.funded is None:
            amounts.insert(0, ("required", format_peaq(state.need.total, up=True)))
        text = "  ".join(f"{name} {amount}" for name, amount in amounts)
        self._amounts = f"{text}  {token}"
        if not self._covered_by:
            self.set_text(self._amounts)


class WaitLine(Line):
    """What is waited for, since when, and how long it usually takes; empty at rest."""

    def show(self, wait: Wait | None, elapsed: float, frame: int) -> None:
        if wait is None:
            self.set_text("", layout=False)
            return
        usual = ""
        if wait.usual and wait.usual >= 1:
            late = is_late(wait, elapsed)
            usual = ", longer than usual" if late else f", usually {wait.usual:.0f} s"
        self.say(f"{wait.what}: {elapsed:.0f} s{usual}", frame)

    def say(self, text: str, frame: int) -> None:
        """Show `text` behind a sign that turns."""
        turn = marks().spinner[frame % len(marks().spinner)]
        self.set_text(Content.styled(f"{turn} {text}", "$warning"), layout=False)


def is_late(wait: Wait, elapsed: float) -> bool:
    """Whether the wait takes longer than it usually does. `elapsed` is in seconds."""
    return bool(wait.usual) and elapsed > (wait.usual or 0.0) + 1


class KeyLine(Line):
    """The keys that do something here, the next step first."""

    def show(self, keys: Sequence[tuple[str, str]]) -> None:
        """The first key and the last two are always there; of the others as many as fit."""
        shown, ends = list(keys[:-2]), keys[-2:]
        width = _room(self)
        while len(shown) > 1 and _width([*shown, *ends]) > width:
            shown.pop()
        self.set_text(keys_text((*shown, *ends)))


def keys_text(keys: Sequence[tuple[str, str]]) -> Content:
    parts = [Content.assemble(Content.styled(key, "bold"), f" {what}") for key, what in keys]
    return Content("  ").join(parts)


def _width(keys: Sequence[tuple[str, str]]) -> int:
    return sum(len(key) + len(what) + 3 for key, what in keys) - 2
