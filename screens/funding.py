"""Step 5: bond and gas come to the machine's wallet."""

from __future__ import annotations

from dataclasses import replace

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from core.amounts import format_peaq, peaq_fixed
from core.errors.problem import Problem
from core.journal.state import Balance, OwnerQuote, State
from core.step import Step
from screens.confirmation import CodeScreen
from screens.dialogs.consent import ConsentScreen, agree_to_contracts
from screens.dialogs.qr import QrScreen
from screens.enrolment import preset_unusable
from screens.protocols import Wizard
from screens.widgets.choice import Choice
from screens.widgets.frame import MoneyLine, numbered
from screens.widgets.inputs import Row
from screens.widgets.line import Line

_TITLES = {
    "gas-station": ("Gas Station", "free, with a code from the app"),
    "owner": ("owner's wallet", "signs with PEAQOS_PRIVATE_KEY"),
    "manual": ("manual transfer", "the wizard detects the payment"),
}
_HOW_TO_SET_OWNER = (
    "\nThe owner's key is not set. Press Ctrl+Q, set PEAQOS_PRIVATE_KEY in the environment or in "
    ".env, and start the wizard again. It resumes here."
)
_OWNER_MISSING = ("owner", "owner's wallet", "set PEAQOS_PRIVATE_KEY to use it")

_ONLY_BY_HAND = ("SKIPPED_BUT_POOR",)
"""Another request would bring no money: a manual transfer is what helps."""

_PRIMARY = {
    "gas-station": "Request funds",
    "owner": "Review the transfer",
    "manual": "Check again",
}


