"""Assemble the parts of a running rehearsal network, in the server's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from eth_typing import Address

from app.rehearsal.api.rpc import Rpc
from app.rehearsal.api.server import Server
from app.rehearsal.errors import RehearsalError
from app.rehearsal.faults import FaultBook
from app.rehearsal.node.activation_calls import Activations
from app.rehearsal.node.contract_calls import Contracts, calldata, contract
from app.rehearsal.node.node import Node
from app.rehearsal.node.store import Store, StoreError
from app.rehearsal.options import RehearsalOptions
from app.rehearsal.services.gas_station import GasStation
from app.rehearsal.services.mcr import Mcr
from app.rehearsal.services.qr_images import QrImages
from app.rehearsal.staging import Staging

SHUTDOWN_SECONDS = 1.0


class Parts:
    """Node, Gas Station, MCR API and server, and what tests do with them."""

    def __init__(
        self,
        options: RehearsalOptions,
        *,
        counter: Counter[str],
        port: Callable[[], int],
        gas_station_url: Callable[[], str],
    ) -> None:
        try:
            self.node = Node(
                store=lambda genesis_hash: Store(options.store, genesis_hash),
                block_time=options.block_time,
                finality_depth=options.finality_depth,
                now=options.now,
            )
        except StoreError as error:
            raise RehearsalError(str(error)) from error
        images = QrImages(url=gas_station_url, seconds=options.policy.qr_seconds)
        self.gas_station = GasStation(
            policy=options.policy,
            node=self.node,
            images=images,
            state=self.node.store.load_gas_station(),
            faults=lambda used, on_use: FaultBook(options.faults, used, on_use),
            now=options.now,
        )
        faults = self.gas_station.faults
        self.contracts = Contracts(self.node.chain)
        self.activations = Activations(self.node.chain)
        self._staging = Staging(self.node, self.contracts, self.activations, faults)
        self._staging.refresh()
        self.server = Server(
            rpc=Rpc(self.node, self._staging, faults, counter),
            gas_station=self.gas_station,
            images=images,
            mcr=Mcr(self.contracts, self.activations),
            faults=faults,
            counter=counter,
            now=options.now,
        )

    def arm(self, name: str, times: int | None) -> None:
        self.gas_station.faults.arm(name, times)
        self._staging.refresh()

    def send(self, address: str, wei: int) -> bytes:
        return self.node.send("giver", _address(address), wei)

    def balance(self, address: str) -> int:
        balance: int = self.node.chain.state().get_balance(_address(address))
        return balance

    def registrations(self, owner: str) -> list[int]:
        return self.contracts.registrations(_address(owner))

    def activations_of(self, owner: str) -> list[int]:
        return self.activations.minted_for(_address(owner))

    def set_peaq_price(self, price: int) -> None:
        self._administer("MachineSubscription", "setPeaqPriceUsd(uint256)", price)

    def give_voucher(self, address: str, wei: int) -> None:
        signature = "giveVoucher(address,uint256)"
        self._administer("MachineSubscription", signature, _address(address), wei)

    def pause_machine(self, machine_id: int, paused: bool) -> None:
        signature = "setTechnicalPaused(uint256,bool)"
        self._administer("MachineStateAndSync", signature, machine_id, paused)

    def set_min_bond(self, wei: int) -> None:
        self._administer("IdentityRegistry", "setMinBond(uint256)", wei)

    def set_base_fee(self, wei: int) -> None:
        self.node.chain.base_fee = wei

    def pause(self, paused: bool) -> None:
        for name in ("IdentityStaking", "MachineNFT"):
            self._administer(name, "setPaused(bool)", paused)

    def release_bond(self, machine_id: int) -> None:
        self._administer("IdentityStaking", "release(uint256)", machine_id)

    def _administer(self, name: str, signature: str, *arguments: object) -> None:
        self.node.act("admin", contract(name), calldata(signature, *arguments))


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))


@asynccontextmanager
async def listening(application: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application while the block runs; yields the port."""
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,  # so that a response that never comes ends with its client
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise RehearsalError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
