"""Sign, journal, broadcast and watch transactions, each exactly once.

The signed bytes are on disk before they are sent, and no others are ever sent. Hash and nonce on
the chain decide whether they arrived. A node's reply to a broadcast decides nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeGuard

from core.amounts import format_peaq
from core.chain.fee_limit import FeeLimit
from core.chain.inclusions import WATCH_PATIENCE, Inclusions
from core.chain.polling import pauses
from core.chain.queries import Chain
from core.chain.types import Account, Fees, Receipt
from core.chain.unsigned import TITLES, UnsignedTransaction
from core.clock import Clock
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.state import Tx, TxStatus
from core.keys.private_key import Key

RESEND_AFTER = 30.0
"""Seconds until bytes that no node knows are sent again."""
REPLACE_AFTER = 90.0
"""Seconds until the fees are raised with the same nonce, and between further raises."""
DISPLACED_AFTER = 150.0
"""Seconds for which a lagging node may lack the receipt of a nonce that is already used."""
FINALITY_PATIENCE = 180.0
DEEP_ENOUGH = 12
"""Confirmations that make a transaction final if the node does not report finality."""
LATE_PAUSE = timedelta(seconds=30)
_SHORT = "Waiting for the missing payment to return"


class Reorganised(Exception):
    """A reorganization removed an earlier transaction of this wallet: settle that one first."""


class TransactionManager:
    def __init__(self, chain: Chain, store: EventStore, clock: Clock, fee_limit: FeeLimit) -> None:
        self.fee_limit = fee_limit
        self._chain = chain
        self._store = store
        self._clock = clock
        self.inclusions = Inclusions(chain, store, clock)

    async def send(
        self, unsigned: UnsignedTransaction, key: Key, account: Account, fees: Fees
    ) -> tuple[Tx, Receipt]:
        """Sign and send `intent`, and watch it until a block includes it. Has an outside effect.

        `account` and `fees` were read just before. Raises Reorganised, and OnboardingError:
        FOREIGN_PENDING, FEE_…, TRANSACTION_LATE, _REVERTED, _DISPLACED, OWNER_DISPLACED, RPC_….
        """
        nonce = await self._free_nonce(account, unsigned.sender)
        signed = await self._sign(unsigned, key, nonce, fees)
        await self._broadcast(signed)
        return await self.watch(self._find(signed.hash), key, just_sent=True)

    async def settle(self, key: Key | None = None, *, doubt: bool = False) -> None:
        """Settle every open or reopened transaction before anything new starts.

        `doubt`: also check transactions that this process has seen in a block. Raises the same
        errors as `watch`.
        """
        await self.inclusions.revisit(doubt=doubt)
        while open_transactions := self._store.state.open_transactions:
            with suppress(Reorganised):
                await self.watch(open_transactions[0], key)

    async def watch(
        self, tx: Tx, key: Key | None = None, *, just_sent: bool = False
    ) -> tuple[Tx, Receipt]:
        """Watch one of our nonces until a block includes one of its transactions.

        Sends the same bytes again if no node knows them. With `key`, raises the fees while the base
        fee exceeds them, up to the agreed price. Raises Reorganised, and OnboardingError:
        TRANSACTION_LATE, _REVERTED, _DISPLACED, OWNER_DISPLACED, FUNDS_MISSING, FEE_…, RPC_….
        """
        usual, clock = self._chain.usual, self._clock
        started = last_sent = clock.monotonic()
        # A transaction just sent should be in one of the next blocks; query more only after that.
        trusted_until = started + 2 * usual if just_sent else started
        looks = pauses(usual)
        used_since: float | None = None
        fees_checked = patience_from = started
        short = 0
        title = f"{TITLES[tx.purpose]} is pending"
        with self._store.waiting(title, usual=usual, in_flight=True) as say:
            while True:
                say(_SHORT if short else title)
                await clock.sleep(next(looks))
                replacements = self._replacements(tx)
                if clock.monotonic() < trusted_until:
                    found = self._chain.receipt(*(rival.hash for rival in replacements))
                    await self._chain.read(found, height=False)
                    receipt, nonce, known = found.value, tx.nonce, True
                else:
                    receipt, nonce, known, short = await self._look_closely(
                        replacements,
                        # The nonce is used but the receipt is missing: another endpoint may have
                        # it.
                        other=used_since is not None,
                    )
                now = clock.monotonic()
                due = now - fees_checked >= REPLACE_AFTER
                if receipt:
                    return await self._included(receipt)
                if nonce <= tx.nonce:
                    used_since = None  # another node was wrong
                elif used_since is None:
                    used_since = now
                if used_since is not None:
                    if now - used_since >= DISPLACED_AFTER and not known:
                        await self._displaced(tx)
                elif not known and (
                    now - last_sent >= RESEND_AFTER or tx.status is TxStatus.SIGNED
                ):
                    last_sent = now
                    await self._broadcast(replacements[-1])
                    tx = self._find(tx.hash)
                    looks = pauses(usual)
                    continue
                # Give bytes that were just sent again the time of one block.
                elif _fits(key, tx) and not short and due and now - last_sent > usual:
                    unasked, fees_checked = fees_checked == started, now
                    if await self._replace(replacements[-1], key, unasked=unasked):
                        last_sent = patience_from = now
                if now - patience_from >= WATCH_PATIENCE and short:
                    raise self._unpayable(tx, short)
                if now - patience_from >= WATCH_PATIENCE:
                    await self._late(tx, now - started)

    async def _look_closely(
        self, replacements: tuple[Tx, ...], *, other: bool
    ) -> tuple[Receipt | None, int, bool, int]:
        """Return the receipt, the sender's nonce, whether the node knows any of the transactions,
        and the wei that the sender lacks for the cheapest one. Raises Reorganised.
        """
        chain, first = self._chain, replacements[0]
        hashes = [rival.hash for rival in replacements]
        receipt, known = chain.receipt(*hashes), chain.is_known(*hashes)
        nonce, held = chain.nonce(first.sender), chain.balance(first.sender)
        height = await chain.read(nonce, held, receipt, known, other=other)
        if receipt.value:
            return receipt.value, nonce.value, True, 0
        if await self.inclusions.undone_before(first, nonce=nonce.value, height=height):
            raise Reorganised
        price = min(rival.price for rival in replacements)
        short = max(price - held.value, 0) if nonce.value <= first.nonce else 0
        return None, nonce.value, known.value, short

    async def finalise(self) -> bool:
        """Wait until every effective transaction is in a final block.

        Return False if a reorganization reopened one: its effects must then be checked again.
        Raises OnboardingError: TRANSACTION_LATE, RPC_….
        """
        chain = self._chain
        started = self._clock.monotonic()
        with self._store.waiting("Waiting for finality", usual=3 * chain.usual):
            while True:
                included = [
                    tx for tx in self._store.state.transactions if tx.status is TxStatus.INCLUDED
                ]
                if not included:
                    return True
                finalized = chain.finalized()
                receipts = [chain.receipt(tx.hash) for tx in included]
                await chain.read(finalized, *receipts, height=False)
                final = finalized.value
                if final is None:
                    final = await chain.read() - DEEP_ENOUGH
                missing = max(tx.block or 0 for tx in included) - final
                if missing > 0:
                    waited = self._clock.monotonic() - started
                    if waited >= FINALITY_PATIENCE:
                        await self._late(included[-1], waited)
                    await self._clock.sleep(min(missing, 4) * chain.usual)
                    continue
                for tx, receipt in zip(included, receipts, strict=True):
                    if not await self.inclusions.still_there(tx, receipt.value):
                        return False
                    await self._store.record(ev.TransactionFinal(tx.hash, tx.block or 0))

    async def _free_nonce(self, account: Account, sender: str) -> int:
        """Return the nonce for a new transaction. Raises Reorganised, OnboardingError
        (FOREIGN_PENDING, RPC_BEHIND).
        """
        if any(tx.sender == sender for tx in self._store.state.open_transactions):
            raise AssertionError("settle the open transaction first")
        least = self._store.state.next_nonce(sender)
        if account.nonce < least:
            await self.inclusions.revisit(doubt=True)
            if self._store.state.open_transactions:
                raise Reorganised
            height = self._store.state.height
            raise fault("RPC_BEHIND", host=self._chain.rpc.host, height=height, needed=height + 1)
        if account.pending > account.nonce:
            raise fault("FOREIGN_PENDING")
        return account.nonce

    async def _sign(self, unsigned: UnsignedTransaction, key: Key, nonce: int, fees: Fees) -> Tx:
        """Sign a transaction; no other function signs. Raises OnboardingError (FEE_TOO_HIGH,
        FEE_IMPLAUSIBLE).
        """
        fees = self.fee_limit.within(
            fees, unsigned.sender, purpose=unsigned.purpose, gas=unsigned.gas
        )
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self._chain.network.chain_id,
            "nonce": nonce,
            "to": unsigned.to,
            "value": unsigned.value,
            "data": unsigned.data,
            "gas": unsigned.gas,
            "maxFeePerGas": fees.cap,
            "maxPriorityFeePerGas": fees.tip,
        }
        tx_hash, raw = await asyncio.to_thread(key.sign, fields)
        state = await self._store.record(
            ev.TransactionSigned(
                purpose=unsigned.purpose,
                sender=unsigned.sender,
                to=unsigned.to,
                nonce=nonce,
                value_wei=unsigned.value,
                gas=unsigned.gas,
                max_fee_wei=fees.cap,
                tip_wei=fees.tip,
                legacy=False,
                data=unsigned.data,
                hash=tx_hash,
                raw=raw,
                agreed_price_wei=self.fee_limit.agreed(unsigned.sender) or 0,
            )
        )
        return state.transactions[-1]

    async def _replace(self, tx: Tx, key: Key, *, unasked: bool) -> bool:
        """Send the same transaction with the same nonce and higher fees if `FeeLimit.raised` allows
        it, and return whether it did. Has an outside effect. Raises OnboardingError (FEE_…).
        """
        asked = self._chain.account(tx.sender)
        now, _ = await self._chain.read_with_fees(asked)
        account = asked.value
        if account.nonce > tx.nonce:
            return False
        fees = self.fee_limit.raised(tx, now, account.balance, unasked=unasked)
        if fees is None:
            return False
        unsigned = UnsignedTransaction(tx.purpose, tx.sender, tx.to, tx.value_wei, tx.data, tx.gas)
        await self._broadcast(await self._sign(unsigned, key, tx.nonce, fees))
        return True

    async def _broadcast(self, tx: Tx) -> None:
        # Shielded, because a send that is cancelled halfway has usually arrived.
        await asyncio.shield(asyncio.ensure_future(self._hand_over(tx)))

    async def _hand_over(self, tx: Tx) -> None:
        answer = await self._chain.rpc.broadcast(tx.raw)
        await self._store.record(ev.TransactionBroadcast(tx.hash, answer))

    async def _included(self, receipt: Receipt) -> tuple[Tx, Receipt]:
        signed = self._find(receipt.hash)
        self.inclusions.seen.add(receipt.hash)
        await self._store.record(
            ev.TransactionIncluded(
                hash=receipt.hash,
                block=receipt.block,
                block_hash=receipt.block_hash,
                succeeded=receipt.succeeded,
                # A receipt that claims more than was signed is wrong.
                fee_wei=min(receipt.fee, signed.gas * signed.max_fee_wei),
            )
        )
        tx = self._find(receipt.hash)
        if not receipt.succeeded:
            call = UnsignedTransaction(
                tx.purpose, tx.sender, tx.to, tx.value_wei, tx.data, tx.gas
            ).as_call()
            asked = self._chain.failure(call)
            await self._chain.read(asked)
            revert = asked.value
            reason = (
                revert.reason
                if revert
                else "it ran out of gas, or the node no longer has the reason"
            )
            raise fault("TRANSACTION_REVERTED", purpose=TITLES[tx.purpose], reason=reason)
        return tx, receipt

    async def _displaced(self, tx: Tx) -> None:
        await self._store.record(ev.TransactionDisplaced(tx.hash, tx.nonce))
        if tx.purpose == "funding":
            # The owner's wallet may be paying other machines at the same time.
            until = self._clock.now() + timedelta(seconds=self._chain.usual)
            raise fault("OWNER_DISPLACED", owner=tx.sender, nonce=tx.nonce, until=until)
        raise fault("TRANSACTION_DISPLACED", nonce=tx.nonce)

    def _unpayable(self, tx: Tx, short: int) -> OnboardingError:
        return fault(
            "FUNDS_MISSING",
            purpose=TITLES[tx.purpose],
            missing=format_peaq(short, up=True),
            token=self._chain.network.token,
            address=tx.sender,
            until=self._clock.now() + LATE_PAUSE,
        )

    async def _late(self, tx: Tx, seconds: float) -> None:
        raise fault(
            "TRANSACTION_LATE",
            purpose=TITLES[tx.purpose],
            seconds=int(seconds),
            until=self._clock.now() + LATE_PAUSE,
        )

    def _replacements(self, tx: Tx) -> tuple[Tx, ...]:
        return self._store.state.replacements(tx)

    def _find(self, tx_hash: str) -> Tx:
        return next(tx for tx in self._store.state.transactions if tx.hash == tx_hash)


def _fits(key: Key | None, tx: Tx) -> TypeGuard[Key]:
    """Return whether the fees can be raised: only the transaction's own key signs a replacement."""
    return key is not None and key.address == tx.sender
