"""Step 6: what it costs and does, and then, once, the registration."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget

from core.amounts import format_peaq, peaq_fixed
from core.errors.problem import Problem
from core.journal.state import Details, Quote, State
from core.step import Step
from screens.base import StepScreen
from screens.dialogs.consent import ConsentScreen, agree_to_contracts
from screens.dialogs.unlock import UnlockScreen
from screens.protocols import Wizard
from screens.widgets.frame import numbered
from screens.widgets.line import Line
from screens.widgets.phases import Phases


class RegistrationScreen(StepScreen):
    step = Step.REGISTRATION
    title_text = numbered(step)
    primary_label = "Sign and register"
    word = "register"
    """Typed to spend real money."""
    sent_before = "The wizard already sent a registration. It checks the result first."

    skipped = getters.query_one("#skipped", Line)
    offer = getters.query_one("#quote", Line)
    phases = getters.query_one("#phases", Phases)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self.quote: Quote | None = None

    def body(self) -> ComposeResult:
        skipped = Line("", id="skipped")
        skipped.display = False
        yield skipped
        yield Line("Reading the price…", id="quote")
        yield Phases(id="phases")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", self.primary_label.lower() if self.quote else "check again")]

    def state_changed(self, state: State) -> None:
        super().state_changed(state)
        self.phases.show(state)

    def on_mount(self) -> None:
        self.phases.show(self.state)
        funded = self.state.funded
        if funded and funded.way == "already":
            self.skipped.display = True
            self.skipped.set_text("The balance is sufficient, so funding was not needed.\n")
        if self.state.open_transactions:
            self.offer.set_text(self.sent_before)
        failure = self.state.failure
        # As in the frame: a fault of the line is over, and asking is what finds that out.
        over = failure is None or failure.problem.code.startswith("RPC_")
        if over or (failure and failure.step is not self.step):
            self._request_quote()
        else:
            self._discard_quote()

    def first_focus(self) -> Widget:
        return self.primary

    def _request_quote(self) -> None:
        self.wizard.perform(self.engine.quote, self._quoted)

    def _discard_quote(self) -> None:
        """What was shown does not hold any more: the next Enter asks for it, and signs nothing."""
        self.quote = None
        self.offer.display = False
        self.set_primary_label("Check again")

    def _quoted(self, quote: Quote | None) -> None:
        if quote is None:
            self.advance()
            return
        self.show_problem(None)
        self.quote = quote
        self.offer.set_text(self.terms_of(quote))
        self.offer.display = True
        self.set_primary_label(self.primary_label)
        self.show_frame()
        self.delay_submit()

    def terms_of(self, quote: Quote) -> str:
        """What the signature would cost and do."""
        settings = self.engine.settings
        token = settings.network.token
        mark = settings.contract_mark(quote.contract)
        mark = f"            {mark}\n" if mark else ""
        return (
            f"{_effect_of(quote)}\n\n"
            f"  bond      {peaq_fixed(quote.bond, up=True)} {token}   locked while the machine "
            "is registered\n"
            f"  max. fee  {peaq_fixed(quote.fee, up=True)} {token}   for all transactions\n"
            f"  balance   {peaq_fixed(quote.held)} {token}\n"
            f"  after     {peaq_fixed(max(quote.after, 0))} {token}   at least\n\n"
            f"  network   {quote.network}, chain {settings.network.chain_id}\n"
            f"  contract  {quote.contract}\n"
            f"{mark}"
            f"  from      {self.state.address}"
            f"{_published_by(quote, self.state.details)}"
        )

    def submit(self) -> None:
        if self.quote is None:
            self._request_quote()
        else:
            agree_to_contracts(self.app, self.engine, self._agree)

    def _agree(self) -> None:
        if self.quote is None:
            return
        network = self.engine.settings.network
        limit = self.wizard.presets.accept_bond
        above = limit is not None and self.quote.bond > limit
        if not network.real_money and not above:
            self._unlock_and_send()
            return
        bond = format_peaq(self.quote.bond, up=True)
        lines = [
            f"{bond} {network.token} will be locked as the bond on {network.title}, from",
            f"  {self.state.address}",
            "You pay it once. The wizard cannot undo it.",
        ]
        if limit is not None:
            ahead = (
                f"--accept-bond accepted at most {format_peaq(limit)} {network.token} in advance"
            )
            lines += ["", f"{ahead}. The bond is higher." if above else f"{ahead}."]
        self.app.push_screen(
            ConsentScreen(
                "This is real money"
                if network.real_money
                else "The bond is higher than you accepted",
                lines,
                yes=self.primary_label,
                word=self.word if above or limit is None else "",
                loud=network.real_money,
            ),
            lambda agreed: self._unlock_and_send() if agreed else None,
        )

    def _unlock_and_send(self) -> None:
        if self.engine.unlocked:
            self._send()
        else:
            self.app.push_screen(
                UnlockScreen(self.wizard), lambda opened: self._send() if opened else None
            )

    def _send(self) -> None:
        if self.quote is not None:
            bond, price = self.quote.bond, self.quote.price
            self.wizard.perform(lambda: self.engine.register(agreed_bond=bond, agreed_price=price))

    def fee_is_asked(self, problem: Problem) -> bool:
        # Before anything is signed, Enter shows bond and fee again: that is the question.
        return super().fee_is_asked(problem) and bool(self.state.open_transactions)

    def failed(self, problem: Problem) -> None:
        if problem.code == "INSUFFICIENT_BALANCE":
            self.wizard.advance()
            return
        if problem.code == "LOCKED_KEY":
            self._unlock_and_send()
            return
        # Whatever it was: the next Enter looks at bond, fee and balance again.
        self._discard_quote()
        super().failed(problem)
        self.show_frame()


def _effect_of(quote: Quote) -> str:
    if quote.single:
        return "One transaction pays the bond, mints the Machine NFT and writes the DID."
    why = (
        f"\nThis network rejects the combined transaction: {quote.refused}" if quote.refused else ""
    )
    return f"Transaction 1 of 3 pays the bond and registers the machine. You pay it once.{why}"


def _published_by(quote: Quote, details: Details | None) -> str:
    """Return what a combined transaction makes public, because no later screen shows it."""
    if not quote.single or details is None:
        return ""
    return (
        f"\n  writes    {details.documentation_url}\n"
        f"            {details.data_api}, {details.data_visibility}"
    )
