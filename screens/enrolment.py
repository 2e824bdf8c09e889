"""Step 3: the authenticator is linked, by a QR code made here."""

from __future__ import annotations

import asyncio

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from core.errors.problem import OnboardingError, Problem, problem
from core.services.otpauth import Enrolment
from core.step import Step
from core.text import grouped
from screens.base import StepScreen
from screens.base.frame import Keys
from screens.dialogs.qr import QrScreen
from screens.protocols import Wizard
from screens.widgets.card import clock_text
from screens.widgets.frame import numbered
from screens.widgets.line import Line
from screens.widgets.marks import blocks
from screens.widgets.qr import QrCode

_TEXT_COLUMNS = 28
"""What the text beside the code needs, with its margins."""
_FRAME_ROWS = 4
"""Above and below: header, rail, wait and button, keys."""


class EnrolmentScreen(StepScreen):
    CSS_PATH = "later.tcss"

    step = Step.ENROLMENT
    title_text = numbered(step)
    primary_label = "Continue"

    qr = getters.query_one("#qr", QrCode)
    explanation = getters.query_one("#enrolment-how", Line)
    picture_left = getters.query_one("#picture-left", Line)
    picture = getters.query_one("#picture", Line)

    BINDINGS = [
        Binding("f3", "other_method", show=False),
        Binding("f4", "large", show=False),
        Binding("f5", "renew", show=False),
        Binding("f6", "invert", show=False),
        Binding("f8", "copy_link", show=False),
    ]

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        # From the start, so that the code is painted once and nothing moves.
        self.add_class("with-qr")
        self._command_failed = False

    def body(self) -> ComposeResult:
        enrolment = self.engine.enrolment
        with Horizontal(id="enrolment"):
            yield QrCode(enrolment.uri if enrolment else "", id="qr")
            with Vertical(id="enrolment-text"):
                yield Line("Set up 2FA", classes="title")
                yield Line(_text_of(enrolment), id="enrolment-how")
                yield Line("", id="picture-left")
                yield Line(self.engine.image[0], id="picture")

    def keys(self) -> list[tuple[str, str]]:
        if self._asks_anew:
            return [("Enter", "retry"), ("F3", "other method")]
        if self.problem is not None:
            return [("Enter", "show the QR code"), ("F3", "other method")]
        if not self._has_room:
            return [
                ("Enter", "done"),
                ("F4", "show the QR code"),
                ("F5", "renew"),
                ("F3", "other method"),
            ]
        return [
            ("Enter", "done"),
            ("F4", "large"),
            ("F3", "other method"),
            ("F5", "renew"),
            ("F6", "invert"),
        ]

    @property
    def _has_room(self) -> bool:
        """Whether the code can stand beside the text, whole; else it is on a screen of its own."""
        columns, rows = self.step_columns, self.app.size.height
        return blocks() and self.qr.fits(columns - _TEXT_COLUMNS, rows - _FRAME_ROWS)

    def show_frame(self) -> None:
        if self.is_composed:
            self.set_class(not self._has_room, "code-apart")
            self._show_text()
        super().show_frame()

    @property
    def _asks_anew(self) -> bool:
        """Whether Enter asks for a code to scan: there is none, or a newer one was refused."""
        if self.engine.enrolment is None:
            return True
        return self.problem is not None and not self._command_failed

    def show_problem(self, problem: Problem | None) -> None:
        super().show_problem(problem)
        again = "Show the QR code" if self._command_failed else "Retry"
        self.set_primary_label(again if problem else self.primary_label)

    def on_mount(self) -> None:
        failed_here = self.state.failure is not None and self.state.failure.step is self.step
        preset = self.wizard.preset_funding_method()
        if preset in self.engine.ways:
            self.wizard.perform(lambda: self.engine.choose_funding_method(preset or ""))
        elif preset:
            self.show_problem(preset_unusable(preset))
        elif self.engine.enrolment is None and not failed_here:
            self.action_renew()

    def action_renew(self) -> None:
        self.wizard.perform(self.engine.enrol, self._enrolled)

    def _enrolled(self, enrolment: Enrolment | None) -> None:
        if enrolment is None:
            self.advance()
            return
        self.show_problem(None)
        self.qr.set_text(enrolment.uri)
        self._show_text()
        self.picture.set_text(self.engine.image[0])
        self.show_frame()

    def _show_text(self) -> None:
        text = _text_of(self.engine.enrolment, apart=not self._has_room)
        self.explanation.set_text(text)

    def every_tick(self) -> None:
        super().every_tick()
        url, left = self.engine.image
        if not url:
            text = ""
        elif left > 0:
            text = f"QR image link, F8 copies ({clock_text(left)}):"
        else:
            text = "The image link has expired. F5 renews it."
        self.picture_left.set_text(text, layout=False)

    def submit(self) -> None:
        if self._asks_anew:
            self.action_renew()
        elif self._command_failed and self.problem is not None:
            self.show_problem(None)  # the code is there again, to be scanned
        else:
            self.wizard.perform(self._shown)

    async def _shown(self) -> None:
        """Gives the entry to the code command too, where there is one that takes it."""
        presets, enrolment = self.wizard.presets, self.engine.enrolment
        if presets.code_command and enrolment is not None and not self._command_failed:
            with self.engine.session.store.waiting("Passing the entry to --code-command"):
                try:
                    await asyncio.to_thread(presets.code, enrolment.uri)
                except OnboardingError:
                    self._command_failed = True
                    raise
        await self.engine.enrolment_shown()

    def action_other_method(self) -> None:
        other = next(way for way in self.engine.ways if way != "gas-station")
        self.wizard.perform(lambda: self.engine.choose_funding_method(other))

    def action_large(self) -> None:
        enrolment = self.engine.enrolment
        if enrolment is not None:
            letters = f"{grouped(enrolment.secret.reveal())}\n{enrolment.label}"
            self.app.push_screen(QrScreen(enrolment.uri, letters))

    def help_keys(self) -> Keys:
        return [*super().help_keys(), ("F8", "copy the image link")]

    def action_copy_link(self) -> None:
        """To the clipboard of the terminal, where it lets programs do that."""
        url, left = self.engine.image
        if url and left > 0:
            self.app.copy_to_clipboard(url)

    def action_invert(self) -> None:
        self.qr.invert()


def preset_unusable(way: str) -> Problem:
    """`--fund` names a method that this network lacks, or that needs an owner's key."""
    return problem("ANSWER_UNUSABLE", reason=f"--fund {way} is not available here.")


def _text_of(enrolment: Enrolment | None, *, apart: bool = False) -> str:
    """Seven to nine lines beside the code; `apart`, where the code is on a screen of its own."""
    if enrolment is None:
        return "Requesting a QR code from the Gas Station…"
    return (
        "In the app on your phone, add an entry and scan the QR "
        f"code{', with F4' if apart else ''}. "
        "You can delete older entries for this machine.\n\n"
        f"Or enter this secret:\n{grouped(enrolment.secret.reveal())}\n\n"
        f"The app shows the entry as\n{enrolment.label}\n"
    )
