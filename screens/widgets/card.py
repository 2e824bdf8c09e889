"""A fault as a technician needs it: what happened, the money, what to do, from when."""

from __future__ import annotations

from datetime import datetime

from textual import events
from textual.content import Content

from core.errors.problem import Problem
from core.errors.surfaces import SCREEN
from screens.widgets.line import Line
from screens.widgets.marks import marks


class ProblemCard(Line):
    """Hidden until there is a problem. The countdown is in its first row."""

    def __init__(self, *, id: str = "problem") -> None:
        super().__init__(id=id)
        self._problem: Problem | None = None
        self._now: datetime | None = None
        self._shown_at = ""
        self.attempt = 1
        """Which attempt failed: from the second on, the card says so."""
        self.display = False

    @property
    def problem(self) -> Problem | None:
        return self._problem

    def show(self, problem: Problem | None, now: datetime) -> None:
        self._problem, self._now = problem, now
        self.display = problem is not None
        if problem is None:
            return
        self._shown_at = now.astimezone().strftime("%H:%M:%S") if self.attempt > 1 else ""
        self.set_class(problem.until is not None, "waits")
        self.set_text(self._content(problem, now))

    def tick(self, now: datetime) -> None:
        """Counts down; costs nothing where there is nothing to count."""
        self._now = now
        if self._problem is not None and self._problem.until is not None:
            self.set_text(self._content(self._problem, now), layout=False)

    def on_resize(self, event: events.Resize) -> None:
        if self._problem is not None and self._now is not None:
            self.set_text(self._content(self._problem, self._now))

    def _content(self, problem: Problem, now: datetime) -> Content:
        """What happened, what became of the money, what to do: a row of its own each, or more."""
        waits = problem.until is not None
        left = problem.remaining(now).total_seconds()
        sign = marks().waiting if waits else marks().failed
        style = "bold $warning" if waits else "bold $error"
        when = "" if not waits else f": retry in {clock_text(left)}" if left > 0 else ": retry now"
        title = Content.styled(f"{sign} {problem.title}{when}", style)
        gap = max(self.size.width - title.cell_length - len(problem.code), 2)
        title = Content.assemble(title, " " * gap, Content.styled(problem.code, "$faint"))
        parts = [
            title,
            Content(f"{problem.cause}\n{problem.money}".rstrip()),
            Content.styled(problem.remedy(SCREEN), "bold"),
        ]
        if waits:
            again = "You can quit and come back."
            over = "The wait is over. Press Enter to retry."
            parts.append(Content(again if left > 0 else over))
        if self._shown_at:
            tried = f"Tried again at {self._shown_at} (attempt {self.attempt})"
            parts.append(Content.styled(tried, "$faint"))
        return Content("\n").join(parts)


def clock_text(seconds: float) -> str:
    """`04:31`, or `7 h 04 min` from an hour on, so that nobody takes one for the other."""
    whole = int(seconds + 0.999)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes:02}:{left:02}"
