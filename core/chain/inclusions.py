"""Check recorded inclusions against the chain, because a reorganization can undo them."""

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
"""Seconds to watch a transaction before the wizard reports it as late."""

_IN_A_BLOCK = (TxStatus.INCLUDED, TxStatus.REVERTED)
"""Reverted transactions count too: they use their nonce, and a reorganization can free it."""


class Inclusions:
    """The included transactions that are not finalized yet."""

    def __init__(self, chain: Chain, store: EventStore, clock: Clock) -> None:
        self._chain = chain
        self._store = store
        self._clock = clock
        self.seen: set[str] = set()
        """Hashes of transactions that this process has seen in a block."""

    async def revisit(self, *, doubt: bool = False) -> None:
        """Reopen transactions whose recorded inclusion no longer holds.

        Checks inclusions of earlier runs, and with `doubt` those of this process too. Raises
        OnboardingError (RPC_…).
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
        """Return whether a reorganization undid a transaction that `tx` depends on.

        `nonce` is the sender's at block `height`. If it contradicts a recorded inclusion, all
        inclusions are checked again. Raises OnboardingError (RPC_…).
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
        """Return whether `tx` is still in its recorded block; record the reorganization if it is
        not.

        After one node has shown a receipt, another node can lack it for minutes. So the block
        decides: the inclusion is undone only if a different block has its height.
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
        """Check that the chain is not a new network with an empty wallet instead of a reorganized
        one.

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
