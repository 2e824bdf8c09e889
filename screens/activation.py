"""Step 6 of an activation, second half: the price with its age, consent, and the activation."""

from __future__ import annotations

from core.amounts import peaq_fixed
from core.journal.state import Quote
from core.protocols.activation.quote import TIERS, ActivationQuote
from core.step import Step
from screens.registration import RegistrationScreen
from screens.widgets.frame import numbered
from screens.widgets.peaq_id import two_rows


class ActivationScreen(RegistrationScreen):
    """The same offer, consent and send as a registration; other terms."""

    title_text = numbered(Step.REGISTRATION, "activate")
    primary_label = "Sign and activate"
    word = "activate"
    sent_before = "The wizard already sent a transaction. It checks the result first."

    @property
    def can_go_back(self) -> bool:  # type: ignore[override]
        """To the identity, until something is signed for it."""
        activation = self.state.activation
        return activation is not None and not activation.fixed

    def terms_of(self, quote: Quote) -> str:
        if not isinstance(quote, ActivationQuote):
            raise TypeError("it is the quote of another protocol")
        settings, terms = self.engine.settings, quote.terms
        token = settings.network.token
        voucher = f"   after a voucher of {peaq_fixed(terms.credit)}" if terms.credit else ""
        how = (
            "Two transactions: the first allows exactly this bond, the second activates."
            if quote.approves
            else "One transaction activates the machine."
        )
        return (
            f"{how}\n\n"
            f"  tier      {terms.tier} {TIERS[terms.tier]}\n"
            f"  bond      {peaq_fixed(quote.bond, up=True)} {token}{voucher}\n"
            f"  max. fee  {peaq_fixed(quote.fee, up=True)} {token}   for all transactions\n"
            f"  balance   {peaq_fixed(quote.held)} {token}\n"
            f"  after     {peaq_fixed(max(quote.after, 0))} {token}   at least\n\n"
            f"  network   {quote.network}, chain {settings.network.chain_id}\n"
            f"  contract  {quote.contract}\n"
            f"  peaqID    {two_rows(quote.machine_id, 12)}\n\n"
            f"Price {self._age(quote)} at block {quote.block}. The wizard reads it again before "
            "it signs."
        )

    def _age(self, quote: ActivationQuote) -> str:
        minutes = int((self.engine.clock.monotonic() - quote.at) // 60)
        return f"read {minutes} min ago" if minutes else "read just now"

    def every_tick(self) -> None:
        super().every_tick()
        quote = self.quote
        if isinstance(quote, ActivationQuote) and self._age(quote) != self._shown_age:
            self._shown_age = self._age(quote)
            self.offer.set_text(self.terms_of(quote))

    _shown_age = "read just now"
