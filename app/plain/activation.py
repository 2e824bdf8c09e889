"""The line-by-line wizard's questions that only an activation has: tier, identity, consent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from app.answers import Answers
from app.plain.console import Console
from app.plain.keypair import KeyPrompts
from app.plain.prompts import NotAgreed, Prompts
from core.amounts import format_peaq
from core.errors.problem import OnboardingError
from core.journal.activation_narrative import day_of
from core.journal.activation_state import ActivationState
from core.journal.state import Details
from core.onboarding import Onboarding
from core.protocols.activation.identity import (
    Entries,
    check_entries,
    did_of,
    endpoints_of,
    propose_subject,
)
from core.protocols.activation.quote import TIERS, ActivationQuote, Price


class _Field(NamedTuple):
    """A part of the identity: its name, preset and question, and the error of an unusable one."""

    name: str
    option: str
    question: str
    code: str


_FIELDS = (
    _Field(
        "machine_type", "--machine-type", "Machine type, such as robot-arm", "MACHINE_TYPE_INVALID"
    ),
    _Field("subject", "--subject", "Credential subject", "SUBJECT_INVALID"),
    _Field("manufacturer", "--manufacturer", "Manufacturer's address", "MANUFACTURER_INVALID"),
    _Field("controller", "--controller", "Controller's address", "CONTROLLER_INVALID"),
)


class ActivationPrompts(Prompts):
    def __init__(
        self, engine: Onboarding, answers: Answers, console: Console, keys: KeyPrompts
    ) -> None:
        super().__init__(engine, answers, console)
        self._keys = keys
        self._preset_entries = True
        """False once the user has asked to type the identity again."""

    @property
    def _activation(self) -> ActivationState:
        return self.engine.state.activation or ActivationState()

    @property
    def _token(self) -> str:
        return self.engine.settings.network.token

    async def choose_tier(self) -> None:
        """Show each tier with its price for this wallet, and record the chosen one."""
        prices = await self.engine.prices()
        for price in prices.values():
            self.console.say(f"  {price.tier}  {TIERS[price.tier]:<6} {self._terms(price)}")
        names = {name.lower(): tier for tier, name in TIERS.items()}
        typed = self.answers.tier
        while True:
            text = typed if typed is not None else self.console.ask("--tier", "Tier (its number)")
            tier = names.get(text.lower(), int(text) if text.isdecimal() else -1)
            if tier in prices or typed is not None:
                break
            self.console.refused(f"Type one of {', '.join(map(str, prices))}.")
        await self.engine.choose_tier(tier)

    def _terms(self, price: Price) -> str:
        terms = f"bond {format_peaq(price.bond, up=True)} {self._token}"
        if price.credit:
            terms += f", voucher {format_peaq(price.credit)}"
        return f"{terms}, to pay {format_peaq(price.net, up=True)} {self._token}"

    async def describe(self) -> None:
        """Ask for the identity, field by field, and record it."""
        self.console.paragraph(
            "Type and subject give the machine its permanent id. Nobody can change them after the "
            "activation. The data visibility has no field in this flow."
        )
        address = self.engine.state.address or ""
        known = self._activation.identity
        proposals = {
            "machine_type": known.machine_type if known else "",
            "subject": known.subject if known else propose_subject(),
            "manufacturer": known.manufacturer if known else "",
            "controller": known.controller if known else address,
        }
        entries = Entries(
            "", "", "", endpoints=endpoints_of(self.engine.state.details or Details())
        )
        for field in _FIELDS:
            entries = self._entered(entries, field, proposals[field.name])
        identity = await self.engine.describe(entries)
        self._preset_entries = False
        self.console.say(f"The machine's peaqID will be {did_of(identity.machine_id)}")

    def _entered(self, entries: Entries, field: _Field, proposal: str) -> Entries:
        """Return `entries` with one more field. Ask again after an unusable answer."""
        value = getattr(self.answers, field.name) if self._preset_entries else None
        if not value and self.answers.no_input and field.name in ("subject", "controller"):
            value = proposal
        while True:
            value = value or self.console.ask(field.option, field.question, proposal)
            changed: dict[str, Any] = {field.name: value}
            entries = replace(entries, **changed)
            found = next((one for one in check_entries(entries) if one.code == field.code), None)
            if found is None:
                return entries
            self.console.problem(found)
            if self.answers.no_input:
                raise OnboardingError(found)
            self.console.refused()
            value = None

    async def activate(self) -> None:
        """Quote, ask for consent, then approve and activate."""
        if self._differs():
            await self.describe()
            return
        quote = await self.engine.quote(accepted=self.answers.accept_bond)
        if not isinstance(quote, ActivationQuote):
            return  # the machine turned out to be active, which is recorded
        self._show(quote)
        if self.answers.accept_bond is None and not self._consents(quote):
            self._preset_entries = False
            await self.describe()
            return
        price, agreed = quote.price, self.engine.agreed_price
        if agreed and self.answers.accept_bond is not None:
            price = min(price, agreed)
        await self._keys.unlock()
        await self.engine.register(agreed_bond=quote.bond, agreed_price=price)

    def _differs(self) -> bool:
        """Whether the presets describe another machine than the recorded one, which is not fixed
        yet.
        """
        identity = self._activation.identity
        if identity is None or self._activation.fixed or not self._preset_entries:
            return False
        given = {field.name: getattr(self.answers, field.name) for field in _FIELDS}
        return any(
            value is not None and value.lower() != str(getattr(identity, name)).lower()
            for name, value in given.items()
        )

    def _show(self, quote: ActivationQuote) -> None:
        network = self.engine.settings.network
        self.console.say(f"peaqID {did_of(quote.machine_id)}")
        self.console.say(
            f"tier {quote.terms.tier} ({TIERS[quote.terms.tier]}): {self._terms(quote.terms)}"
        )
        self.console.say(
            f"maximum fee {format_peaq(quote.fee, up=True)}, balance after at least "
            f"{format_peaq(max(quote.after, 0))} {network.token}"
        )
        self.console.say(f"network {quote.network}, contract {quote.contract}")
        if quote.approves:
            self.console.paragraph(
                f"Two transactions: the first lets MachineSubscription take exactly "
                f"{format_peaq(quote.approves, up=True)} {network.token}, the second activates."
            )
        self.console.paragraph(
            f"This is the price at block {quote.block}. Before each signature the wizard reads it "
            "again; if it is higher, the wizard stops and asks you."
        )

    def _consents(self, quote: ActivationQuote) -> bool:
        """Whether the user agrees; False to change the identity first. Raises NotAgreed."""
        real = self.engine.settings.network.real_money
        if self.answers.yes and not real:
            return True
        change = "" if self._activation.fixed else '; "change" to correct the machine'
        question = f'Activate? Type "activate"{change}'
        typed = self.console.ask("--accept-bond" if real else "--yes", question).lower()
        if typed == "change" and change:
            return False
        if typed != "activate":
            raise NotAgreed
        return True

    async def read_back(self) -> None:
        """Compare the machine with the records; offer to remove an allowance that is left."""
        await self.engine.read_back()
        activation = self._activation
        if activation.renew_before is not None:
            self.console.say(f"Renew before {day_of(activation.renew_before)}: peaq-onboard renew")
        if activation.allowance_left:
            left = f"{format_peaq(activation.allowance_left)} {self._token}"
            self.console.say(f"MachineSubscription may still take {left} from this wallet.")
            if self._revokes():
                await self._keys.unlock()
                await self.engine.revoke_allowance()

    def _revokes(self) -> bool:
        if self.answers.revoke_allowance or self.answers.no_input:
            return self.answers.revoke_allowance
        typed = self.console.ask("--revoke-allowance", "Set it back to 0? It costs a fee", "no")
        return typed.lower() in ("y", "yes")
