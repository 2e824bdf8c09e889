"""Step 3: the authenticator is linked, by a QR code made here."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from core.secrets import Secret
from core.steps import Step
from core.text import grouped, shorten
from core.totp import Enrolment
from screens.base import StepScreen
from screens.widgets.card import clock_text
from screens.widgets.line import Line
from screens.widgets.qr import QrCode


class QrScreen(ModalScreen[None]):
    """The code alone, with a wider margin, on the whole screen."""

    BINDINGS = [
        Binding("escape,enter,f4", "close", show=False),
        Binding("f6", "invert", show=False),
    ]

    def __init__(self, text: Secret | str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(id="qr-full"):
            yield QrCode(self._text, quiet=2, id="qr-large")
            yield Line("Esc back   F6 swap dark and light", classes="muted")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_invert(self) -> None:
        self.query_one(QrCode).invert()


class EnrolmentScreen(StepScreen):
    step = Step.ENROLMENT
    title_text = ""
    primary_label = "Done"

    BINDINGS = [
        Binding("f3", "other_way", show=False),
        Binding("f4", "large", show=False),
        Binding("f5", "renew", show=False),
        Binding("f6", "invert", show=False),
    ]

    def body(self) -> ComposeResult:
        with Horizontal(id="enrolment"):
            yield QrCode(id="qr")
            with Vertical(id="enrolment-text"):
                yield Line("Link your authenticator", classes="title")
                yield Line("", id="enrolment-how")
                yield Line("", id="enrolment-secret")
                yield Line("", id="enrolment-label")
                yield Line("", id="enrolment-image")

    def keys(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "done"),
            ("F3", "other way"),
            ("F4", "large"),
            ("F5", "renew"),
            ("F6", "invert"),
        ]

    def on_mount(self) -> None:
        enrolment = self.engine.enrolment
        if enrolment is not None:
            self._show(enrolment)
        elif self.state.failure is None or self.state.failure.step is not Step.ENROLMENT:
            self.action_renew()

    def action_renew(self) -> None:
        self.wizard.perform("enrol", self.engine.enrol)

    def _show(self, enrolment: Enrolment) -> None:
        self.set_class(True, "with-qr")
        self.query_one(QrCode).set_text(enrolment.uri)
        again = " Delete an older entry of this machine." if self.state.failure else ""
        self.query_one("#enrolment-how", Line).say(
            "Add an entry in the app on your phone and scan the code." + again
        )
        secret = grouped(enrolment.secret.reveal())
        self.query_one("#enrolment-secret", Line).say(f"\nOr type this secret:\n{secret}")
        address = shorten(self.state.address or "")
        self.query_one("#enrolment-label", Line).say(
            f"\nThe entry is for {address}:\n{enrolment.label}"
        )

    def every_tick(self) -> None:
        url, left = self.engine.image
        line = self.query_one("#enrolment-image", Line)
        line.display = bool(url)
        if left > 0:
            line.say(f"\nAlso as a picture, for {clock_text(left)}:\n{url}", layout=False)
        else:
            line.say("\nThe picture's address has expired;\nF5 makes a new code.")

    def go(self) -> None:
        if self.engine.enrolment is None:
            self.action_renew()
        else:
            self.wizard.perform("shown", self.engine.enrolment_shown)

    def finished(self, name: str, result: Any) -> None:
        if name == "enrol" and isinstance(result, Enrolment):
            self.show_problem(None)
            self._show(result)
            self.show_frame()
            return
        super().finished(name, result)

    def waits_for(self, problem: Any) -> bool:
        return self.engine.enrolment is None

    def action_other_way(self) -> None:
        other = next(way for way in self.engine.ways if way != "gas-station")
        self.wizard.perform("way", lambda: self.engine.choose_way(other))

    def action_large(self) -> None:
        if self.engine.enrolment is not None:
            self.app.push_screen(QrScreen(self.engine.enrolment.uri))

    def action_invert(self) -> None:
        self.query_one(QrCode).invert()
