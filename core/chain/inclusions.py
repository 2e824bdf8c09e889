"""Inclusions that the journal records, compared with the chain: a reorganization can undo them."""

from __future__ import annotations

from core.chain.queries import Chain
from core.chain.types import Receipt
from core.chain.unsigned import TITLES
from core.clock import Clock
from core.errors.problem import fault
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.state import Tx, TxStatus

WATCH_PATIENCE = 180.0
"""Seconds for which a transaction is watched before the technician is told that it is late."""

_IN_A_BLOCK = (TxStatus.INCLUDED, TxStatus.REVERTED)
"""A reverted transaction used its nonce as well: a reorganization can give that back."""


class Inclusions:
    """Included transactions that are not final yet."""

    def __init__(self, chain: Chain, store: EventStore, clock: Clock) -> None:
        self._chain = chain
        self._store = store
        self._clock = clock
        self.seen: set[str] = set()
        """Hashes of transactions that this process has seen in their block."""

    async def revisit(self, *, doubt: bool = False) -> None:
        """Looks whether what was in a block in an earlier run still is, and with `doubt` also
        what this process saw there; what is not becomes open again. Raises OnboardingError
        (RPC_…).
        """
        included = [
            tx
            for tx in self._store.state.transactions
            if tx.status in _IN_A_BLOCK and (doubt or tx.hash not in self.seen)
        ]
        if not included:
            return
        receipts = [self._chain.receipt(tx.hash) for tx in included]
        await self._chain.read(*receipts, height=False)
        for tx, receipt in zip(included, receipts, strict=True):
            if await self.still_there(tx, receipt.value):
                self.seen.add(tx.hash)

    async def undone_before(self, tx: Tx, *, nonce: int, height: int) -> bool:
        """Return whether a reorganization undid a transaction that `tx` has to follow.

        `nonce` is the sender's at block `height`. Where it denies a recorded inclusion, every
        inclusion is doubted. Raises OnboardingError (RPC_…).
        """
        denied = any(
            earlier.sender == tx.sender
            and earlier.status in _IN_A_BLOCK
            and nonce <= earlier.nonce < tx.nonce
            and (earlier.block or 0) <= height
            for earlier in self._store.state.transactions
        )
        if not denied:
            return False
        await self.revisit(doubt=True)
        return any(
            earlier.sender == tx.sender and earlier.nonce < tx.nonce
            for earlier in self._store.state.open_transactions
        )

    async def still_there(self, tx: Tx, receipt: Receipt | None) -> bool:
        """Whether `tx` is in the block that we recorded; records it where it is not.

        A receipt can be missing on one node for minutes after another one has shown it. So the
        block decides: only where another one stands at its height was ours taken back.
        """
        chain, block = self._chain, tx.block or 0
        ends = self._clock.monotonic() + WATCH_PATIENCE
        while True:
            if receipt and receipt.block_hash == tx.block_hash:
                return True
            found = chain.block_hash(block)
            height = await chain.read(found, at_least=block)
            if found.value == tx.block_hash:
                return True
            if found.value is not None:
                if chain.network.anew and tx.hash not in self.seen:
                    await self._check_same_network(tx)
                self.seen.discard(tx.hash)
                await self._store.record(ev.TransactionReorganised(tx.hash))
                return False
            if self._clock.monotonic() >= ends:
                raise fault("RPC_BEHIND", host=chain.rpc.host, height=height, needed=block)
            await self._clock.sleep(chain.usual / 2)
            again = chain.receipt(tx.hash)
            await chain.read(again, at_least=block, other=True)
            receipt = again.value

    async def _check_same_network(self, tx: Tx) -> None:
        """Tells a reorganization from a network that began anew, where the wallet is empty.

        Raises OnboardingError (JOURNAL_CHAIN_DISAGREE).
        """
        asked = self._chain.account(tx.sender)
        await self._chain.read(asked)
        account = asked.value
        if account.nonce <= tx.nonce and account.balance < tx.price:
            raise fault(
                "JOURNAL_CHAIN_DISAGREE",
                reason=f"{TITLES[tx.purpose]} was included in block {tx.block}. Another block is "
                f"there now, and the wallet cannot pay again. {self._chain.network.anew}",
            )
