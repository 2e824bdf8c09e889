"""A fault as a technician needs it: what happened, the money, what to do, from when."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from core.errors import Problem
from screens.widgets.line import Line
from screens.widgets.marks import marks


class ProblemCard(Vertical):
    """Hidden until there is a problem. The countdown is a line of its own and of fixed size."""

    def __init__(self, *, id: str = "problem") -> None:
        super().__init__(id=id)
        self._problem: Problem | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        yield Line(id="problem-title")
        yield Line(id="problem-text")
        yield Line(id="problem-remedy")
        yield Line(id="problem-again")

    @property
    def problem(self) -> Problem | None:
        return self._problem

    def show(self, problem: Problem | None, now: datetime) -> None:
        self._problem = problem
        self.display = problem is not None
        if problem is None:
            return
        waits = problem.until is not None
        sign = marks().waiting if waits else marks().failed
        style = "bold $warning" if waits else "bold $error"
        self.query_one("#problem-title", Line).say(Content.styled(f"{sign} {problem.title}", style))
        self.set_class(waits, "waits")
        # What happened, what became of the money, what to do: a line of its own each.
        self.query_one("#problem-text", Line).say(f"{problem.cause}\n{problem.money}".rstrip())
        self.query_one("#problem-remedy", Line).say(problem.remedy)
        self.tick(now)

    def tick(self, now: datetime) -> None:
        """Counts down; costs nothing where there is nothing to count."""
        line = self.query_one("#problem-again", Line)
        if self._problem is None or self._problem.until is None:
            line.display = False
            return
        line.display = True
        left = self._problem.remaining(now).total_seconds()
        if left > 0:
            line.say(
                f"Again in {clock_text(left)}, with Enter. You may leave and come back.",
                layout=False,
            )
        else:
            line.say("The time is over: it can be tried again now.", layout=False)

    @property
    def counting(self) -> bool:
        return self._problem is not None and self._problem.until is not None


def clock_text(seconds: float) -> str:
    """`04:31`, or `7 h 04 min` from an hour on, so that nobody takes one for the other."""
    whole = int(seconds + 0.999)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes:02}:{left:02}"