class FundingScreen(CodeScreen):
    step = Step.FUNDING
    title_text = numbered(step)
    primary_label = _PRIMARY["gas-station"]

    amounts = getters.query_one("#amounts", Line)
    choice = getters.query_one("#way", Choice)
    code_part = getters.query_one("#hint", Vertical)
    by_hand = getters.query_one("#by-hand", Line)
    money_line = getters.query_one(MoneyLine)

    BINDINGS = [
        Binding("f3", "other_method", show=False),
        Binding("f4", "address_qr", show=False),
        Binding("f8", "simulate_payment", show=False),
    ]

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._balance: int | None = None
        """Wei, as read last."""
        self._only_by_hand: Problem | None = None
        """Why the screen switched to a manual transfer by itself."""

    def body(self) -> ComposeResult:
        yield Line("", id="amounts")
        yield Line("", classes="muted")
        ways = [(way, *_TITLES[way]) for way in self.engine.ways]
        if self.engine.settings.private_key is None:
            ways.insert(len(ways) - 1, _OWNER_MISSING)
        yield Row("Method", Choice(ways, self.state.way or "manual", id="way"))
        with Vertical(id="hint"):
            yield from self.code_row()
            yield Line("Each code works once.", classes="muted")
            yield from self.hint()
        yield Line("", id="by-hand")

    @property
    def method(self) -> str:
        return self.choice.value

    @property
    def _available(self) -> bool:
        return self.method in self.engine.ways

    def keys(self) -> list[tuple[str, str]]:
        if not self._available:
            keys = []
        elif self.method == "manual":
            keys = [("Enter", "check again"), ("F4", "address as QR code")]
        elif self.method == "owner":
            keys = [("Enter", "review the transfer")]
        else:
            keys = [("Enter", "request funds")]
        return [*keys, ("F3", "other method")]

    def on_mount(self) -> None:
        self._show_method()
        self._show_amounts(self.state.held or 0)
        preset = self.wizard.preset_funding_method()
        if preset in self.engine.ways:
            self.choice.value = preset or ""
        elif preset:
            self.show_problem(preset_unusable(preset))

    def first_focus(self) -> Widget:
        return self.code_field if self.method == "gas-station" else self.primary

    @on(Choice.Changed, "#way")
    def _method_changed(self) -> None:
        if not self._available:
            self._show_method()
        elif self.method != self.state.way and not self.wizard.busy:
            method = self.method
            self.wizard.perform(
                lambda: self.engine.choose_funding_method(method), self._method_chosen
            )

    def action_other_method(self) -> None:
        if not self.wizard.busy:
            ways = self.engine.ways
            now = ways.index(self.method) if self._available else -1
            self.choice.value = ways[(now + 1) % len(ways)]

    def _show_method(self) -> None:
        by_hand = self.method == "manual"
        self.code_part.display = self.method == "gas-station"
        self.set_primary_label(_PRIMARY[self.method])
        failure = self.state.failure
        station_only = failure is not None and failure.problem.until is not None
        if by_hand and self._only_by_hand is not None:
            self.show_problem(self._only_by_hand)
        elif failure and not (by_hand and station_only):
            self.show_problem(failure.problem)
        else:
            self.show_problem(None)
        self.by_hand.display = by_hand or not self._available
        self._show_address()
        self.primary.disabled = not self._available
        self.wizard.watch_balance(True)

    def show_frame(self) -> None:
        super().show_frame()
        if self._balance is not None and self.is_mounted:
            # The balance that was looked at last is in no record: it is newer than those.
            state = replace(self.state, held=self._balance)
            self.money_line.show(state, self.engine.settings.network.token)

    def _show_address(self) -> None:
        """What to send where, or how to make the method that is chosen available."""
        network, need, held = self.engine.settings.network, self.state.need, self._balance or 0
        if not self._available:
            self.by_hand.set_text(_HOW_TO_SET_OWNER)
        elif need is not None:
            missing = format_peaq(max(need.total - held, 0), up=True)
            arrived = f"{format_peaq(held)} {network.token} arrived. " if held else ""
            faucet = f"\nGet test tokens at\n  {network.faucet_url}" if network.faucet_url else ""
            self.by_hand.set_text(
                f"\n{arrived}Send {missing} {network.token} to this address. The wizard detects "
                f"the payment.\n  {self.state.address}{faucet}"
            )

    def _show_amounts(self, held: int) -> None:
        need = self.state.need
        if need is None:
            return
        self._balance = held
        self._show_address()
        self.show_frame()
        token = self.engine.settings.network.token
        missing = max(need.total - held, 0)
        parts = (
            f"bond {format_peaq(need.bond)}, gas {format_peaq(need.gas, up=True)}, safety margin "
        )
        parts += format_peaq(need.safety_margin)
        if not need.bond:
            parts = "for the remaining steps"
        self.amounts.set_text(
            f"  required  {peaq_fixed(need.total, up=True)} {token}   {parts}\n"
            f"  balance   {peaq_fixed(held)}\n"
            f"  shortfall {peaq_fixed(missing, up=True)}"
        )

    def submit(self) -> None:
        if self.method == "manual":
            self.wizard.perform(self.engine.read_balance, self._show_or_advance)
            return
        if self.method == "owner":
            self.wizard.perform(self.engine.quote_owner, self._quoted)
            return
        typed = self.code_field.value
        self.wizard.perform(lambda: self._ask_gas_station(typed), self._show_or_advance)

    async def _ask_gas_station(self, typed: str) -> Balance:
        return await self.engine.ask_gas_station(await self.code(typed))

    def failed(self, problem: Problem) -> None:
        if problem.code in _ONLY_BY_HAND and self.method != "manual":
            self._only_by_hand = problem
            self.choice.value = "manual"
        else:
            super().failed(problem)

    def waits_for(self, problem: Problem) -> bool:
        return self.method == "gas-station"

    def _agree_to_send(self, quote: OwnerQuote) -> None:
        network = self.engine.settings.network
        self.app.push_screen(
            ConsentScreen(
                "Send from the owner's wallet?",
                [
                    f"{format_peaq(quote.amount, up=True)} {network.token}, and a fee of at most "
                    f"{format_peaq(quote.fee, up=True)},",
                    f"  from {quote.owner}",
                    f"  to   {self.state.address}",
                    f"on {network.title}. Owner's balance: {format_peaq(quote.held)}.",
                ],
                yes="Sign and send",
                word="send" if network.real_money else "",
                loud=network.real_money,
            ),
            lambda agreed: self._pay(quote) if agreed else None,
        )

    def _pay(self, quote: OwnerQuote) -> None:
        self.wizard.perform(lambda: self.engine.pay_from_owner(quote), self._show_or_advance)

    def _quoted(self, quote: OwnerQuote) -> None:
        if quote.amount:
            agree_to_contracts(self.app, self.engine, lambda: self._agree_to_send(quote))

    def _show_or_advance(self, balance: Balance) -> None:
        if balance.missing:
            self._show_amounts(balance.held)
        else:
            self.wizard.advance()

    def _method_chosen(self, _: None) -> None:
        if self.state.way == self.method:
            self._show_method()
            self.show_frame()
            if self.focused is not self.choice:  # else the arrows may go on choosing
                self.call_after_refresh(self.focus_first)
        elif self._available:
            self._method_changed()  # chosen while the choice before was being recorded
            return
        self.wizard.advance()

    def balance_read(self, balance: Balance | None, problem: Problem | None) -> None:
        if balance is not None:
            self._show_amounts(balance.held)

    def state_changed(self, state: State) -> None:
        super().state_changed(state)
        if state.funded is not None and not self.wizard.busy:
            self.wizard.advance()

    def simulation_text(self) -> str:
        if self.method == "manual":
            return "Rehearsal: press F8 to simulate the payment."
        return super().simulation_text()

    def action_simulate_payment(self) -> None:
        need = self.state.need
        if self.wizard.simulation and self.method == "manual" and need and self.state.address:
            missing = need.total - (self.state.held or 0)
            self.wizard.simulation.pay(self.state.address, max(missing, 10**16))

    def action_address_qr(self) -> None:
        if self.state.address:
            self.app.push_screen(QrScreen(self.state.address, self.state.address))
