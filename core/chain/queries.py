"""Typed questions to the chain, and one way to ask them: many in one read, at a known height."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from core.chain.abi import Revert, codec, read_revert
from core.chain.did import ATTRIBUTE_NAMES
from core.chain.json_rpc import (
    FEES,
    HEIGHT,
    READ_PATIENCE,
    Call,
    NoFeeHistory,
    Rpc,
    RpcError,
    quantity,
)
from core.chain.query import Doubts, Query, hand_out, no_answer, unexpected
from core.chain.types import (
    Account,
    Fees,
    Receipt,
    block_fees,
    block_number,
    history_fees,
    read_receipt,
    with_margin,
)
from core.config.networks import Contracts, Network
from core.errors.problem import fault


class Chain:
    def __init__(self, rpc: Rpc, network: Network, contracts: Contracts) -> None:
        self.rpc = rpc
        self.network = network
        self.usual = network.block_seconds
        """Seconds that a block usually takes."""
        self.contracts = contracts
        self._fee_history = True
        """False once the endpoint has shown that it keeps none."""

    # Asking

    async def read(
        self,
        *asks: Query[Any],
        at_least: int = 0,
        other: bool = False,
        patience: float = READ_PATIENCE,
        height: bool = True,
    ) -> int:
        """Asks all of `asks` of one node at once; its height, 0 where that is not asked for.

        `at_least`, `other` and `patience` as in `Rpc.read`. Without `height`, only an answer that
        is there may be believed, never one that is missing. Raises OnboardingError (RPC_…).
        """
        calls = [call for ask in asks for call in ask.calls]
        head = HEIGHT if height else None
        answers = await self.rpc.read(
            calls,
            at_least=at_least,
            other=other,
            patience=patience,
            head=head,
            doubt=Doubts(asks),
        )
        hand_out(asks, answers.results)
        return answers.height

    async def read_with_fees(
        self, *asks: Query[Any], at_least: int = 0, other: bool = False
    ) -> tuple[Fees, int]:
        """As `read`; what a transaction costs now comes along with the height."""
        calls = [call for ask in asks for call in ask.calls]
        if self._fee_history:
            with suppress(NoFeeHistory):
                answers = await self.rpc.read(
                    calls, at_least=at_least, other=other, head=FEES, doubt=Doubts(asks)
                )
                fees = history_fees(answers.head)
                if fees is not None:
                    hand_out(asks, answers.results)
                    return fees, answers.height
            self._fee_history = False
        price = self._price()
        height = await self.read(*asks, price, at_least=at_least, other=other)
        if price.value is None and not other:
            return await self.read_with_fees(*asks, at_least=at_least, other=True)
        if price.value is None:
            raise fault("RPC_NOT_A_NODE", host=self.rpc.host, reason="its blocks have no base fee")
        return price.value, height

    # Questions to the node

    def _price(self) -> Query[Fees | None]:
        """Fees by the newest block and the node's gas price; None if it hides the base fee."""
        block: Call = ("eth_getBlockByNumber", ["latest", False])

        def understand(results: Sequence[Any]) -> Fees | None:
            newest, price = results
            if isinstance(newest, RpcError):
                raise no_answer(newest, self.rpc.host)
            return block_fees(newest, quantity(price, self.rpc.host))

        return Query([block, ("eth_gasPrice", [])], understand)

    def balance(self, address: str) -> Query[int]:
        """Wei."""
        return Query(
            [("eth_getBalance", [address, "latest"])],
            lambda results: quantity(results[0], self.rpc.host),
        )

    def account(self, address: str) -> Query[Account]:
        def understand(results: Sequence[Any]) -> Account:
            balance, nonce, pending = results
            host = self.rpc.host
            latest = quantity(nonce, host)
            return Account(
                balance=quantity(balance, host),
                nonce=latest,
                # Without a pool of its own a node may refuse "pending": blocks are all we know.
                pending=latest if isinstance(pending, RpcError) else quantity(pending, host),
            )

        return Query(
            [
                ("eth_getBalance", [address, "latest"]),
                ("eth_getTransactionCount", [address, "latest"]),
                ("eth_getTransactionCount", [address, "pending"]),
            ],
            understand,
        )

    def nonce(self, address: str) -> Query[int]:
        """Of the next transaction, counting blocks only."""
        return Query(
            [("eth_getTransactionCount", [address, "latest"])],
            lambda results: quantity(results[0], self.rpc.host),
        )

    def gas(
        self, transaction: dict[str, str], *, held: int | None = None, pending: bool = False
    ) -> Query[int | Revert]:
        """Gas that the node estimates, with our margin; or why the transaction would fail.

        `held`: as if the sender held so many wei (a state override, the third parameter of geth's
        eth_estimateGas); a node that cannot suppose that answers a Revert too. `pending`: on top
        of what waits in the node's pool.
        """
        supposed: list[Any] = ["pending"] if pending else []
        if held is not None:
            supposed = ["latest", {transaction["from"]: {"balance": hex(held)}}]

        def understand(results: Sequence[Any]) -> int | Revert:
            result = results[0]
            if isinstance(result, RpcError):
                revert = read_revert(result)
                if revert:
                    return revert
                if held is not None:
                    return Revert("", result.message)
            return with_margin(quantity(result, self.rpc.host), self.network, self.rpc.host)

        return Query([("eth_estimateGas", [transaction, *supposed])], understand)

    def registering(self, transaction: dict[str, str]) -> Query[int | None]:
        """The machine id that a registration would give now; None where it would fail."""

        def understand(results: Sequence[Any]) -> int | None:
            if isinstance(results[0], RpcError):
                return None
            return int(self._value("identity_registry", "register", results[0]))

        return Query([("eth_call", [transaction, "pending"])], understand)

    def failure(self, transaction: dict[str, str]) -> Query[Revert | None]:
        """Why the transaction fails at the newest block, or None where it would not."""

        def understand(results: Sequence[Any]) -> Revert | None:
            return read_revert(results[0]) if isinstance(results[0], RpcError) else None

        return Query([("eth_call", [transaction, "latest"])], understand)

    def receipt(self, *hashes: str) -> Query[Receipt | None]:
        """The receipt of one of `hashes`, which compete for one nonce; None: there is none yet."""

        def understand(results: Sequence[Any]) -> Receipt | None:
            found = (read_receipt(entry, hashes) for entry in results)
            # One of a block that cannot exist yet is none; it is asked for again.
            at = self.rpc.may_be_at
            return next((receipt for receipt in found if receipt and at(receipt.block)), None)

        return Query([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes], understand)

    def is_known(self, *hashes: str) -> Query[bool]:
        """Whether the node has one of them, in its pool or in a block."""

        def understand(results: Sequence[Any]) -> bool:
            if any(isinstance(entry, dict) for entry in results):
                return True
            for entry in results:
                if isinstance(entry, RpcError):
                    raise no_answer(entry, self.rpc.host)
            return False

        return Query([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes], understand)

    def finalized(self) -> Query[int | None]:
        """The height up to which nothing is taken back; None where the node does not say."""

        def understand(results: Sequence[Any]) -> int | None:
            height = block_number(results[0])
            return height if height is not None and self.rpc.may_be_at(height) else None

        return Query([("eth_getBlockByNumber", ["finalized", False])], understand)

    def block_hash(self, height: int) -> Query[str | None]:
        """The hash of the block at that height; None where the node does not have it (yet)."""

        def understand(results: Sequence[Any]) -> str | None:
            found = results[0].get("hash") if isinstance(results[0], dict) else None
            return found if isinstance(found, str) else None

        return Query([("eth_getBlockByNumber", [hex(height), False])], understand)

    # Questions to the contracts

    def bond(self) -> Query[int]:
        """`minBond()` in wei."""
        return self._number("identity_registry", "minBond")

    def machine_id(self, address: str) -> Query[int]:
        """Machine id of `address`; 0: none."""
        return self._number("identity_registry", "machineIdOfOwner", address)

    def machine_owner(self, machine_id: int) -> Query[str]:
        """Owner of the Identity NFT; empty where there is no such machine."""
        return self._owner("identity_registry", machine_id)

    def staked(self, machine_id: int) -> Query[bool]:
        """Whether the bond is held."""
        return Query(
            [self.call("identity_staking", "isStaked", machine_id)],
            lambda results: bool(self._value("identity_staking", "isStaked", results[0])),
        )

    def stake(self, machine_id: int) -> Query[int]:
        """Wei that are held for the machine."""
        return self._number("identity_staking", "getStake", machine_id)

    def token_id(self, machine_id: int) -> Query[int]:
        """Token id of the machine's NFT; 0: none (some say that by a revert: protocol.md)."""

        def understand(results: Sequence[Any]) -> int:
            result = results[0]
            if isinstance(result, RpcError) and read_revert(result):
                return 0
            return int(self._value("machine_nft", "tokenIdOf", result))

        return Query([self.call("machine_nft", "tokenIdOf", machine_id)], understand)

    def tokens_minted(self) -> Query[int]:
        """How many Machine NFTs there are."""
        return self._number("machine_nft", "totalMinted")

    def token_owner(self, token_id: int) -> Query[str]:
        """Owner of a Machine NFT; empty where there is none."""
        return self._owner("machine_nft", token_id)

    def token_machine(self, token_id: int) -> Query[int]:
        """The machine that a Machine NFT stands for."""
        return self._number("machine_nft", "machineIdOf", token_id)

    def attributes(self, address: str, *, to_write: bool = False) -> Query[dict[str, bytes | None]]:
        """The six attributes as they stand; None: absent.

        Agung answers with a bare RPC error for an absent one. `to_write`: such an error counts as
        absent once it is repeated, since `addAttribute` reverts where the name exists.
        """

        def read(result: Any, *, bare_is_absent: bool) -> bytes | None:
            if isinstance(result, RpcError):
                revert = read_revert(result)
                if revert and not revert.poor:
                    return None
                if bare_is_absent:
                    return None
                if to_write:
                    raise unexpected("DID_REGISTRY", result.message)
            _, value, _, _ = self._value("did_registry", "readAttribute", result)
            return bytes(value)

        def understand(
            results: Sequence[Any], *, bare_is_absent: bool = to_write
        ) -> dict[str, bytes | None]:
            pairs = zip(ATTRIBUTE_NAMES, results, strict=True)
            return {name: read(result, bare_is_absent=bare_is_absent) for name, result in pairs}

        return Query(
            [
                self.call("did_registry", "readAttribute", address, name.encode())
                for name in ATTRIBUTE_NAMES
            ],
            understand,
            at_first=lambda results: understand(results, bare_is_absent=False),
        )

    def call_data(self, contract: str, function: str, *arguments: Any) -> str:
        return codec(contract).encode(function, *arguments)

    def _owner(self, contract: str, token_id: int) -> Query[str]:
        def understand(results: Sequence[Any]) -> str:
            result = results[0]
            if isinstance(result, RpcError) and read_revert(result):
                return ""
            return str(self._value(contract, "ownerOf", result))

        return Query([self.call(contract, "ownerOf", token_id)], understand)

    def _number(self, contract: str, function: str, *arguments: Any) -> Query[int]:
        return Query(
            [self.call(contract, function, *arguments)],
            lambda results: int(self._value(contract, function, results[0])),
        )

    def call(
        self, contract: str, function: str, *arguments: Any, sender: str | None = None
    ) -> Call:
        """The call of a view function, at the newest block."""
        attribute = "batch_precompile" if contract == "batch" else contract
        transaction = {
            "to": getattr(self.contracts, attribute),
            "data": codec(contract).encode(function, *arguments),
        }
        if sender:
            transaction["from"] = sender
        return "eth_call", [transaction, "latest"]

    def _value(self, contract: str, function: str, result: Any) -> Any:
        """The answer of a view. Raises OnboardingError: RPC_ERROR, and CONTRACT_UNEXPECTED where
        the contract itself reverts or answers something else.
        """
        name = contract.upper()
        if isinstance(result, RpcError):
            revert = read_revert(result)
            if revert is None or revert.poor:
                raise no_answer(result, self.rpc.host)
            raise unexpected(name, f"{function}: {revert.reason}")
        try:
            return codec(contract).decode(function, result)[0]
        except ValueError as error:
            raise unexpected(name, str(error)) from error
