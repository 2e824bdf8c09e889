"""A chain in a few attributes, behind the real JSON-RPC client, and a transaction manager on it.

For faults that no real chain commits on request: finality that stays behind, a lost block, an
account nonce below transactions that are included.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from eth_utils.crypto import keccak

from core.chain.fee_limit import FeeLimit
from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.chain.types import Account, Fees
from core.chain.unsigned import UnsignedTransaction
from core.config.networks import MAINNET, Network
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.file import Journal
from core.keys.private_key import key_from_bytes
from core.protocols.guide.requirement import USUAL_GAS, gas_left
from tests.support.clock import FakeClock
from tests.support.transports import answering

PEAQ = 10**18
KEY = key_from_bytes(bytes(31) + b"\x07")
TO = MAINNET.contracts.identity_registry
FEES = Fees(cap=10**10, tip=0, base=10**9)


class ScriptedChain:
    """One account and its blocks; a test changes every answer by assignment.

    Each broadcast is `sent`, and included in a block of its own while `includes`.
    """

    def __init__(self) -> None:
        self.head = 10
        self.finalized = 0
        self.nonce = 0
        self.balance = 2 * PEAQ
        self.includes = True
        self.reverts = False
        self.gas_used = "0x5208"
        self.forks = 0
        self.lost_blocks: set[int] = set()
        """Blocks that the node does not know, and neither their receipts."""
        self.places: dict[str, int] = {}
        self.sent: list[str] = []

    def block_hash(self, height: int) -> str:
        return "0x" + keccak(text=f"{height} after {self.forks} reorganizations").hex()

    def mine(self) -> None:
        self.head += 1

    def reorganize(self) -> None:
        """Replace every block by another one, with nothing in it."""
        self.forks += 1
        self.head += 1
        self.nonce = 0
        self.places.clear()

    def include(self, raw: str) -> None:
        self.mine()
        self.nonce += 1
        self.places["0x" + keccak(hexstr=raw).hex()] = self.head

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        answers = [
            {"jsonrpc": "2.0", "id": call["id"], "result": self._answer(**call)}
            for call in (body if isinstance(body, list) else [body])
        ]
        return httpx.Response(200, json=answers if isinstance(body, list) else answers[0])

    def _answer(self, *, method: str, params: list[Any], **_: Any) -> Any:
        match method:
            case "eth_chainId":
                return hex(MAINNET.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getBalance":
                return hex(self.balance)
            case "eth_getTransactionCount":
                return hex(self.nonce)
            case "eth_getBlockByNumber":
                return self._block(params[0])
            case "eth_getTransactionReceipt":
                return self._receipt(params[0])
            case "eth_getTransactionByHash":
                return {} if self._receipt(params[0]) else None
            case "eth_call":
                return "0x"
            case "eth_sendRawTransaction":
                self.sent.append(params[0])
                if self.includes and self.balance >= PEAQ:
                    self.include(params[0])
                return "0x" + keccak(hexstr=params[0]).hex()
        raise AssertionError(f"nobody asks this chain for {method}")

    def _block(self, wanted: str) -> Any:
        height = self.finalized if wanted == "finalized" else int(wanted, 16)
        if height > self.head or height in self.lost_blocks:
            return None
        return {"number": hex(height), "hash": self.block_hash(height)}

    def _receipt(self, tx_hash: str) -> Any:
        height = self.places.get(tx_hash)
        if height is None or height in self.lost_blocks:
            return None
        return {
            "transactionHash": tx_hash,
            "blockNumber": hex(height),
            "blockHash": self.block_hash(height),
            "status": "0x0" if self.reverts else "0x1",
            "gasUsed": self.gas_used,
            "effectiveGasPrice": "0x1",
            "logs": [],
        }


class Manager:
    """A transaction manager on a scripted chain, with a real journal in `folder`."""

    def __init__(
        self, chain: ScriptedChain, clock: FakeClock, folder: Path, network: Network = MAINNET
    ) -> None:
        self.clock = clock
        self.store = EventStore(Journal(folder / "journal.jsonl", clock.now), clock)
        rpc = Rpc(
            ["https://node.example"],
            MAINNET.chain_id,
            network.title,
            clock,
            lambda url: answering(url, chain),
        )
        limit = FeeLimit(network, self.store, clock, {}, usual_gas=USUAL_GAS, gas_left=gas_left)
        self.sender = TransactionManager(
            Chain(rpc, network, network.contracts), self.store, clock, limit
        )
        self.node = chain

    @property
    def events(self) -> list[str]:
        """The kinds of the records, oldest first."""
        return [type(record.event).__name__ for record in self.store.records]

    async def send(self, purpose: str = "register", gas: int = 100_000) -> None:
        """Sign, send and watch the next transaction of the account."""
        node = self.node
        if not self.store.records:
            await self.store.record(ev.OnboardingStarted(MAINNET.name, MAINNET.chain_id, {}, "1"))
        unsigned = UnsignedTransaction(purpose, KEY.address, TO, PEAQ, "0x", gas)
        account = Account(balance=node.balance, nonce=node.nonce, pending=node.nonce)
        await self.sender.send(unsigned, KEY, account, FEES)

    async def register(self) -> None:
        """Send the registration, and record the machine as registered."""
        await self.send()
        await self.store.record(ev.MachineRegistered(1001, PEAQ, self.node.head, "sent"))
