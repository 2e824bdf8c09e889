"""The hands and eyes of a technician at the real app: keys, pastes, and what 80x24 shows.

Nothing here sleeps on the clock: `until` looks again and again until a condition holds, and says
what the screen showed where it never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.geometry import Region
from textual.pilot import Pilot
from textual.worker import NoActiveWorker, get_current_worker

from app.answers import Answers
from app.rehearsal.pretend import PretendPeople
from app.tui.wizard_app import WizardApp
from core.errors.problem import Problem
from core.errors.surfaces import SCREEN
from core.journal.next_action import Action
from core.journal.state import Details, State
from core.onboarding import Onboarding
from core.preflight.check import passed
from screens.base import StepScreen
from screens.widgets.card import ProblemCard
from screens.widgets.choice import Choice
from screens.widgets.inputs import Field
from tests.support.clock import FakeClock
from tests.support.machine import DETAILS, ENTRIES, PASSPHRASE, Machine

PATIENCE = 12.0
"""Seconds after which a condition is given up; all of them hold within one or two."""
SIZE = (80, 24)
ALL_PASSED = "All checks passed."
ESSENTIAL_PASSED = "All required checks passed."
TIME_IS_OVER = "The wait is over. Press Enter to retry."
SCREEN_OF = {
    Action.CHECK_ENVIRONMENT: "EnvironmentScreen",
    Action.CREATE_KEYPAIR: "KeypairScreen",
    Action.BACK_UP_KEYPAIR: "BackupScreen",
    Action.ENROL: "EnrolmentScreen",
    Action.CONFIRM: "ConfirmationScreen",
    Action.FUND: "FundingScreen",
    Action.REGISTER: "RegistrationScreen",
    Action.MINT: "MachineNftScreen",
    Action.WRITE_DID: "MachineNftScreen",
    Action.CHOOSE_TIER: "TierScreen",
    Action.DESCRIBE: "IdentityScreen",
    Action.ACTIVATE: "ActivationScreen",
    Action.READ_BACK: "ReadBackScreen",
    Action.FINISH: "MachineNftScreen",
    Action.NOTHING: "ReceiptScreen",
}


ACTIVATION = (Action.CHOOSE_TIER, Action.DESCRIBE, Action.ACTIVATE, Action.READ_BACK)
"""Actions that only an activation has."""


def protocol_of(action: Action) -> str:
    return "activation" if action in ACTIVATION else "guide"


class ScreenClock(FakeClock):
    """A clock for a wizard with screens: the engine's sleeps are over at once and move the time,
    as ever, but the watch on the balance waits until a test lets time pass. It would otherwise
    run away with the time while nobody does anything. `standing` lets all sleeps wait like that.
    """

    def __init__(self) -> None:
        super().__init__()
        self.standing = False
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        if not self.standing and not _in_balance_watch():
            await super().sleep(seconds)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.monotonic() + seconds, woken))
        await woken

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        still = []
        for due, woken in self._waiting:
            if due > self.monotonic():
                still.append((due, woken))
            elif not woken.done():
                woken.set_result(None)
        self._waiting = still


def _in_balance_watch() -> bool:
    try:
        return get_current_worker().group == "balance"
    except NoActiveWorker:
        return False


@dataclass
class Technician:
    """Sits in front of `app`, and knows the rehearsal's phone."""

    app: WizardApp
    pilot: Pilot[int]
    machine: Machine

    # What is seen

    @property
    def text(self) -> str:
        """What the terminal shows now, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def words(self) -> str:
        """The same as one line, so that a sentence is found however it was wrapped."""
        return " ".join(re.sub("[▌┃█]", " ", self.text).split())

    @property
    def place(self) -> str:
        """The name of the screen on top."""
        return type(self.app.screen).__name__

    @property
    def card(self) -> str:
        """The words of the problem that is shown; empty where there is none."""
        step = self.app.step_screen
        if step is None or not step.query(ProblemCard):
            return ""
        card = step.query_one(ProblemCard)
        found = card.problem
        return (
            f"{found.title} {found.cause} {found.remedy(SCREEN)}" if found and card.display else ""
        )

    @property
    def state(self) -> State:
        return self.app.engine.state

    @property
    def step_screen(self) -> StepScreen:
        screen = self.app.step_screen
        assert screen is not None
        return screen

    def field(self, name: str) -> Field:
        return self.app.screen.query_one(name, Field)

    def visible(self, selector: str) -> bool:
        """Whether all of a widget is on the terminal, without scrolling."""
        widget = self.app.screen.query_one(selector)
        if not all(node.display for node in widget.ancestors_with_self if hasattr(node, "display")):
            return False
        place = self.app.screen.find_widget(widget)
        shown = place.visible_region
        return bool(shown.area) and shown == place.region and self._inside(shown)

    def _inside(self, region: Region) -> bool:
        width, height = self.app.size
        return Region(0, 0, width, height).contains_region(region)

    # Waiting

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"never came true: {what}\n{self.place}\n{self.text}")
            await self.pilot.pause(0.01)

    async def sees(self, words: str) -> None:
        """Waits until `words` can be read, in one piece or wrapped."""
        await self.until(lambda: words in self.words, f"to read {words!r}")

    async def on(self, screen: str) -> None:
        """Waits until `screen` is up and its work is done."""
        await self.until(
            lambda: self.place == screen and not self.app.busy and self.app.screen.is_mounted,
            f"to be on {screen}",
        )

    async def reads_problem(self, code: str) -> None:
        """Wait until the problem with this code is shown, with its title."""

        def shown() -> Problem | None:
            step = self.app.step_screen
            found = step.problem if step is not None else None
            return found if found is not None and found.code == code else None

        await self.until(lambda: shown() is not None and not self.app.busy, f"problem {code}")
        problem = shown()
        assert problem is not None
        await self.sees(problem.title)

    # What is done

    async def fund_by_hand(self) -> None:
        """Choose the manual transfer, if the screen has not switched to it by itself."""
        if self.state.way != "manual":
            await self.press("f3")
        await self.sees("to this address")

    async def press(self, *keys: str) -> None:
        for key in keys:
            # A button that is still drawn as pressed takes no Enter.
            await self.until(self._button_is_up, "the button to be drawn as up again")
            await self.pilot.press(key)

    def _button_is_up(self) -> bool:
        return self.app.focused is None or not self.app.focused.has_class("-active")

    async def paste(self, text: str) -> None:
        """As the terminal's own paste: one event, however long."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def fill(self, selector: str, text: str) -> None:
        """Goes to a field and puts `text` into it instead of what is there."""
        field = self.field(selector)
        field.value = ""
        self.app.screen.set_focus(field)
        if text:
            # Straight to the field: a screen that has just come may still be placing its focus.
            field.post_message(events.Paste(text))
            await self.until(lambda: field.value, "the paste to arrive")

    def fresh_code(self) -> str:
        return self.machine.fresh_code()

    async def code(self, code: str | None = None) -> None:
        """Types a code, the phone's next one where none is given, and presses Enter."""
        await self.until(lambda: not self.field("#code").disabled, "the code field")
        await self.fill("#code", self.fresh_code() if code is None else code)
        await self.press("enter")

    async def passphrase(self, first: str = PASSPHRASE.reveal(), again: str | None = None) -> None:
        await self.fill("#passphrase", first)
        await self.fill("#passphrase-again", first if again is None else again)
        await self.press("enter")

    async def details(self, details: Details = DETAILS) -> None:
        await self.fill("#documentation-url", details.documentation_url)
        await self.fill("#data-api", details.data_api)

    async def describe(self, details: Details = DETAILS) -> None:
        """The description, and Enter once more for who may see the data."""
        await self.details(details)
        await self.press("enter")
        if isinstance(self.app.focused, Choice):
            await self.press("enter")

    async def unlock(self) -> None:
        await self.until(lambda: self.place == "UnlockScreen", "the passphrase is asked for")
        await self.paste(PASSPHRASE.reveal())
        await self.press("enter")

    async def step(self) -> None:
        """What a technician does on the screen that is up, once, for it to be left."""
        match self.step_screen.__class__.__name__:
            case "EnvironmentScreen":
                await self.describe()
            case "KeypairScreen":
                await self.passphrase()
            case "BackupScreen":
                self.app.screen.query_one("#backup", Choice).value = "copied"
                await self.press("enter")
            case "EnrolmentScreen":
                if self.card:
                    await self.press("enter")
                await self.until(
                    lambda: self.app.engine.enrolment and not self.card, "a code to scan"
                )
                await self.until(lambda: not self.app.busy, "to be idle")
                await self.press("enter")
            case "ConfirmationScreen":
                await self.code()
            case "FundingScreen" if self.state.way == "gas-station":
                await self.code()
            case "FundingScreen":
                await self.pay_by_hand()
            case "RegistrationScreen":
                await self.sees("Enter sign and register")
                await self.sign()
            case "TierScreen":
                await self.sees("2 Pro")
                await self.press("0", "down", "enter")
            case "IdentityScreen":
                await self.fill("#machine-type", ENTRIES.machine_type)
                await self.fill("#manufacturer", ENTRIES.manufacturer)
                await self.press("enter")
            case "ActivationScreen":
                await self.sees("Enter sign and activate")
                await self.sign()
            case "MachineNftScreen":
                await self.sign()
            case "ReadBackScreen" | "ResumeScreen":
                pass  # they leave by themselves
            case _:
                await self.press("enter")

    async def sign(self) -> None:
        """Enter, and the passphrase where it was not given in this run."""
        engine = self.app.engine
        needed = not engine.unlocked and engine.action is not Action.FINISH
        await self.press("enter")
        if needed:
            await self.unlock()

    async def pay_by_hand(self) -> None:
        """What is missing is sent from elsewhere; the screen notices by itself."""
        need = self.state.need
        assert need is not None
        address = self.machine.address
        held = self.machine.network.balance(address)
        self.machine.network.send(address, max(need.total - held, 1))
        self.machine.clock.advance(10)

    async def go_on_to(self, screen: str) -> None:
        """Screen by screen until `screen` is up."""
        for _ in range(14):
            await self.until(
                lambda: (
                    not self.app.busy
                    and isinstance(self.app.screen, StepScreen)
                    and self.app.screen.is_mounted
                ),
                "to be idle",
            )
            if self.place == screen:
                return
            before = self.app.screen
            await self.step()
            await self.until(lambda before=before: self.app.screen is not before, "the next screen")
        raise AssertionError(f"never came to {screen}\n{self.text}")

    async def finish(self) -> None:
        """To the receipt, and out; the wizard's answer is 0."""
        await self.go_on_to("ReceiptScreen")
        await self.until(lambda: self.app.screen.query("#done"), "the receipt")
        await self.press("enter")
        await self.until(lambda: self.app.return_value is not None, "to have left")
        assert self.app.return_value == 0


