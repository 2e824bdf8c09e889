"""What the steps of an activation work with: a real journal, and the scripted chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.chain.fee_limit import FeeLimit
from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.config.networks import MAINNET
from core.config.settings import load_settings
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.file import Journal
from core.protocols.activation import flow, requirement
from core.protocols.activation.identity import Entries, Identity
from core.steps import environment
from core.steps.context import Context
from tests.support.activation_chain import DETAILS, ENTRIES, KEY, WALLET, ActivationChain
from tests.support.clock import FakeClock
from tests.support.transports import answering


class ActivationWizard:
    """What the steps of an activation work with: a real journal in `folder`, the chain above."""

    def __init__(self, node: ActivationChain, clock: FakeClock, folder: Path) -> None:
        self.node, self.clock, self.folder = node, clock, folder
        self.prices: dict[str, int] = {}
        self.open()

    def open(self) -> Context:
        """A run: the journal is read, everything else is new."""
        settings = load_settings(
            environ={"PEAQOS_RPC_URL": "https://node.example"},
            env_file=self.folder / ".env",
            network="mainnet",
        )
        settings = replace(settings, deployment=self.node.deployment)
        clock, node = self.clock, self.node
        self.store = EventStore(Journal(self.folder / "journal.jsonl", clock.now), clock)
        rpc = Rpc(
            ["https://node.example"],
            node.deployment.chain_id,
            MAINNET.title,
            clock,
            lambda url: answering(url, node),
        )
        chain = Chain(rpc, MAINNET, settings.contracts)
        limit = FeeLimit(
            MAINNET,
            self.store,
            clock,
            self.prices,
            usual_gas=flow.USUAL_GAS,
            gas_left=flow.gas_left,
        )
        self.context = Context(
            settings=settings,
            folder=self.folder,
            clock=clock,
            store=self.store,
            chain=chain,
            protocol=flow,
            transactions=TransactionManager(chain, self.store, clock, limit),
            gas_station=None,
            mcr=None,
            available_memory=lambda: 2**30,
        )
        self.context.memory.key = KEY
        return self.context

    def restart(self) -> Context:
        self.store.close()
        return self.open()

    @property
    def events(self) -> list[str]:
        """The kinds of the records, oldest first."""
        return [type(record.event).__name__ for record in self.store.records]

    async def prepare(self, tier: int = 0, entries: Entries = ENTRIES) -> Identity:
        """Everything up to the quote."""
        context = self.context
        await environment.pass_environment(context, "1")
        for event in (
            ev.DetailsRecorded(
                DETAILS.documentation_url, DETAILS.data_api, DETAILS.data_visibility
            ),
            ev.KeypairStored(WALLET, "generated", "scrypt", "00"),
            ev.KeypairBackedUp("copied"),
        ):
            await self.store.record(event)
        await requirement.choose_tier(context, tier)
        return await requirement.describe(context, entries)
