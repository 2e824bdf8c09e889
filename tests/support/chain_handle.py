"""A hand on the chain of a rehearsal network: withholds blocks, reorganises, displaces, reverts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from app.rehearsal.network import RehearsalNetwork
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from app.rehearsal.parts import Parts

T = TypeVar("T")
STRANGERS_FEE = 10**12
"""Wei per gas that a stranger bids: far above what the wizard does, and not beyond its wallet."""


class ChainHandle:
    """What a test does to the chain behind the wizard's back."""

    def __init__(self, network: RehearsalNetwork) -> None:
        self.network = network

    def ask(self, question: Callable[[Parts], T]) -> T:
        """Asks, or changes, in the network's own thread."""
        return self.network._ask(question)

    # Blocks

    def hold(self) -> None:
        """From now on transactions wait in the pool; blocks come only by `network.mine`."""
        self._make_blocks(at_once=False)

    def release(self) -> None:
        """Blocks come at once again, first with what has waited."""
        self._make_blocks(at_once=True)
        self.ask(lambda parts: parts.node._automine_all())

    def _make_blocks(self, *, at_once: bool) -> None:
        self.ask(lambda parts: setattr(parts.node, "_automine", at_once))

    def blocks_every(self, clock: FakeClock, seconds: float) -> None:
        """A block whenever so many seconds have been slept on `clock`."""
        waited = 0.0

        def pass_time(slept: float) -> None:
            nonlocal waited
            waited += slept
            while waited >= seconds:
                waited -= seconds
                self.network.mine()

        clock.while_asleep = pass_time

    def reorganise(self, depth: int, *, repool: bool = True) -> list[str]:
        """The newest `depth` blocks give way to one more of others, empty ones.

        The dropped transactions wait in the pool, or are forgotten where not `repool`. Returns
        their signed bytes.
        """

        def turn(parts: Parts) -> None:
            node = parts.node
            number = max(node.chain.head.number - depth, 0)
            node.revert(number, repool=False)
            for _ in range(depth + 1):
                node._mine([])
            if repool:
                for raw in dropped:
                    node.pool.add(node.chain.decode(raw))

        head = self.network.head
        dropped = self.ask(
            lambda parts: [
                transaction.encode()
                for block in parts.node.chain.blocks[max(head - depth, 0) + 1 :]
                for transaction in block.transactions
            ]
        )
        self.ask(turn)
        return ["0x" + raw.hex() for raw in dropped]

    # Transactions

    def forget_pool(self, sender: str | None = None) -> None:
        """A node that was restarted: what waited is gone, or only what `sender` had sent."""

        def forget(parts: Parts) -> None:
            for item in parts.node.pool:
                if sender is None or "0x" + item.sender.hex() == sender.lower():
                    del parts.node.pool._pending[item.hash]

        self.ask(forget)

    def waiting(self) -> list[str]:
        """The hashes in the pool."""
        return self.ask(lambda parts: ["0x" + item.hash.hex() for item in parts.node.pool])

    def include(self, raw: str) -> None:
        """A block with just these signed bytes, whatever the pool says of them."""
        block = self.ask(lambda parts: parts.node._mine([parts.node.chain.decode(_bytes(raw))]))
        assert block.transactions, "the chain does not take it"

    def strangers(
        self,
        key: str,
        *,
        nonce: int | None = None,
        to: str = "",
        data: str = "0x",
        value: int = 0,
    ) -> str:
        """Signs a transaction with the machine's own key, as another program would that has it:
        nothing, sent to itself, or a call of `to` with `value` wei. The signed bytes.
        """

        def sign(parts: Parts) -> str:
            from eth_keys.datatypes import PrivateKey

            from app.rehearsal.node.evm import address_of
            from app.rehearsal.node.vm import RehearsalVM

            address = address_of(_bytes(key))
            builder = RehearsalVM.get_transaction_builder()
            due = parts.node.chain.state().get_nonce(address)
            unsigned = builder.new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined]
                chain_id=self.network.chain_id,
                nonce=due if nonce is None else nonce,
                max_priority_fee_per_gas=0,
                max_fee_per_gas=STRANGERS_FEE,
                gas=300_000 if to else 21_000,
                to=_bytes(to) if to else address,
                value=value,
                data=_bytes(data),
                access_list=(),
            )
            signed = unsigned.as_signed_transaction(PrivateKey(_bytes(key)))
            return "0x" + signed.encode().hex()

        return self.ask(sign)

    def displace(self, key: str) -> None:
        """Somebody with the same key uses the next nonce, in a block of its own."""
        self.include(self.strangers(key))

    def leave_waiting(self, raw: str) -> None:
        """Signed bytes wait in the pool, not seen coming over the wizard's own line."""

        def add(parts: Parts) -> None:
            parts.node.pool.add(parts.node.decode(_bytes(raw)))

        self.ask(add)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Registering, minting and DID writes revert in the blocks made meanwhile.

        The pallet behind the DID has no pause of its own: its calls are filtered by the runtime,
        as a chain's operators can.
        """
        self.network.pause(True)
        usual = self.ask(lambda parts: _set_batch(_filtered))
        yield
        self.ask(lambda parts: _set_batch(usual))
        self.network.pause(False)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _set_batch(precompile: Callable[..., Any]) -> Callable[..., Any]:
    """Puts another function in place of the Batch precompile; the one of before."""
    from app.rehearsal.node.batch_precompile import BATCH_ADDRESS
    from app.rehearsal.node.vm import PRECOMPILES

    usual = PRECOMPILES[BATCH_ADDRESS]
    PRECOMPILES[BATCH_ADDRESS] = precompile
    return usual


def _filtered(computation: Any) -> Any:
    from app.rehearsal.node.reverts import refuse

    refuse(computation, "Dispatched call failed with error: CallFiltered")
