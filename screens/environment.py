"""Step 1: three things about the machine, and a list that turns green."""

from __future__ import annotations

import textwrap

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from core.chain.did import check_details
from core.consents import TWO_FLOWS
from core.errors.problem import Problem
from core.errors.surfaces import SCREEN
from core.preflight.check import CheckResult, Status, first_failed, pending
from core.step import Step
from core.text import clean
from screens.base import StepScreen
from screens.dialogs.consent import ConsentScreen
from screens.protocols import Wizard
from screens.widgets.details import DetailsForm
from screens.widgets.frame import numbered
from screens.widgets.line import Line
from screens.widgets.marks import marks

_WIDTH_OF_TITLE = 17
_WIDTH_OF_TEXT = 54
_WIDTH_OF_ROW = 74


class EnvironmentScreen(StepScreen):
    step = Step.ENVIRONMENT
    title_text = numbered(step)
    card_in_body = True

    form = getters.query_one(DetailsForm)
    checks = getters.query_one("#checks", Line)

    BINDINGS = [
        Binding("f2", "settings", show=False),
        Binding("f5", "check", show=False),
    ]

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._checks = self._pending_checks()
        self._checked = False
        self._submit_when_checked = False
        self._visibility_seen = False
        self._must_recheck = False
        """A required check failed: Enter checks again, and continues once none fails."""

    def _pending_checks(self) -> dict[str, CheckResult]:
        checks = [*pending(), self.wizard.terminal]
        return {check.key: check for check in checks}

    def body(self) -> ComposeResult:
        yield DetailsForm(self.wizard.details)
        yield self.card
        yield Line("", id="checks")

    def keys(self) -> list[tuple[str, str]]:
        keys = [
            ("Enter", "check again" if self._must_recheck else "continue"),
            ("Tab", "next field"),
        ]
        keys.append(("F2", "settings"))
        return keys if self._must_recheck else [*keys, ("F5", "check again")]

    def on_mount(self) -> None:
        if self.wizard.busy:
            self._show_checks()
        self.action_check()

    def action_check(self) -> None:
        if self.wizard.busy:
            return
        self._checked = False
        self._checks = self._pending_checks()
        self._show_checks()
        self.wizard.perform(lambda: self.engine.check_environment(self._report), self._all_checked)

    def action_settings(self) -> None:
        # Also while the list fills in: without a line that takes half a minute, and what has
        # to be set is known before.
        self._submit_when_checked = False
        self.wizard.details = self.form.details
        from screens.dialogs.settings import SettingsScreen

        self.app.push_screen(
            SettingsScreen(self.wizard, self._settings_saved), self._settings_closed
        )

    def _settings_saved(self, _: None) -> None:
        if self.is_current:  # else once the settings are closed
            self.action_check()

    def _settings_closed(self, changed: bool | None) -> None:
        if changed:
            self.show_frame()
            self.action_check()

    def _report(self, check: CheckResult) -> None:
        self._checks[check.key] = check
        self._show_checks()

    def busy_changed(self, busy: bool) -> None:
        """Enter may be pressed while the list fills in: it is remembered."""

    def fault_in(self, widget: Widget) -> Problem | None:
        return self.form.fault_in(widget)

    def submit_field(self, widget: Widget) -> None:
        found = self.fault_in(widget)
        if found:
            self.show_problem(found)
        else:
            super().submit_field(widget)

    def field_after(self, widget: Widget) -> Widget | None:
        last = widget.id == "data-api" and not check_details(self.form.details)
        # Who may see the data is asked too, not passed over: what it says becomes public.
        return (
            self.form.visibility
            if last and not self._visibility_seen
            else super().field_after(widget)
        )

    def on_descendant_focus(self) -> None:
        if self.focused is self.form.visibility:
            self._visibility_seen = True
        super().on_descendant_focus()

    def action_primary(self) -> None:
        self.wizard.details = self.form.details
        faults = check_details(self.wizard.details)
        if faults:
            self.show_problem(faults[0])
            self.form.focus_fault(faults[0])
            return
        self.show_problem(None)
        if self.wizard.busy:
            self._submit_when_checked = True
        elif self._checked and first_failed(self._checks.values()) is None:
            self.submit()
        else:
            self._submit_when_checked = True
            self.action_check()

    def submit(self) -> None:
        if self.engine.protocol_to_accept:
            self.app.push_screen(
                ConsentScreen(
                    "Two ways to onboard this machine",
                    [*TWO_FLOWS],
                    yes="Continue with the guide's flow",
                    word="guide",
                    loud=True,
                ),
                self._chosen,
            )
            return
        details = self.wizard.details
        self.wizard.perform(lambda: self.engine.pass_environment(details))

    def _chosen(self, agreed: bool | None) -> None:
        if agreed:
            self.engine.accept_protocol()
            self.submit()

    def _all_checked(self, checks: list[CheckResult]) -> None:
        self._checked = True
        self._show_checks()
        submit, self._submit_when_checked = self._submit_when_checked, False
        if submit and first_failed(checks) is None:
            self.submit()

    def _show_checks(self) -> None:
        checks = list(self._checks.values())
        red = first_failed(checks)
        waiting = any(check.status is Status.PENDING for check in checks)
        if waiting:
            title = "Checking this machine and the network…"
        elif red:
            title = "1 problem to fix before you continue:"
        elif any(check.status is not Status.PASSED for check in checks):
            title = "All required checks passed."
        else:
            title = "All checks passed."
        brief = red is not None or self.problem is not None
        rows = Content("\n").join([Content(f"\n{title}"), *_list_of(checks, brief=brief)])
        self.checks.set_text(rows)
        self._must_recheck = red is not None and not waiting
        self.set_primary_label("Check again" if self._must_recheck else self.primary_label)

    def show_problem(self, problem: Problem | None) -> None:
        super().show_problem(problem)
        self._show_checks()


def _indented(text: str) -> list[str]:
    """Rows of `text` below a line of the list, so that what is wrapped is indented too."""
    return textwrap.wrap(text, _WIDTH_OF_ROW, initial_indent="  ", subsequent_indent="  ")


def _list_of(checks: list[CheckResult], *, brief: bool) -> list[Content]:
    """The lines; `brief` folds what is fine into one, so that the remedies fit."""
    signs = marks()
    look = {
        Status.PENDING: (signs.todo, "$faint"),
        Status.PASSED: (signs.done, "$success"),
        Status.WARNING: (signs.amber, "$warning"),
        Status.SKIPPED: (signs.todo, "$faint"),
        Status.FAILED: (signs.failed, "bold $error"),
    }
    lines: list[Content] = []
    fine = 0
    for check in checks:
        if brief and check.problem is None and check.status is not Status.FAILED:
            fine += check.status is Status.PASSED
            continue
        sign, style = look[check.status]
        head = Content.styled(f"{sign} {check.title:<{_WIDTH_OF_TITLE}}", style)
        lines.append(Content.assemble(head, f" {clean(check.text, _WIDTH_OF_TEXT)}"))
        if check.problem and check.status is Status.FAILED:
            lines += [Content(row) for row in _indented(check.problem.cause)]
            lines += [
                Content.styled(row, "bold") for row in _indented(check.problem.remedy(SCREEN))
            ]
    if fine and lines:
        lines.append(Content.styled(f"{signs.done} {fine} others are fine", "$success"))
    return lines