@contextlib.asynccontextmanager
async def at_the_wizard(
    machine: Machine,
    *,
    engine: Onboarding | None = None,
    size: tuple[int, int] = SIZE,
    pretend: bool = False,
    details: Details | None = None,
    given: Answers | None = None,
) -> AsyncIterator[Technician]:
    """The real app on the machine's folder, as a fresh start has it; or on an `engine` that is
    open already. Afterwards no defect has been caught by Textual.
    """
    if engine is None:
        await machine.close()
        engine = machine.open()
    people = PretendPeople(machine.network) if pretend else None
    app = WizardApp(engine, details=details, presets=given, simulation=people, watch_terminal=False)
    # Tests have no terminal of their own; here is one.
    app.terminal = passed("terminal", "80x24, 256 colours")
    async with app.run_test(size=size) as pilot:
        technician = Technician(app, pilot, machine)
        await technician.until(lambda: app.step_screen and app.step_screen.is_mounted, "a screen")
        try:
            yield technician
            # A screen that is only half there when everything is taken down falls over.
            await technician.until(lambda: app.screen.is_mounted, "the screen to be there")
        finally:
            app.watch_balance(False)
    problem = machine.wizard.problem if machine.wizard else None
    assert problem is None or problem.code != "UNEXPECTED", "a defect was shown to people"


@contextlib.asynccontextmanager
async def at_step(machine: Machine, action: Action, **more: Any) -> AsyncIterator[Technician]:
    """The app with the machine driven to `action` by the engine, in the same run: what is in
    memory (the key, the authenticator's secret) is still there.
    """
    await machine.drive(until=action)
    async with at_the_wizard(machine, engine=machine.now_open, **more) as technician:
        await technician.on(SCREEN_OF[action])
        yield technician


def journalled(machine: Machine) -> list[str]:
    """The codes of the failures that the disk remembers, oldest first."""
    return [str(getattr(r.event, "code", "")) for r in machine.records if _is_failure(r.event)]


def _is_failure(event: object) -> bool:
    return type(event).__name__ == "StepFailed"
