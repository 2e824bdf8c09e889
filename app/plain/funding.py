"""The line-by-line wizard's steps 3 to 5: the authenticator, its codes, and the money."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Literal

from app.answers import Answers, MissingAnswer
from app.plain.console import Console
from app.plain.prompts import Prompts
from core.amounts import format_peaq
from core.errors.problem import OnboardingError, fault
from core.journal.next_action import Action
from core.onboarding import Onboarding
from core.receipt.qr import qr_lines
from core.secrets import Secret
from core.services.otpauth import Enrolment
from core.text import grouped
from screens.protocols import Simulation
from screens.widgets.marks import blocks

WRONG_CODES = (
    "CODE_EXPIRED",
    "CODE_MALFORMED",
    "CODE_MISTYPED",
    "CODE_OF_OLD_ENTRY",
    "CODE_SKEWED",
    "CODE_USED",
    "INVALID_2FA",
)
_SAME_CODE_PAUSE = 5.0
"""Seconds before a code command that printed a used code runs again: its clock may be slow."""
_SAME_CODE_PATIENCE = 120.0
"""Seconds for which it may print used codes: the longest period that an entry may have."""


class FundingPrompts(Prompts):
    def __init__(
        self,
        engine: Onboarding,
        answers: Answers,
        console: Console,
        pretend: Simulation | None = None,
    ) -> None:
        super().__init__(engine, answers, console)
        self.pretend = pretend
        self._command_refused = False
        self._same_code = 0.0
        """Seconds for which the command has printed used codes."""
        self._way_ahead = answers.fund
        """Applied once, because the user may choose another method afterwards."""

    @property
    def simulated_phone(self) -> bool:
        """Whether codes come from the simulated authenticator of a rehearsal."""
        return self.pretend is not None

    async def take_way_ahead(self) -> None:
        """Before a step is announced that this way of funding does not need. The owner's wallet
        before anything is measured: otherwise the Gas Station would be recorded first.
        """
        action, way = self.engine.action, self._way_ahead
        unneeded = action in (Action.ENROL, Action.CONFIRM) and way in ("owner", "manual")
        if unneeded or (action is Action.MEASURE_NEED and way == "owner"):
            self._way_ahead = None
            if way and way != self.engine.state.way:
                await self.engine.choose_funding_method(way)

    async def enrol(self) -> None:
        if self.answers.no_input and not self.answers.code_command and not self.pretend:
            raise MissingAnswer("--code-command" if self.answers.fund else "--fund")
        enrolment = await self.engine.enrol()
        if enrolment is None:
            self.console.say(
                "This owner has already set up 2FA. Use the codes of the existing entry."
            )
            return
        told = self.answers.code_command is not None and await self._told(enrolment.uri)
        nobody = self.pretend is not None and self.answers.no_input
        if told or nobody or await self._show_enrolment(enrolment):
            await self.engine.enrolment_shown()

    async def _told(self, uri: Secret) -> bool:
        """Whether the code command has taken the entry. Raises OnboardingError where nobody can
        be asked instead.
        """
        try:
            await self._run_command(uri)
        except OnboardingError as error:
            self._command_failed(error)
            return False
        return True

    async def _run_command(self, uri: Secret | None = None) -> str | None:
        try:
            return await asyncio.to_thread(self.answers.code, uri)
        finally:
            self.answers.stop_code()  # ctrl+c does not wait for it

    def _command_failed(self, error: OnboardingError) -> None:
        if self.answers.no_input:
            raise error
        self._command_refused = True
        self.console.problem(error.problem)

    def _or_else(self, question: str) -> str:
        others = [way for way in self.engine.ways if way != "gas-station"]
        return f"{question} (or type {' or '.join(others)} for another method)"

    async def _other_way(self, typed: str) -> bool:
        """Whether another way of funding was typed instead; it is taken then."""
        way = typed.strip().lower()
        if way not in self.engine.ways or way == self.engine.state.way:
            return False
        await self.engine.choose_funding_method(way)
        return True

    async def _show_enrolment(self, enrolment: Enrolment) -> bool:
        """Shows it until it is in the app; False where another way of funding was typed."""
        question, inverted = "Press Enter when the app has the entry", False
        self.console.paragraph(
            "The 2FA secret comes next. This terminal's scrollback and logs keep it: clear them "
            "once the app has the entry."
        )
        drawn = self.answers.qr and blocks()
        if drawn:
            question += ", i swaps dark and light"
        while True:
            if drawn:
                ink: Literal["dark", "light"] = "dark" if inverted else "light"
                self.console.say("\n".join(qr_lines(enrolment.uri, ink=ink)))
                self.console.say(
                    "Scan it with an authenticator app, or enter this secret in the app:"
                )
            else:
                self.console.say("Enter this secret in an authenticator app:")
            self.console.say(f"  {grouped(enrolment.secret.reveal())}")
            self.console.say(f"  {enrolment.label}")
            typed = self.console.ask("--code-command", self._or_else(question))
            if typed.strip().lower() != "i":
                return not await self._other_way(typed)
            inverted = not inverted
            self.console.refused()

    async def _code(self) -> str:
        """A code from the command, or as typed."""
        if not self._command_refused:
            try:
                given = await self._run_command()
            except OnboardingError as error:
                self._command_failed(error)
            else:
                if given is not None:
                    return given
        if self.pretend:
            shown = self.pretend.code(self.engine.state.address or "")
            if shown and self.answers.no_input:
                return shown[0]
            if shown:
                self.console.say(f"Simulation phone: {shown[0]}, {shown[1]} s left")
        return self.console.ask("--code-command", self._or_else("Code from the authenticator app"))

    async def _with_code(self, use: Callable[[str], Awaitable[object]]) -> None:
        """Does `use` with a code, unless another way of funding was typed. Waits first while the
        app still shows a used code.
        """
        command = self.answers.code_command is not None and not self._command_refused
        left = self.engine.next_code_in
        if left:
            if not command:
                self.console.say(f"... Next code in {math.ceil(left)} s. Each code works once.")
            await self.engine.clock.sleep(left)
            if not command:
                self.console.forget_typed_ahead()
        code = await self._code()
        if await self._other_way(code):
            return
        try:
            await use(code)
            self._same_code = 0.0
        except OnboardingError as error:
            used = error.code == "CODE_USED"
            if used and command and self._same_code < _SAME_CODE_PATIENCE:
                self._same_code += _SAME_CODE_PAUSE
                await self.engine.clock.sleep(_SAME_CODE_PAUSE)
                return  # and is called again, since the step is not done
            # A command that gives wrong codes would give them for ever: a person is asked next.
            if error.code in WRONG_CODES and not self.answers.no_input:
                self._command_refused = True
            raise

    async def confirm(self) -> None:
        await self._with_code(self.engine.confirm)

    async def fund(self) -> None:
        way, self._way_ahead = self._way_ahead, None
        if way and way != self.engine.state.way:
            await self.engine.choose_funding_method(way)
            return
        if self.engine.state.way == "gas-station" and self.answers.code_command:
            await self._with_code(self.engine.ask_gas_station)  # which looks at the balance first
            return
        balance = await self.engine.read_balance()
        if not balance.missing:
            return
        token = self.engine.settings.network.token
        self.console.say(
            f"required {format_peaq(balance.needed, up=True)}, balance "
            f"{format_peaq(balance.held)}, "
            f"shortfall {format_peaq(balance.missing, up=True)} {token}"
        )
        if self.engine.state.way == "gas-station":
            await self._with_code(self.engine.ask_gas_station)
        elif self.engine.state.way == "owner":
            await self._from_owner()
        else:
            await self._by_hand(balance.missing)

    async def _from_owner(self) -> None:
        quote = await self.engine.quote_owner()
        self.console.say(
            f"{format_peaq(quote.amount, up=True)} and a fee of at most "
            f"{format_peaq(quote.fee, up=True)} go from {quote.owner} "
            f"to {self.engine.state.address}."
        )
        self.accept_contracts()
        self.consent("Send it?", word="send")
        await self.engine.pay_from_owner(quote)

    async def _by_hand(self, missing: int) -> None:
        address = self.engine.state.address or ""
        token = self.engine.settings.network.token
        self.console.say(f"Send {format_peaq(missing, up=True)} {token} to this address:")
        self.console.result(f"send {format_peaq(missing, up=True)} {token} to {address}")
        if self.engine.settings.network.faucet_url:
            self.console.say(f"Test tokens: {self.engine.settings.network.faucet_url}")
        if self.pretend:
            self.console.say("Rehearsal: simulating the payment.")
            self.pretend.pay(address, missing)
        self.console.say("... waiting for the payment; Ctrl+C quits, progress is saved")
        pause = self.engine.settings.network.block_seconds
        clock = self.engine.clock
        ends = clock.monotonic() + self.answers.wait if self.answers.no_input else None
        while (await self.engine.read_balance()).missing:
            if ends is not None and clock.monotonic() >= ends:
                raise fault(
                    "INSUFFICIENT_BALANCE",
                    needed=format_peaq(missing, up=True),
                    held="too little",
                    missing=format_peaq(missing, up=True),
                    token=token,
                    address=address,
                )
            await clock.sleep(pause)
