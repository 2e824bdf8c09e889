"""What a wide window has beside the step: the steps, this step in words, wallet, recent events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from core.amounts import format_peaq
from core.onboarding import Onboarding
from core.step import Step, StepStatus
from core.text import shorten
from screens.widgets.line import Line
from screens.widgets.marks import marks

SIDE_COLUMNS = 38
"""Columns of the pane, its border included (style.tcss has the same)."""
_TEXT_COLUMNS = SIDE_COLUMNS - 4
_RECENT = 4
"""Events that are listed."""


class SidePane(Vertical):
    """Hidden in windows below SIDE_FROM columns, and written to only above."""

    def __init__(self) -> None:
        super().__init__(id="side")

    def compose(self) -> ComposeResult:
        for name, title in (
            ("steps", "Steps"),
            ("about", "About this step"),
            ("wallet", "Wallet"),
            ("recent", "Recent"),
        ):
            line = Line(id=f"side-{name}", classes="pane")
            line.border_title = title
            yield line

    def show(self, engine: Onboarding, about: str, statuses: Mapping[Step, StepStatus]) -> None:
        """`about`: the step in words. `statuses` is empty where the rail shows the steps."""
        self._put("steps", _steps(engine, statuses))
        self._put("about", Content(about))
        self._put("wallet", _wallet(engine))
        self._put("recent", _recent(engine))

    def _put(self, name: str, text: Content) -> None:
        line = self.query_one(f"#side-{name}", Line)
        line.display = bool(text.plain)
        line.set_text(text)


def step_mark(status: StepStatus) -> tuple[str, str]:
    """The sign of a status, and its style."""
    signs = marks()
    return {
        StepStatus.DONE: (signs.done, "$success"),
        StepStatus.CURRENT: (signs.current, "bold $accent"),
        StepStatus.TODO: (signs.todo, "$faint"),
        StepStatus.SKIPPED: (signs.skipped, "$faint"),
        StepStatus.FAILED: (signs.failed, "bold $error"),
        StepStatus.WAITING: (signs.waiting, "bold $warning"),
    }[status]


def _steps(engine: Onboarding, statuses: Mapping[Step, StepStatus]) -> Content:
    rows = []
    for step, status in statuses.items():
        sign, style = step_mark(status)
        done = engine.state.since.get(step) if status is StepStatus.DONE else None
        name = f"{sign} {step.value} {step.info.title}"
        rows.append(
            Content.assemble(
                Content.styled(f"{name:<{_TEXT_COLUMNS - 6}}", style),
                Content.styled(f" {_time(done)}" if done else "", "$faint"),
            )
        )
    return Content("\n").join(rows)


def _wallet(engine: Onboarding) -> Content:
    state, token = engine.state, engine.settings.network.token
    if state.address is None:
        return Content("")
    rows = [("Address", shorten(state.address))]
    if state.held is not None:
        rows.append(("Balance", f"{format_peaq(state.held)} {token}"))
    if state.bonded:
        rows.append(("Bonded", f"{format_peaq(state.bonded)} {token}"))
    if state.gas_spent:
        rows.append(("Fees", f"{format_peaq(state.gas_spent, up=True)} {token}"))
    return Content("\n").join(
        Content.assemble(Content.styled(f"{name:<10}", "$muted"), value) for name, value in rows
    )


def _recent(engine: Onboarding) -> Content:
    from core.journal.narrative import in_words

    token = engine.settings.network.token
    rows = []
    for record in engine.session.store.records[-_RECENT:]:
        words = in_words(record.event, token)
        room = 2 * _TEXT_COLUMNS - 8
        words = words if len(words) <= room else f"{words[: room - 1]}…"
        rows.append(Content.assemble(Content.styled(f"{_time(record.at)} ", "$faint"), words))
    return Content("\n").join(rows)


def _time(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M")
