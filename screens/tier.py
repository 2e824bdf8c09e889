"""Step 5 of an activation, first half: the tiers with their prices for this wallet."""

from __future__ import annotations

from collections.abc import Mapping

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from core.amounts import format_peaq
from core.protocols.activation.quote import TIERS, Price
from core.step import Step
from screens.base import StepScreen
from screens.widgets.choice import Choice
from screens.widgets.frame import numbered
from screens.widgets.inputs import Row
from screens.widgets.line import Line


class TierScreen(StepScreen):
    step = Step.FUNDING
    title_text = numbered(step, "tier")

    note = getters.query_one("#tier-note", Line)
    place = getters.query_one("#tiers", Vertical)

    def body(self) -> ComposeResult:
        yield Line("The tier decides how large the bond is. A renewal costs the bond again.")
        yield Line("", classes="muted")
        yield Vertical(id="tiers")
        yield Line("Reading the price of each tier…", id="tier-note")

    def on_mount(self) -> None:
        self._read()

    @property
    def _choice(self) -> Choice | None:
        return next(iter(self.query(Choice)), None)

    def keys(self) -> list[tuple[str, str]]:
        choice = self._choice
        if choice is None:
            return [("Enter", "read the prices")]
        return [("Enter", "continue")] if choice.value else []

    def first_focus(self) -> Widget:
        return self._choice or self.primary

    def _read(self) -> None:
        self.wizard.perform(self.engine.prices, self._show)

    def _show(self, prices: Mapping[int, Price]) -> None:
        self.show_problem(None)
        token = self.engine.settings.network.token
        options = [
            (str(tier), f"{tier} {TIERS[tier]}", _terms(price, token))
            for tier, price in prices.items()
        ]
        names = {name.lower(): str(tier) for tier, name in TIERS.items()}
        preset = (self.wizard.presets.tier or "").lower()
        if self._choice is None:
            choice = Choice(options, names.get(preset, preset), id="tier", ask=True)
            self.place.mount(Row("Tier", choice))
        self.note.set_text("")
        self.call_after_refresh(self.focus_first)
        self.tick()

    def on_choice_changed(self) -> None:
        self.tick()

    def submit(self) -> None:
        choice = self._choice
        if choice is None:
            self._read()
        elif not choice.value:
            self.note.set_text("Choose a tier with the arrow keys, then press Enter.")
        else:
            tier = int(choice.value)
            self.wizard.perform(lambda: self.engine.choose_tier(tier))


def _terms(price: Price, token: str) -> str:
    """The bond, and what this wallet pays of it."""
    net = f"{format_peaq(price.net, up=True)} {token}"
    if not price.credit:
        return f"bond {net}"
    bond, voucher = format_peaq(price.bond, up=True), format_peaq(price.credit)
    return f"bond {bond}, voucher {voucher}, you pay {net}"
