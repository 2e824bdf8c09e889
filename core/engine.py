"""The steps, one method each: disk first, faults as OnboardingError, never anything else.

Importing this takes long, because web3 comes with it: `Onboarding.load` does it in a thread, after
the first paint. A driver (the screens, plain mode) looks at `Onboarding.action`, asks the
technician what the step needs, and calls its method. It can stop at any moment; what was done is
in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from core.chain.abi import codec
from core.chain.did import check_details
from core.chain.fee_limit import FeeLimit
from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.clock import Clock, stamp
from core.config.settings import Settings
from core.errors.crash import describe_crash
from core.errors.problem import NOT_RECORDED, OnboardingError, fault
from core.http import Http
from core.journal import events as ev
from core.journal.next_action import next_action
from core.journal.state import Balance, Details, OwnerQuote, Quote
from core.keys.key_source import KeySource
from core.keys.keystore import available_memory as memory_of_this_machine
from core.keys.private_key import Key
from core.preflight.check import CheckResult, Report
from core.protocols.activation import flow as activation
from core.protocols.activation.identity import Entries, Identity
from core.protocols.activation.quote import Price
from core.protocols.activation.renewal import RenewalQuote
from core.protocols.guide import flow as guide
from core.secrets import Secret
from core.services.gas_station import GasStation
from core.services.mcr import Mcr
from core.services.otpauth import Enrolment
from core.session import Session
from core.step import Step
from core.steps import (
    enrolment,
    environment,
    finish,
    funding,
    keypair,
    owner_wallet,
    reconcile,
)
from core.steps.context import Context, OnboardingProtocol

log = logging.getLogger("peaq_onboard")


class Engine:
    """All methods must be called from one event loop."""

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
        """Open the clients. `connect` and `available_memory`: None for the usual ones."""
        self._version = version
        self._session = session
        self._busy = asyncio.Lock()
        connect = connect or Http
        network = settings.network
        protocol: OnboardingProtocol = activation if settings.deployment else guide
        for name in protocol.ABIS:
            codec(name)
        urls = (settings.rpc_url, *settings.fallback_urls)
        known = session.store.state.heights
        heights = replace(known, block_seconds=network.block_seconds, claimed=0)
        rpc = Rpc(urls, network.chain_id, network.title, clock, connect, heights=heights)
        chain = Chain(rpc, network, settings.contracts)
        gas_station = mcr = None
        if settings.gas_station_url:
            http = connect(settings.gas_station_url)
            gas_station = GasStation(http, network.gas_station_chain, clock)
        if settings.mcr_url:
            mcr = Mcr(connect(settings.mcr_url))
        fee_limit = FeeLimit(
            network,
            session.store,
            clock,
            session.consents.prices,
            usual_gas=protocol.USUAL_GAS,
            gas_left=protocol.gas_left,
        )
        self.context = Context(
            settings=settings,
            folder=session.folder,
            clock=clock,
            store=session.store,
            chain=chain,
            protocol=protocol,
            transactions=TransactionManager(chain, session.store, clock, fee_limit),
            gas_station=gas_station,
            mcr=mcr,
            available_memory=available_memory or memory_of_this_machine,
            single_transaction=single_transaction,
        )

    async def close(self) -> None:
        await self.context.chain.rpc.close()
        for client in (self.context.gas_station, self.context.mcr):
            if client is not None:
                await client.close()

    # Step 1

    async def check_environment(self, report: Report) -> list[CheckResult]:
        return await environment.check_environment(self.context, report)

    async def pass_environment(self, details: Details) -> None:
        """Record the details and that the environment is fine."""
        async with self._step(Step.ENVIRONMENT) as context:
            if found := check_details(details):
                raise OnboardingError(found[0])
            started = context.state.started is not None
            if self._session.consents.protocol_to_accept(context.settings, started=started):
                raise fault("PROTOCOL_NOT_ACCEPTED")
            await environment.pass_environment(context, self._version)
            await environment.record_details(context, details)

    async def reconcile(self) -> None:
        """On every start: settle what is open, and compare the journal with the chain."""
        async with self._step(None) as context:
            await reconcile.reconcile(context)

    # Step 2

    async def preview_key(self, source: KeySource) -> Key:
        """Return the key of `source`: the user checks its address before it is stored."""
        async with self._step(Step.KEYPAIR) as context:
            return await keypair.load_key(context, source)

    async def create_keypair(
        self, source: KeySource, passphrase: Secret, *, loaded: Key | None = None
    ) -> str:
        """Store the key and return its address."""
        async with self._step(Step.KEYPAIR) as context:
            return await keypair.create_keypair(context, source, passphrase, loaded=loaded)

    async def unlock(self, passphrase: Secret) -> None:
        async with self._step(next_action(self.context.state).step) as context:
            await keypair.unlock(context, passphrase)

    async def back_up(self, way: Literal["copied", "revealed", "none"]) -> None:
        async with self._step(Step.KEYPAIR) as context:
            await keypair.back_up(context, way)

    async def reveal_key(self) -> Secret:
        """Return the private key, to be shown on request. Raises OnboardingError (LOCKED_KEY)."""
        return self.context.key().private_hex()

    async def set_keystore_aside(self) -> Path:
        async with self._step(Step.KEYPAIR) as context:
            return await keypair.archive_keystore(context)

    async def write_key_to_env(self) -> Path:
        async with self._step(Step.KEYPAIR) as context:
            return await keypair.write_key_to_env(context)

    async def measure(self) -> None:
        async with self._step(Step.KEYPAIR) as context:
            await funding.measure(context)

    # Steps 3 to 5

    async def enrol(self) -> Enrolment | None:
        async with self._step(Step.ENROLMENT) as context:
            return await enrolment.enrol(context)

    async def enrolment_shown(self) -> None:
        async with self._step(Step.ENROLMENT) as context:
            await enrolment.enrolment_shown(context)

    async def confirm(self, code: str) -> None:
        async with self._step(Step.CONFIRMATION) as context:
            await enrolment.confirm(context, code)

    @property
    def next_code_in(self) -> float:
        """Seconds for which the app still shows a used code; 0 if it does not."""
        return enrolment.next_code_in(self.context)

    async def choose_funding_method(self, way: str) -> None:
        async with self._step(Step.FUNDING) as context:
            await funding.choose_funding_method(context, way)

    async def ask_gas_station(self, code: str) -> Balance:
        async with self._step(Step.FUNDING) as context:
            return await funding.ask_gas_station(context, code)

    async def quote_owner(self) -> OwnerQuote:
        async with self._step(Step.FUNDING) as context:
            return await owner_wallet.quote_transfer(context)

    async def pay_from_owner(self, quote: OwnerQuote) -> Balance:
        """Pay what `quote` says, to which people have agreed, or less."""
        self._session.consents.prices[quote.owner] = quote.price
        async with self._step(Step.FUNDING, signs=True) as context:
            return await owner_wallet.pay_from_owner(context, agreed=quote.amount)

    async def read_balance(self) -> Balance:
        """Read the balance, and record the wallet as funded if it is sufficient. Records no fault,
        because the screens call this every few seconds.
        """
        return await funding.read_balance(self.context)

    # Steps 6 and 7

    async def quote(self, *, accepted: int | None = None) -> Quote | None:
        async with self._step(Step.REGISTRATION) as context:
            return await context.protocol.quote(context, accepted=accepted)

    async def register(self, *, agreed_bond: int, agreed_price: int) -> None:
        """Register or activate for at most `agreed_bond` wei (of an activation: the net amount).
        This and what follows is signed for at most `agreed_price` wei per gas.
        """
        async with self._step(Step.REGISTRATION, signs=True) as context:
            self._session.consents.prices[context.address] = agreed_price
            await context.protocol.register(context, agreed_bond=agreed_bond)

    async def record_details(self, details: Details) -> None:
        async with self._step(Step.MACHINE_NFT) as context:
            await environment.record_details(context, details)

    async def mint(self) -> None:
        async with self._step(Step.MACHINE_NFT, signs=True) as context:
            await guide.mint(context)

    async def write_did(self) -> None:
        async with self._step(Step.MACHINE_NFT, signs=True) as context:
            await guide.write_did(context)

    # Activation alone

    async def prices(self) -> dict[int, Price]:
        """Return the price of each tier that the network offers this wallet now."""
        async with self._step(Step.FUNDING) as context:
            return await activation.prices(context)

    async def choose_tier(self, tier: int) -> None:
        """Record the tier and the funds that it requires."""
        async with self._step(Step.FUNDING) as context:
            await activation.choose_tier(context, tier)

    async def describe(self, entries: Entries) -> Identity:
        """Record the machine's identity, from which its permanent id follows."""
        async with self._step(Step.REGISTRATION) as context:
            return await activation.describe(context, entries)

    async def read_back(self) -> None:
        """Compare the activated machine with the records. Signs nothing."""
        async with self._step(Step.MACHINE_NFT) as context:
            await activation.read_back(context)

    async def revoke_allowance(self) -> None:
        """Set what MachineSubscription may still take from the wallet back to 0."""
        async with self._step(None, signs=True) as context:
            await activation.revoke(context)

    async def quote_renewal(self, *, accepted: int | None = None) -> RenewalQuote:
        """Return the price of one more period. `accepted`: see `quote`."""
        async with self._step(None) as context:
            return await activation.quote_renewal(context, accepted=accepted)

    async def renew(self, *, agreed_bond: int, agreed_price: int) -> bool:
        """Renew by one period for at most `agreed_bond` wei, right after `quote_renewal`, and wait
        until it is final; False if a reorganization undid something, which is open again.
        """
        async with self._step(None, signs=True) as context:
            self._session.consents.prices[context.address] = agreed_price
            await activation.renew(context, agreed_bond=agreed_bond)
            return await context.transactions.finalise()

    async def finish(self) -> bool:
        """Wait until all is final and write the receipt; False where a reorganisation took
        something back, so that `Onboarding.action` is an earlier one again.
        """
        async with self._step(Step.MACHINE_NFT) as context:
            return await finish.finish(context, self._version)

    @asynccontextmanager
    async def _step(self, step: Step | None, *, signs: bool = False) -> AsyncIterator[Context]:
        """One operation at a time; what goes wrong is recorded, and comes as OnboardingError."""
        settings = self.context.settings
        if settings.problems and step is not Step.ENVIRONMENT:
            # On every start, not only on the first screen: a code must not go where it should not.
            raise OnboardingError(settings.problems[0])
        if signs and (others := self._session.consents.contracts_to_accept(settings)):
            title = settings.network.title
            raise fault("CONTRACTS_NOT_ACCEPTED", names=", ".join(others), network=title)
        async with self._busy:
            try:
                yield self.context
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
        if step is None or self.context.state.started is None or error.code in NOT_RECORDED:
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
            await self.context.store.record(event)
        except OnboardingError as second:
            log.warning("the failure could not be recorded: %s", second)
