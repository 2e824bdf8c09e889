"""What stands around every step: header, rail, money and wait line, keys."""

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

_WIDE = 76
"""Columns that the rail of seven takes."""
_MEASURE = 96
"""Columns: wider is no easier to read, and is left empty at both sides (style.tcss)."""


def _room(line: Line) -> int:
    """Columns that a line of the frame has, without its padding."""
    return max(min(line.app.size.width, _MEASURE) - 2, 0)


class HeaderLine(Line):
    """The program's name, the network (loud where it is real money), the machine."""

    def show(self, network: Network, address: str | None) -> None:
        if network.real_money:
            kind = Content.styled(f" {network.name}: real money ", "bold reverse $warning")
        elif network.name == "rehearsal":
            kind = Content.styled("rehearsal: no real money", "$accent")
        else:
            kind = Content.styled(f"{network.name}: test tokens", "$accent")
        right = Content.assemble(kind, "  ", shorten(address) if address else "no key yet")
        left = Content.styled("peaq onboarding", "bold")
        width = max(_room(self), 20)
        gap = max(width - left.cell_length - right.cell_length, 1)
        self.set_text(Content.assemble(left, " " * gap, right))


class Rail(Line):
    """The seven steps and how they stand."""

    def show(self, statuses: Mapping[Step, StepStatus]) -> None:
        signs = marks()
        sign_of = {
            StepStatus.DONE: (signs.done, "$success"),
            StepStatus.CURRENT: (signs.current, "bold $primary"),
            StepStatus.TODO: (signs.todo, "$quiet"),
            StepStatus.SKIPPED: (signs.skipped, "$quiet"),
            StepStatus.FAILED: (signs.failed, "bold $error"),
            StepStatus.WAITING: (signs.waiting, "bold $warning"),
        }
        if self.app.size.width < _WIDE:
            self.set_text(self._narrow(statuses))
            return
        parts: list[Content | str] = []
        for step, status in statuses.items():
            sign, style = sign_of[status]
            parts += [Content.styled(f"{sign} {step.info.short}", style), "  "]
        self.set_text(Content.assemble(*parts[:-1]))

    def _narrow(self, statuses: Mapping[Step, StepStatus]) -> str:
        for step, status in statuses.items():
            if status not in (StepStatus.DONE, StepStatus.SKIPPED):
                return f"Step {step.value} of {len(statuses)}: {step.info.title}"
        return "All steps are complete"


class MoneyLine(Line):
    """From the first measurement on: needed, held, bonded, spent on gas."""

    def show(self, state: State, token: str) -> None:
        self.display = state.need is not None
        if state.need is None:
            return
        earlier = state.registered is not None and state.registered.way == "found"
        amounts = [
            ("held", format_peaq(state.held or 0)),
            ("bonded", "earlier" if earlier and not state.bonded else format_peaq(state.bonded)),
            ("gas", format_peaq(state.gas_spent, up=True)),
        ]
        if state.registered is None or state.funded is None:
            amounts.insert(0, ("needed", format_peaq(state.need.total, up=True)))
        text = "  ".join(f"{name} {amount}" for name, amount in amounts)
        self.set_text(f"{text}  {token}")


class WaitLine(Line):
    """What is waited for, since when, how long it usually takes; else that all is on disk."""

    def show(self, wait: Wait | None, elapsed: float, frame: int) -> None:
        signs = marks()
        if wait is None:
            self.set_text(
                Content.styled(f"{signs.dot} all progress saved", "$success"), layout=False
            )
            return
        turn = signs.spinner[frame % len(signs.spinner)]
        usual = f", usually {wait.usual:.0f} s" if wait.usual and wait.usual >= 1 else ""
        text = Content.styled(f"{turn} {wait.what}: {elapsed:.0f} s{usual}", "$warning")
        if not wait.in_flight:
            # Nothing has left that is not answered yet: everything is on disk.
            text = Content.assemble(
                text, Content.styled(f"  {signs.dot} all progress saved", "$success")
            )
        self.set_text(text, layout=False)


class KeyLine(Line):
    """The keys that do something here, the next step first."""

    def show(self, keys: Sequence[tuple[str, str]]) -> None:
        """The first key and the last two are always there; of the others as many as fit."""
        first, *others = keys
        ends, others = others[-2:], others[:-2]
        width = _room(self)
        while others and _width([first, *others, *ends]) > width:
            others.pop()
        self.set_text(keys_text((first, *others, *ends)))


def keys_text(keys: Sequence[tuple[str, str]]) -> Content:
    parts = [Content.assemble(Content.styled(key, "bold"), f" {what}") for key, what in keys]
    return Content("  ").join(parts)


def _width(keys: Sequence[tuple[str, str]]) -> int:
    return sum(len(key) + len(what) + 3 for key, what in keys) - 2
