"""Sign, journal, broadcast, watch: exactly once.

The bytes are on disk before they leave, only those bytes are ever sent, and whether they arrived
is asked of the chain by hash and nonce. What a node answers to a broadcast decides nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeGuard

from core import events as ev
from core.book import Book
from core.chain import Chain
from core.chain_facts import Account, Fees, Receipt, Sighting
from core.clock import Clock
from core.errors import fault
from core.keys import Key
from core.state import State, Tx, TxStatus

WATCH_PATIENCE = 180.0
"""Seconds for which a transaction is watched before the technician is told that it is late."""
RESEND_AFTER = 30.0
"""Seconds after which bytes that no node knows are sent again."""
REPLACE_AFTER = 90.0
"""Seconds after which the fees are raised, keeping the nonce."""
DISPLACED_AFTER = 150.0
"""Seconds for which a receipt may be missing on a lagging node although the nonce is used."""
FINALITY_PATIENCE = 180.0
DEEP_ENOUGH = 12
"""Blocks above it that make a transaction final where a node does not tell what is."""
LATE_PAUSE = timedelta(seconds=30)
_RAISE_PERCENT = 125
"""Pools want at least ten per cent more in both fee fields."""

TITLES = {
    "funding": "The payment from the owner's wallet",
    "register": "The registration",
    "mint": "The minting of the Machine NFT",
    "did": "The writing of the DID",
}


@dataclass(frozen=True)
class Intent:
    """What a transaction is to do. `value` in wei, `gas` with its margin, `data` 0x-hex."""

    purpose: str
    sender: str
    to: str
    value: int
    data: str
    gas: int

    def as_call(self) -> dict[str, str]:
        return {
            "from": self.sender,
            "to": self.to,
            "value": hex(self.value),
            "data": self.data,
        }


class Sender:
    def __init__(self, chain: Chain, book: Book, clock: Clock) -> None:
        self._chain = chain
        self._book = book
        self._clock = clock

    async def send(self, intent: Intent, key: Key, account: Account) -> tuple[Tx, Receipt]:
        """Signs and sends `intent`, and watches it into a block. Has an outside effect.

        `account` is a read of the sender made just before. Raises OnboardingError:
        FOREIGN_PENDING, TRANSACTION_LATE, TRANSACTION_REVERTED, TRANSACTION_DISPLACED, RPC_….
        """
        state = self._book.state
        nonce = self._free_nonce(state, account, intent.sender)
        signed = await self._sign(intent, key, nonce, account.fees)
        await self._broadcast(signed)
        return await self.watch(self._find(signed.hash), key)

    async def settle(self, key: Key | None = None) -> None:
        """Finds out what became of every transaction that is open, or open again, before anything
        new is done. Raises as `watch` does.
        """
        await self.revisit()
        done: set[tuple[str, int]] = set()
        for tx in self._book.state.open_transactions:
            if (tx.sender, tx.nonce) not in done:
                done.add((tx.sender, tx.nonce))
                await self.watch(tx, key)

    async def watch(self, tx: Tx, key: Key | None = None) -> tuple[Tx, Receipt]:
        """Watches a nonce of ours until one of its transactions is in a block.

        Sends the same bytes again where no node knows them, and with `key` raises the fees after
        a while. Raises OnboardingError: TRANSACTION_LATE, _REVERTED, _DISPLACED, RPC_….
        """
        usual = self._chain.network.block_seconds
        started = last_sent = self._clock.monotonic()
        used_since: float | None = None
        pause = usual / 4
        raised = False
        with self._book.waiting(f"{TITLES[tx.purpose]} is under way", usual=usual, in_flight=True):
            while True:
                rivals = self._rivals(tx)
                # A nonce that is used up without a receipt: another endpoint may know more.
                sighting = await self._chain.sight(
                    tx.sender,
                    [rival.hash for rival in rivals],
                    other=used_since is not None,
                )
                now = self._clock.monotonic()
                if sighting.receipt:
                    return await self._included(sighting.receipt, rivals)
                if sighting.nonce > tx.nonce:
                    used_since = used_since if used_since is not None else now
                    if now - used_since >= DISPLACED_AFTER and not sighting.known:
                        await self._displaced(tx)
                elif not sighting.known and (
                    now - last_sent >= RESEND_AFTER or tx.status is TxStatus.SIGNED
                ):
                    used_since = None
                    last_sent = now
                    await self._broadcast(rivals[-1])
                    tx = self._find(tx.hash)
                    continue
                elif _fits(key, tx) and not raised and now - started >= REPLACE_AFTER:
                    raised = True
                    last_sent = now
                    await self._replace(rivals[-1], key)
                if now - started >= WATCH_PATIENCE:
                    await self._late(tx, now - started)
                await self._clock.sleep(pause)
                pause = min(pause * 1.5, max(usual / 2, 0.5))

    async def finalise(self) -> bool:
        """Waits until every transaction that counts is in a final block.

        False where a reorganisation took one back: it is open again, and what it had brought has
        to be looked at anew. Raises OnboardingError: TRANSACTION_LATE, RPC_….
        """
        started = self._clock.monotonic()
        usual = self._chain.network.block_seconds
        with self._book.waiting("The network makes it final", usual=3 * usual):
            while True:
                open_now = [
                    tx for tx in self._book.state.transactions if tx.status is TxStatus.INCLUDED
                ]
                for tx in open_now:
                    sighting = await self._chain.sight(tx.sender, [tx.hash])
                    if not await self._still_there(tx, sighting):
                        return False
                    final = sighting.finalized
                    if final is None:
                        final = sighting.height - DEEP_ENOUGH
                    if final < (tx.block or 0):
                        break
                    await self._book.record(ev.TransactionFinal(tx.hash, tx.block or 0))
                else:
                    return True
                if self._clock.monotonic() - started >= FINALITY_PATIENCE:
                    await self._late(open_now[0], self._clock.monotonic() - started)
                await self._clock.sleep(max(usual / 2, 0.25))

    async def revisit(self) -> None:
        """Looks whether what was in a block still is; what is not becomes open again.

        Raises OnboardingError (RPC_…).
        """
        for tx in self._book.state.transactions:
            if tx.status is TxStatus.INCLUDED:
                await self._still_there(tx, await self._chain.sight(tx.sender, [tx.hash]))

    async def _still_there(self, tx: Tx, sighting: Sighting) -> bool:
        """Whether `tx` is in the block that we recorded; records it where it is not.

        A receipt can be missing on one node for minutes after another one has shown it. So the
        block decides: only where another one stands at its height was ours taken back.
        """
        ends = self._clock.monotonic() + WATCH_PATIENCE
        while True:
            if sighting.receipt and sighting.receipt.block_hash == tx.block_hash:
                return True
            found = await self._chain.block_hash(tx.block or 0, at_least=tx.block or 0)
            if found == tx.block_hash:
                return True
            if found is not None:
                await self._check_affordable(tx)
                await self._book.record(ev.TransactionReorganised(tx.hash))
                return False
            if self._clock.monotonic() >= ends:
                host = self._chain.rpc.host
                raise fault("RPC_BEHIND", host=host, height=sighting.height, needed=tx.block)
            await self._clock.sleep(self._chain.network.block_seconds / 2)
            sighting = await self._chain.sight(
                tx.sender, [tx.hash], at_least=tx.block or 0, other=True
            )

    async def _check_affordable(self, tx: Tx) -> None:
        """Tells a reorganisation from another chain: there the wallet never had the money.

        Raises OnboardingError (JOURNAL_CHAIN_DISAGREE).
        """
        account = await self._chain.account(tx.sender)
        if account.nonce <= tx.nonce and account.balance < tx.value_wei + tx.gas * tx.max_fee_wei:
            raise fault(
                "JOURNAL_CHAIN_DISAGREE",
                reason=f"{TITLES[tx.purpose]} was in block {tx.block}; now another block is "
                "there, and the wallet could not even pay for it.",
            )

    def _free_nonce(self, state: State, account: Account, sender: str) -> int:
        if any(tx.sender == sender for tx in state.open_transactions):
            raise AssertionError("a transaction is open: settle it first")
        used = [
            tx.nonce
            for tx in state.transactions
            if tx.sender == sender and tx.status is not TxStatus.DISPLACED
        ]
        least = max(used, default=-1) + 1
        if account.nonce < least:
            raise fault(
                "RPC_BEHIND", host=self._chain.rpc.host, height=account.height, needed=state.height
            )
        if account.pending > account.nonce:
            raise fault("FOREIGN_PENDING")
        return account.nonce

    async def _sign(self, intent: Intent, key: Key, nonce: int, fees: Fees) -> Tx:
        fields: dict[str, Any] = {
            "chainId": self._chain.network.chain_id,
            "nonce": nonce,
            "to": intent.to,
            "value": intent.value,
            "data": intent.data,
            "gas": intent.gas,
        }
        if fees.legacy:
            fields["gasPrice"] = fees.cap
        else:
            fields |= {"type": 2, "maxFeePerGas": fees.cap, "maxPriorityFeePerGas": fees.tip}
        tx_hash, raw = await asyncio.to_thread(key.sign, fields)
        state = await self._book.record(
            ev.TransactionSigned(
                purpose=intent.purpose,
                sender=intent.sender,
                to=intent.to,
                nonce=nonce,
                value_wei=intent.value,
                gas=intent.gas,
                max_fee_wei=fees.cap,
                tip_wei=fees.tip,
                legacy=fees.legacy,
                data=intent.data,
                hash=tx_hash,
                raw=raw,
            )
        )
        return state.transactions[-1]

    async def _replace(self, tx: Tx, key: Key) -> None:
        """The same transaction again with higher fees, keeping the nonce. Has an outside effect."""
        account = await self._chain.account(tx.sender)
        if account.nonce > tx.nonce:
            return
        fees = Fees(
            cap=max(account.fees.cap, tx.max_fee_wei * _RAISE_PERCENT // 100 + 1),
            tip=max(account.fees.tip, tx.tip_wei * _RAISE_PERCENT // 100 + 1),
            legacy=tx.legacy,
        )
        if account.balance < tx.value_wei + tx.gas * fees.cap:
            return
        intent = Intent(tx.purpose, tx.sender, tx.to, tx.value_wei, tx.data, tx.gas)
        await self._broadcast(await self._sign(intent, key, tx.nonce, fees))

    async def _broadcast(self, tx: Tx) -> None:
        # Shielded: a send that is cancelled half-way has usually arrived (promises.md, quirk 2).
        await asyncio.shield(asyncio.ensure_future(self._hand_over(tx)))

    async def _hand_over(self, tx: Tx) -> None:
        answer = await self._chain.rpc.broadcast(tx.raw)
        await self._book.record(ev.TransactionBroadcast(tx.hash, answer))

    async def _included(self, receipt: Receipt, rivals: tuple[Tx, ...]) -> tuple[Tx, Receipt]:
        await self._book.record(
            ev.TransactionIncluded(
                hash=receipt.hash,
                block=receipt.block,
                block_hash=receipt.block_hash,
                succeeded=receipt.succeeded,
                fee_wei=receipt.fee,
            )
        )
        tx = self._find(receipt.hash)
        if not receipt.succeeded:
            call = Intent(tx.purpose, tx.sender, tx.to, tx.value_wei, tx.data, tx.gas).as_call()
            revert = await self._chain.simulate(call)
            reason = revert.reason if revert else "it ran out of gas, or the reason is gone by now"
            raise fault("TRANSACTION_REVERTED", purpose=TITLES[tx.purpose], reason=reason)
        return tx, receipt

    async def _displaced(self, tx: Tx) -> None:
        await self._book.record(ev.TransactionDisplaced(tx.hash, tx.nonce))
        raise fault("TRANSACTION_DISPLACED", nonce=tx.nonce)

    async def _late(self, tx: Tx, seconds: float) -> None:
        raise fault(
            "TRANSACTION_LATE",
            purpose=TITLES[tx.purpose],
            seconds=int(seconds),
            until=self._clock.now() + LATE_PAUSE,
        )

    def _rivals(self, tx: Tx) -> tuple[Tx, ...]:
        return self._book.state.family(tx)

    def _find(self, tx_hash: str) -> Tx:
        return next(tx for tx in self._book.state.transactions if tx.hash == tx_hash)


def _fits(key: Key | None, tx: Tx) -> TypeGuard[Key]:
    """Whether fees can be raised: only its own key signs a replacement."""
    return key is not None and key.address == tx.sender
