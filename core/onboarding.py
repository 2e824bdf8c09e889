"""The engine: one method a step, disk first, faults as OnboardingError, never anything else.

A driver (the screens, the plain text) looks at `action`, asks the technician what the step
needs, and calls its method. The engine can be left at any moment; what it did is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.clock import Clock, stamp
from core.config.settings import Settings
from core.errors.problem import NOT_RECORDED, OnboardingError, Problem, fault
from core.journal import events as ev
from core.journal.next_action import Action, next_action
from core.journal.state import Balance, Details, OwnerQuote, State
from core.secrets import Secret
from core.session import Session
from core.step import Step

if TYPE_CHECKING:
    from core.config.networks import Contracts
    from core.http import Http
    from core.keys.key_source import KeySource
    from core.keys.private_key import Key
    from core.preflight.check import CheckResult, Report
    from core.services.otpauth import Enrolment
    from core.steps.context import Context
    from core.steps.registration import Quote

log = logging.getLogger("peaq_onboard")


class Onboarding:
    """One machine's onboarding. All methods must be called from one event loop."""

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
        self.version = version
        self._connect = connect
        self._available_memory = available_memory
        self._single_transaction = single_transaction
        self._accepted: Contracts | None = None
        self._agreed_prices: dict[str, int] = {}
        """Wei per gas that people agreed to in this run, by the address that pays."""
        self._context: Context | None = None
        self._loading: asyncio.Task[Context] | None = None
        self._busy = asyncio.Lock()

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
        return self._context is not None and self._context.memory.key is not None

    @property
    def agreed_price(self) -> int | None:
        """Wei per gas that people agreed to for the machine's transactions, in this run or when
        one was signed.
        """
        address = self.state.address or ""
        agreed = self._agreed_prices.get(address)
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
        """Variable and address of each foreign contract that still needs consent: with real money
        nothing is signed before `accept_contracts`.
        """
        settings = self.settings
        if not settings.network.real_money or self._accepted == settings.contracts:
            return {}
        return settings.foreign_contracts

    def accept_contracts(self) -> None:
        """Record, for this run, the consent to the contracts that are set now."""
        self._accepted = self.settings.contracts

    @property
    def enrolment(self) -> Enrolment | None:
        """The otpauth entry, while this process has it in memory."""
        return self._context.memory.enrolment if self._context else None

    @property
    def image(self) -> tuple[str, float]:
        """The Gas Station's QR image URL, and the seconds for which it can still be fetched."""
        if self._context is None:
            return "", 0.0
        memory = self._context.memory
        return memory.image_url, max(memory.image_expires - self.clock.monotonic(), 0.0)

    async def load(self) -> Context:
        """Imports web3 and opens the clients, once; the imports run in a thread."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
        return await asyncio.shield(self._loading)

    async def _load(self) -> Context:
        def build() -> Context:
            from core.wiring import build_context  # web3 comes with it: here, in the thread

            return build_context(
                self.session,
                self.settings,
                self.clock,
                connect=self._connect,
                available_memory=self._available_memory,
                single_transaction=self._single_transaction,
                agreed_prices=self._agreed_prices,
            )

        self._context = await asyncio.to_thread(build)
        return self._context

    async def change_settings(self, settings: Settings) -> None:
        """Other settings, as corrected on the first screen: the clients are made anew.

        Raises OnboardingError (JOURNAL_MISMATCH) and then keeps the old ones.
        """
        from core.session import check_belongs

        check_belongs(self.state, settings)
        await self._close_clients()
        self.settings = settings
        self._loading = None

    async def close(self) -> None:
        await self._close_clients()
        self.session.close()

    async def _close_clients(self) -> None:
        if self._loading is not None:
            context = await self._loading
            await context.chain.rpc.close()
            for client in (context.gas_station, context.mcr):
                if client is not None:
                    await client.close()

    # Step 1

    async def check_environment(self, report: Report) -> list[CheckResult]:
        context = await self.load()
        from core.steps.environment import check_environment  # what it needs is imported by now

        return await check_environment(context, report)

    async def pass_environment(self, details: Details) -> None:
        """Records the details and that the environment is fine."""
        from core.steps.environment import pass_environment
        from core.steps.machine_nft import record_details

        async with self._step(Step.ENVIRONMENT) as context:
            _raise_first_fault(details)
            await pass_environment(context, self.version)
            await record_details(context, details)

    async def reconcile(self) -> None:
        """On every start: settles what is open, and compares the journal with the chain."""
        async with self._step(None) as context:
            from core.steps.reconcile import reconcile  # what it needs is imported by now

            await reconcile(context)

    # Step 2

    async def preview_key(self, source: KeySource) -> Key:
        """The key of `source`, so that its address can be looked at before it is stored."""
        from core.steps.keypair import load_key

        async with self._step(Step.KEYPAIR) as context:
            return await load_key(context, source)

    async def create_keypair(
        self, source: KeySource, passphrase: Secret, *, loaded: Key | None = None
    ) -> str:
        from core.steps.keypair import create_keypair

        async with self._step(Step.KEYPAIR) as context:
            return await create_keypair(context, source, passphrase, loaded=loaded)

    async def unlock(self, passphrase: Secret) -> None:
        from core.steps.keypair import unlock

        async with self._step(self.action.step) as context:
            await unlock(context, passphrase)

    async def back_up(self, way: Literal["copied", "revealed", "none"]) -> None:
        from core.steps.keypair import back_up

        async with self._step(Step.KEYPAIR) as context:
            await back_up(context, way)

    async def reveal_key(self) -> Secret:
        """The private key, for showing it on request. Raises OnboardingError (LOCKED_KEY)."""
        return (await self.load()).key().private_hex()

    async def set_keystore_aside(self) -> Path:
        from core.steps.keypair import archive_keystore

        async with self._step(Step.KEYPAIR) as context:
            return await archive_keystore(context)

    async def write_key_to_env(self) -> Path:
        from core.steps.keypair import write_key_to_env

        async with self._step(Step.KEYPAIR) as context:
            return await write_key_to_env(context)

    async def measure(self) -> None:
        from core.steps.funding import measure

        async with self._step(Step.KEYPAIR) as context:
            await measure(context)

    # Steps 3 to 5

    async def enrol(self) -> Enrolment | None:
        from core.steps.enrolment import enrol

        async with self._step(Step.ENROLMENT) as context:
            return await enrol(context)

    async def enrolment_shown(self) -> None:
        from core.steps.enrolment import enrolment_shown

        async with self._step(Step.ENROLMENT) as context:
            await enrolment_shown(context)

    async def confirm(self, code: str) -> None:
        from core.steps.enrolment import confirm

        async with self._step(Step.CONFIRMATION) as context:
            await confirm(context, code)

    @property
    def next_code_in(self) -> float:
        """Return the seconds for which the app still shows a used code; 0 if it does not."""
        if self._context is None:
            return 0.0
        from core.steps.enrolment import next_code_in

        return next_code_in(self._context)

    async def choose_way(self, way: str) -> None:
        from core.steps.funding import choose_way

        async with self._step(Step.FUNDING) as context:
            await choose_way(context, way)

    async def ask_gas_station(self, code: str) -> Balance:
        from core.steps.funding import ask_gas_station

        async with self._step(Step.FUNDING) as context:
            return await ask_gas_station(context, code)

    async def quote_owner(self) -> OwnerQuote:
        from core.steps.owner_wallet import quote_transfer

        async with self._step(Step.FUNDING) as context:
            return await quote_transfer(context)

    async def pay_from_owner(self, quote: OwnerQuote) -> Balance:
        """Pays what `quote` says, to which people have agreed, or less."""
        from core.steps.owner_wallet import pay_from_owner

        self._agreed_prices[quote.owner] = quote.price
        async with self._step(Step.FUNDING, signs=True) as context:
            return await pay_from_owner(context, agreed=quote.amount)

    async def look_at_balance(self) -> Balance:
        """Reads the balance; records the wallet as funded where it is enough. Not recorded as a
        failure where the line is down: this is asked again and again.
        """
        from core.steps.funding import look

        return await look(await self.load())

    # Steps 6 and 7

    async def quote(self, *, accepted: int | None = None) -> Quote | None:
        from core.steps.registration import quote

        async with self._step(Step.REGISTRATION) as context:
            return await quote(context, accepted=accepted)

    async def register(self, *, agreed_bond: int, agreed_price: int) -> None:
        """Registers for at most `agreed_bond` wei. This and what follows is signed for at most
        `agreed_price` wei per gas.
        """
        from core.steps.registration import register

        async with self._step(Step.REGISTRATION, signs=True) as context:
            self._agreed_prices[context.address] = agreed_price
            await register(context, agreed_bond=agreed_bond)

    def agree_to_fee(self, problem: Problem) -> None:
        """Let the next try sign at the price that a FEE_TOO_HIGH names."""
        self._agreed_prices[problem.params["payer"]] = int(problem.params["price_wei"])

    async def record_details(self, details: Details) -> None:
        from core.steps.machine_nft import record_details

        async with self._step(Step.MACHINE_NFT) as context:
            await record_details(context, details)

    async def mint(self) -> None:
        from core.steps.machine_nft import mint

        async with self._step(Step.MACHINE_NFT, signs=True) as context:
            await mint(context)

    async def write_did(self) -> None:
        from core.steps.machine_nft import write_did

        async with self._step(Step.MACHINE_NFT, signs=True) as context:
            await write_did(context)

    async def finish(self) -> bool:
        """Waits until all is final and writes the receipt; False where a reorganisation took
        something back, so that `action` is an earlier one again.
        """
        from core.steps.finish import finish

        async with self._step(Step.MACHINE_NFT) as context:
            return await finish(context, self.version)

    @asynccontextmanager
    async def _step(self, step: Step | None, *, signs: bool = False) -> AsyncIterator[Context]:
        """One operation at a time; what goes wrong is recorded, and comes as OnboardingError."""
        if self.settings.problems and step is not Step.ENVIRONMENT:
            # On every start, not only on the first screen: a code must not go where it should not.
            raise OnboardingError(self.settings.problems[0])
        if signs and (others := self.contracts_to_accept):
            title = self.settings.network.title
            raise fault("CONTRACTS_NOT_ACCEPTED", names=", ".join(others), network=title)
        context = await self.load()
        async with self._busy:
            try:
                yield context
            except OnboardingError as error:
                await self._record_failure(step, error)
                raise
            except Exception as error:  # a defect: it must not end in a traceback on the console
                # Without a traceback: it would bring the values of variables along.
                log.error(  # noqa: TRY400
                    "unforeseen: %s", describe_crash(error)
                )
                unforeseen = fault("UNEXPECTED", reason=type(error).__name__)
                await self._record_failure(step, unforeseen)
                raise unforeseen from error

    async def _record_failure(self, step: Step | None, error: OnboardingError) -> None:
        log.info("%s", error)
        if step is None or self.state.started is None or error.code in NOT_RECORDED:
            return
        found = error.problem
        event = ev.StepFailed(
            step=step.name,
            code=found.code,
            params=dict(found.params),
            detail=found.detail,
            until=stamp(found.until) if found.until else None,
        )
        try:
            await self.session.store.record(event)
        except OnboardingError as second:
            log.warning("the failure could not be recorded: %s", second)


def _raise_first_fault(details: Details) -> None:
    from core.chain.did import check_details

    found = check_details(details)
    if found:
        raise OnboardingError(found[0])


def describe_crash(error: BaseException) -> str:
    """Where a defect happened: files, lines and functions, never the values of variables."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-8:]))
    return f"{type(error).__name__} at {places}"
