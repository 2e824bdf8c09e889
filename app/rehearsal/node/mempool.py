"""Pending transactions, with the refusals of a node's pool.

The texts are those of geth and Frontier, because people and programs search for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from eth.abc import SignedTransactionAPI
from eth.constants import SECPK1_N

from app.rehearsal.node import genesis
from app.rehearsal.node.evm import Chain

# A replacement must raise both fees by this many percent (geth's default price bump).
PRICE_BUMP = 10


class Refused(Exception):
    """The pool refuses a transaction; the text is the node's."""


class Mempool:
    """Pending transactions by sender and nonce."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        # In order of arrival, in which they fill blocks, nonces permitting.
        self._pending: dict[bytes, SignedTransactionAPI] = {}

    def __iter__(self) -> Iterator[SignedTransactionAPI]:
        return iter(list(self._pending.values()))

    def __len__(self) -> int:
        return len(self._pending)

    def get(self, transaction_hash: bytes) -> SignedTransactionAPI | None:
        return self._pending.get(transaction_hash)

    def check(self, transaction: SignedTransactionAPI) -> None:
        """Refuse a transaction that a node would refuse. Raises Refused."""
        if transaction.hash in self._pending:
            raise Refused("already known")
        if transaction.chain_id is None:
            raise Refused("only replay-protected (EIP-155) transactions allowed over RPC")
        if transaction.chain_id != genesis.CHAIN_ID:
            raise Refused(
                f"invalid chain id for signer: have {transaction.chain_id} want {genesis.CHAIN_ID}"
            )
        self._check_gas(transaction)
        if transaction.s > SECPK1_N // 2:  # the malleable twin of a signature (EIP-2)
            raise Refused("invalid sender")
        self._check_sender(transaction)

    def _check_gas(self, transaction: SignedTransactionAPI) -> None:
        if transaction.gas > genesis.BLOCK_GAS_LIMIT:
            raise Refused("exceeds block gas limit")
        if transaction.gas < transaction.intrinsic_gas:
            raise Refused(
                f"intrinsic gas too low: gas {transaction.gas}, "
                f"minimum needed {transaction.intrinsic_gas}"
            )
        if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
            raise Refused("max priority fee per gas higher than max fee per gas")

    def _check_sender(self, transaction: SignedTransactionAPI) -> None:
        state = self._chain.state()
        if transaction.nonce < state.get_nonce(transaction.sender):
            raise Refused("nonce too low")
        if _cost(transaction) > state.get_balance(transaction.sender):
            raise Refused("insufficient funds for gas * price + value")
        rival = self._rival(transaction)
        if rival is not None and not _outbids(transaction, rival):
            raise Refused("replacement transaction underpriced")

    def add(self, transaction: SignedTransactionAPI) -> None:
        """Add a transaction, replacing one with the same sender and nonce."""
        rival = self._rival(transaction)
        if rival is not None:
            del self._pending[rival.hash]
        self._pending[transaction.hash] = transaction

    def discard(self, transactions: tuple[SignedTransactionAPI, ...]) -> None:
        """Remove the transactions that a block included, and those that it made invalid."""
        for transaction in transactions:
            self._pending.pop(transaction.hash, None)
            rival = self._rival(transaction)
            if rival is not None:
                del self._pending[rival.hash]

    def executable(self) -> list[SignedTransactionAPI]:
        """Return what the next block can include: nonces without a gap, fees and value covered."""
        state = self._chain.state()
        chosen: list[SignedTransactionAPI] = []
        nonces: dict[bytes, int] = {}
        spent: dict[bytes, int] = {}
        waiting = list(self._pending.values())
        gas = 0
        progress = True
        while progress:
            progress = False
            for transaction in list(waiting):
                sender = transaction.sender
                due = nonces.setdefault(sender, state.get_nonce(sender))
                spending = spent.get(sender, 0) + _cost(transaction)
                if (
                    transaction.nonce == due
                    and transaction.max_fee_per_gas >= self._chain.base_fee
                    and spending <= state.get_balance(sender)
                    and gas + transaction.gas <= genesis.BLOCK_GAS_LIMIT
                ):
                    chosen.append(transaction)
                    waiting.remove(transaction)
                    nonces[sender] = due + 1
                    spent[sender] = spending
                    gas += transaction.gas
                    progress = True
        return chosen

    def next_nonce(self, sender: bytes) -> int:
        """Return the nonce after the sender's gapless pending transactions."""
        taken = {item.nonce for item in self._pending.values() if item.sender == sender}
        nonce: int = self._chain.state().get_nonce(sender)  # type: ignore[arg-type]
        while nonce in taken:
            nonce += 1
        return nonce

    def _rival(self, transaction: SignedTransactionAPI) -> SignedTransactionAPI | None:
        for other in self._pending.values():
            if other.sender == transaction.sender and other.nonce == transaction.nonce:
                return other
        return None


def _cost(transaction: SignedTransactionAPI) -> int:
    """Return the maximum wei that a transaction can take from its sender."""
    return transaction.value + transaction.gas * transaction.max_fee_per_gas


def _outbids(new: SignedTransactionAPI, old: SignedTransactionAPI) -> bool:
    fees = (
        (new.max_fee_per_gas, old.max_fee_per_gas),
        (new.max_priority_fee_per_gas, old.max_priority_fee_per_gas),
    )
    return all(raised * 100 >= paid * (100 + PRICE_BUMP) for raised, paid in fees)
