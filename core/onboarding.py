"""One machine's onboarding: what the first screen shows, and the way to the engine.

Light on purpose: nothing here imports web3, eth_account or httpx. `load` imports the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.clock import Clock
from core.config.settings import Settings
from core.errors.problem import Problem
from core.journal.next_action import Action, next_action
from core.journal.state import Balance, Details, OwnerQuote, Quote, State
from core.secrets import Secret
from core.session import Session, check_belongs

if TYPE_CHECKING:
    from core.engine import Engine
    from core.http import Http
    from core.keys.key_source import KeySource
    from core.keys.private_key import Key
    from core.preflight.check import CheckResult, Report
    from core.protocols.activation.identity import Entries, Identity
    from core.protocols.activation.quote import Price
    from core.protocols.activation.renewal import RenewalQuote
    from core.services.otpauth import Enrolment
    from core.steps.context import Memory


class Onboarding:
    """The light half: state, next action, settings and consents. Each call below `load` passes on
    to the method of the same name in `core.engine`. All must be called from one event loop.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        clock: Clock,
        *,
        version: str,
        connect: Callable[[str], Http] | None = None,
        available_memory: Callable[[], int] | None = None,
        single_transaction: bool = False,
    ) -> None:
        self.session = session
        self.settings = settings
        self.clock = clock
        self._version = version
        self._connect = connect
        self._available_memory = available_memory
        self._single_transaction = single_transaction
        self._engine: Engine | None = None
        self._loading: asyncio.Task[Engine] | None = None

    @property
    def state(self) -> State:
        return self.session.store.state

    @property
    def action(self) -> Action:
        return next_action(self.state)

    @property
    def problem(self) -> Problem | None:
        """The newest fault that nothing has overcome yet; it survives a restart."""
        return self.state.failure.problem if self.state.failure else None

    @property
    def unlocked(self) -> bool:
        return self._memory is not None and self._memory.key is not None

    @property
    def agreed_price(self) -> int | None:
        """Wei per gas that people agreed to for the machine's transactions, in this run or when
        one was signed.
        """
        address = self.state.address or ""
        agreed = self.session.consents.prices.get(address)
        return self.state.agreed_price(address) if agreed is None else agreed

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways in which this wallet can be funded, the easiest first."""
        keypair = self.state.keypair
        own = keypair is not None and keypair.way == "environment"
        ways = []
        if self.settings.gas_station_url:
            ways.append("gas-station")
        if self.settings.private_key is not None and not own:
            ways.append("owner")
        return (*ways, "manual")

    @property
    def contracts_to_accept(self) -> dict[str, str]:
        """Variable and address of each foreign contract that still needs consent."""
        return self.session.consents.contracts_to_accept(self.settings)

    def accept_contracts(self) -> None:
        """Record, for this run, the consent to the contracts that are set now."""
        self.session.consents.contracts = self.settings.contracts

    @property
    def protocol_to_accept(self) -> bool:
        """Whether the user still has to choose the guide's flow in words."""
        started = self.state.started is not None
        return self.session.consents.protocol_to_accept(self.settings, started=started)

    def accept_protocol(self) -> None:
        """Record, for this run, that the user chose the guide's flow."""
        self.session.consents.protocol = True

    @property
    def enrolment(self) -> Enrolment | None:
        """The otpauth entry, while this process has it in memory."""
        return self._memory.enrolment if self._memory else None

    @property
    def image(self) -> tuple[str, float]:
        """The Gas Station's QR image URL, and the seconds for which it can still be fetched."""
        if self._memory is None:
            return "", 0.0
        left = self._memory.image_expires - self.clock.monotonic()
        return self._memory.image_url, max(left, 0.0)

    @property
    def next_code_in(self) -> float:
        """Return the seconds for which the app still shows a used code; 0 if it does not."""
        return self._engine.next_code_in if self._engine else 0.0

    def agree_to_fee(self, problem: Problem) -> None:
        """Let the next try sign at the price that a FEE_TOO_HIGH names."""
        self.session.consents.prices[problem.params["payer"]] = int(problem.params["price_wei"])

    @property
    def _memory(self) -> Memory | None:
        return self._engine.context.memory if self._engine else None

    async def load(self) -> Engine:
        """Import the engine and open its clients, once; the imports run in a thread."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
        return await asyncio.shield(self._loading)

    async def _load(self) -> Engine:
        def build() -> Engine:
            from core.engine import Engine  # web3 comes with it: here, in the thread

            return Engine(
                self.session,
                self.settings,
                self.clock,
                version=self._version,
                connect=self._connect,
                available_memory=self._available_memory,
                single_transaction=self._single_transaction,
            )

        self._engine = await asyncio.to_thread(build)
        return self._engine

    async def change_settings(self, settings: Settings) -> None:
        """Take other settings, as corrected on the first screen: the engine is made anew.

        Raises OnboardingError (JOURNAL_MISMATCH) and then keeps the old ones.
        """
        check_belongs(self.state, settings)
        await self._close_engine()
        self.settings = settings
        self._loading = None

    async def close(self) -> None:
        await self._close_engine()
        self.session.close()

    async def _close_engine(self) -> None:
        if self._loading is not None:
            engine = await self._loading
            await engine.close()

    async def check_environment(self, report: Report) -> list[CheckResult]:
        return await (await self.load()).check_environment(report)

    async def pass_environment(self, details: Details) -> None:
        await (await self.load()).pass_environment(details)

    async def reconcile(self) -> None:
        await (await self.load()).reconcile()

    async def preview_key(self, source: KeySource) -> Key:
        return await (await self.load()).preview_key(source)

    async def create_keypair(
        self, source: KeySource, passphrase: Secret, *, loaded: Key | None = None
    ) -> str:
        return await (await self.load()).create_keypair(source, passphrase, loaded=loaded)

    async def unlock(self, passphrase: Secret) -> None:
        await (await self.load()).unlock(passphrase)

    async def back_up(self, way: Literal["copied", "revealed", "none"]) -> None:
        await (await self.load()).back_up(way)

    async def reveal_key(self) -> Secret:
        return await (await self.load()).reveal_key()

    async def set_keystore_aside(self) -> Path:
        return await (await self.load()).set_keystore_aside()

    async def write_key_to_env(self) -> Path:
        return await (await self.load()).write_key_to_env()

    async def measure(self) -> None:
        await (await self.load()).measure()

    async def enrol(self) -> Enrolment | None:
        return await (await self.load()).enrol()

    async def enrolment_shown(self) -> None:
        await (await self.load()).enrolment_shown()

    async def confirm(self, code: str) -> None:
        await (await self.load()).confirm(code)

    async def choose_funding_method(self, way: str) -> None:
        await (await self.load()).choose_funding_method(way)

    async def ask_gas_station(self, code: str) -> Balance:
        return await (await self.load()).ask_gas_station(code)

    async def quote_owner(self) -> OwnerQuote:
        return await (await self.load()).quote_owner()

    async def pay_from_owner(self, quote: OwnerQuote) -> Balance:
        return await (await self.load()).pay_from_owner(quote)

    async def read_balance(self) -> Balance:
        return await (await self.load()).read_balance()

    async def quote(self, *, accepted: int | None = None) -> Quote | None:
        return await (await self.load()).quote(accepted=accepted)

    async def register(self, *, agreed_bond: int, agreed_price: int) -> None:
        await (await self.load()).register(agreed_bond=agreed_bond, agreed_price=agreed_price)

    async def record_details(self, details: Details) -> None:
        await (await self.load()).record_details(details)

    async def mint(self) -> None:
        await (await self.load()).mint()

    async def write_did(self) -> None:
        await (await self.load()).write_did()

    async def prices(self) -> dict[int, Price]:
        return await (await self.load()).prices()

    async def choose_tier(self, tier: int) -> None:
        await (await self.load()).choose_tier(tier)

    async def describe(self, entries: Entries) -> Identity:
        return await (await self.load()).describe(entries)

    async def read_back(self) -> None:
        await (await self.load()).read_back()

    async def revoke_allowance(self) -> None:
        await (await self.load()).revoke_allowance()

    async def quote_renewal(self, *, accepted: int | None = None) -> RenewalQuote:
        return await (await self.load()).quote_renewal(accepted=accepted)

    async def renew(self, *, agreed_bond: int, agreed_price: int) -> bool:
        return await (await self.load()).renew(agreed_bond=agreed_bond, agreed_price=agreed_price)

    async def finish(self) -> bool:
        return await (await self.load()).finish()
