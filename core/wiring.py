"""Everything that takes long to import, in one place: imported in a thread, after the first paint.

The steps too, which nothing here uses: whatever imports web3 later would do it on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import core.steps.environment
import core.steps.finish
import core.steps.keypair
import core.steps.machine_nft
import core.steps.owner_wallet
import core.steps.reconcile
import core.steps.registration  # noqa: F401 - imported so that nobody waits for it later
from core.chain.abi import codec
from core.chain.fee_limit import FeeLimit
from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.clock import Clock
from core.config.settings import Settings
from core.http import Http
from core.keys.keystore import available_memory as memory_of_this_machine
from core.services.gas_station import GasStation
from core.services.mcr import Mcr
from core.session import Session
from core.steps.context import Context


def build_context(
    session: Session,
    settings: Settings,
    clock: Clock,
    *,
    connect: Callable[[str], Http] | None,
    available_memory: Callable[[], int] | None,
    single_transaction: bool,
    agreed_prices: Mapping[str, int],
) -> Context:
    """The clients and what the steps share. `connect` and `available_memory`: None for the usual
    ones. `agreed_prices`: as in `FeeLimit`.
    """
    for name in ("identity_registry", "identity_staking", "machine_nft", "did_registry"):
        codec(name)
    network, connect = settings.network, connect or Http
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
    fee_limit = FeeLimit(network, session.store, clock, agreed_prices)
    return Context(
        settings=settings,
        folder=session.folder,
        clock=clock,
        store=session.store,
        chain=chain,
        transactions=TransactionManager(chain, session.store, clock, fee_limit),
        gas_station=gas_station,
        mcr=mcr,
        available_memory=available_memory or memory_of_this_machine,
        single_transaction=single_transaction,
    )
