"""A node: chain, pool and store, and the accounts that the rehearsal pays from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth.abc import SignedTransactionAPI
from eth_keys.datatypes import PrivateKey
from eth_typing import Address

from app.rehearsal.node import genesis
from app.rehearsal.node.evm import Chain, MinedBlock, role_address
from app.rehearsal.node.mempool import Mempool, Refused
from app.rehearsal.node.store import Store
from app.rehearsal.node.vm import RehearsalVM

TRANSFER_GAS = 21_000
ADMIN_GAS = 8_000_000
# Bid of the rehearsal's own transactions for gas: above any base fee that a test sets.
GENEROUS_FEE = 10**15


@dataclass(frozen=True)
class SentTransaction:
    """A transaction accepted over RPC. `value` in wei, the rest in hex."""

    hash: str
    sender: str
    nonce: int
    to: str
    value: int
    data: str
    raw: str


class Node:
    """Node that accepts transactions, makes blocks, and stores both."""

    def __init__(
        self,
        *,
        store: Callable[[str], Store],
        block_time: float,
        finality_depth: int,
        now: Callable[[], datetime],
    ) -> None:
        self.chain = Chain()
        self.pool = Mempool(self.chain)
        self.sent: list[SentTransaction] = []
        self.finality_depth = finality_depth
        self._automine = block_time == 0
        self._now = now
        self.store = store("0x" + self.chain.head.hash.hex())
        for record in self.store.records():
            self._replay(record)
        self._automine_all()  # accepted just before the process was killed

    def _replay(self, record: dict[str, Any]) -> None:
        if "pool" in record:
            self._take(self._decode(record["pool"]), rpc=record["rpc"])
        elif "block" in record:
            transactions = [self._decode(raw) for raw in record["transactions"]]
            self.chain.base_fee = record["fee"]
            block, _ = self.chain.mine(transactions, record["time"])
            self.pool.discard(block.transactions)
        else:
            self._revert(record["revert"], repool=record["repool"])

    def _decode(self, raw: str) -> SignedTransactionAPI:
        return self.decode(bytes.fromhex(raw[2:]))

    @property
    def finalized(self) -> int:
        """Return the number of the newest block that counts as final."""
        return max(0, self.chain.head.number - self.finality_depth)

    # Transactions

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """Return the transaction of signed bytes with its sender. Raises Refused."""
        try:
            transaction = self.chain.decode(raw)
            _ = transaction.sender  # recovers it from the signature
        except Exception as error:  # rlp and py-evm raise a dozen types
            raise Refused(f"rlp: malformed transaction: {type(error).__name__}") from error
        return transaction

    def submit(self, transaction: SignedTransactionAPI, *, rpc: bool = False) -> bytes:
        """Add a transaction to the pool, and to a block if there is no block time.

        Returns the hash. Raises Refused with the words of a node.
        """
        self.pool.check(transaction)
        self.store.append({"pool": "0x" + transaction.encode().hex(), "rpc": rpc})
        self._take(transaction, rpc=rpc)
        self._automine_all()
        return transaction.hash

    def _take(self, transaction: SignedTransactionAPI, *, rpc: bool) -> None:
        self.pool.add(transaction)
        if rpc:
            self.sent.append(
                SentTransaction(
                    hash="0x" + transaction.hash.hex(),
                    sender="0x" + transaction.sender.hex(),
                    nonce=transaction.nonce,
                    to="0x" + transaction.to.hex(),
                    value=transaction.value,
                    data="0x" + transaction.data.hex(),
                    raw="0x" + transaction.encode().hex(),
                )
            )

    def sign(
        self, role: str, to: Address, wei: int, data: bytes = b"", gas: int = TRANSFER_GAS
    ) -> SignedTransactionAPI:
        """Sign a transaction of one of the rehearsal's own accounts with its next nonce."""
        key = genesis.account_key(role)
        unsigned = RehearsalVM.get_transaction_builder().new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined]
            chain_id=genesis.CHAIN_ID,
            nonce=self.pool.next_nonce(role_address(role)),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=GENEROUS_FEE,
            gas=gas,
            to=to,
            value=wei,
            data=data,
            access_list=(),
        )
        signed: SignedTransactionAPI = unsigned.as_signed_transaction(PrivateKey(key))
        return signed

    def send(self, role: str, to: Address, wei: int) -> bytes:
        """Pay from one of the rehearsal's own accounts, like any sender. Returns the hash."""
        return self.submit(self.sign(role, to, wei))

    def act(self, role: str, to: Address, data: bytes = b"", wei: int = 0) -> None:
        """Execute something at once, in a separate block, whatever the pool holds."""
        self._mine([self.sign(role, to, wei, data, ADMIN_GAS)])

    # Blocks

    def mine(self) -> MinedBlock:
        """Make a block of the pool's executable transactions, or an empty one."""
        return self._mine(self.pool.executable())

    def _mine(self, transactions: Sequence[SignedTransactionAPI]) -> MinedBlock:
        fee = self.chain.base_fee
        block, left_out = self.chain.mine(transactions, int(self._now().timestamp()))
        self.store.append(
            {
                "block": block.number,
                "time": block.header.timestamp,
                "fee": fee,
                "transactions": ["0x" + item.encode().hex() for item in block.transactions],
            }
        )
        self.pool.discard((*block.transactions, *left_out))
        return block

    def _automine_all(self) -> None:
        while self._automine and (ready := self.pool.executable()):
            self._mine(ready[:1])

    def revert(self, number: int, *, repool: bool) -> None:
        """Remove all blocks after `number`, as a reorganization does."""
        self.store.append({"revert": number, "repool": repool})
        self._revert(number, repool=repool)

    def _revert(self, number: int, *, repool: bool) -> None:
        dropped = self.chain.revert(number)
        if repool:
            for transaction in dropped:
                self.pool.add(transaction)
