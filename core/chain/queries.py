"""Typed queries to the chain, and one method that sends many in a read at a known height."""

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
        """Usual seconds between blocks."""
        self.contracts = contracts
        self._fee_history = True
        """False after the endpoint has turned out to provide no fee history."""

    # Reading

    async def read(
        self,
        *asks: Query[Any],
        at_least: int = 0,
        other: bool = False,
        patience: float = READ_PATIENCE,
        height: bool = True,
    ) -> int:
        """Send all `asks` to one node and return its height, or 0 without `height`.

        `at_least`, `other` and `patience` as in `Rpc.read`. Without `height`, trust only results
        that are present, never a missing one. Raises OnboardingError (RPC_…).
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
        """Do the same as `read`, and return the current fees with the height."""
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

    # Queries to the node

    def _price(self) -> Query[Fees | None]:
        """Return fees from the newest block and the node's gas price; None if it hides the base
        fee.
        """
        block: Call = ("eth_getBlockByNumber", ["latest", False])

        def understand(results: Sequence[Any]) -> Fees | None:
            newest, price = results
            if isinstance(newest, RpcError):
                raise no_answer(newest, self.rpc.host)
            return block_fees(newest, quantity(price, self.rpc.host))

        return Query([block, ("eth_gasPrice", [])], understand)

    def balance(self, address: str) -> Query[int]:
        """Query the balance in wei."""
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
                # A node without a transaction pool may refuse "pending"; then only blocks count.
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
        """Query the next nonce, counting blocks only."""
        return Query(
            [("eth_getTransactionCount", [address, "latest"])],
            lambda results: quantity(results[0], self.rpc.host),
        )

    def gas(
        self, transaction: dict[str, str], *, held: int | None = None, pending: bool = False
    ) -> Query[int | Revert]:
        """Query the node's gas estimate with the safety margin, or why the transaction would fail.

        `held`: assume that the sender holds this many wei (a state override, the third parameter of
        geth's eth_estimateGas); a node without state overrides returns a Revert too. `pending`:
        include transactions in the node's pool.
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
        """Query the machine id that a registration would create now; None if it would fail."""

        def understand(results: Sequence[Any]) -> int | None:
            if isinstance(results[0], RpcError):
                return None
            return int(self._value("identity_registry", "register", results[0]))

        return Query([("eth_call", [transaction, "pending"])], understand)

    def failure(self, transaction: dict[str, str]) -> Query[Revert | None]:
        """Query why the transaction fails at the newest block; None if it does not."""

        def understand(results: Sequence[Any]) -> Revert | None:
            return read_revert(results[0]) if isinstance(results[0], RpcError) else None

        return Query([("eth_call", [transaction, "latest"])], understand)

    def receipt(self, *hashes: str) -> Query[Receipt | None]:
        """Query the receipt of one of `hashes`, which share a nonce; None if there is none yet."""

        def understand(results: Sequence[Any]) -> Receipt | None:
            found = (read_receipt(entry, hashes) for entry in results)
            # A receipt from a block that cannot exist yet does not count; the query is repeated.
            at = self.rpc.may_be_at
            return next((receipt for receipt in found if receipt and at(receipt.block)), None)

        return Query([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes], understand)

    def is_known(self, *hashes: str) -> Query[bool]:
        """Query whether the node knows one of them, in its pool or in a block."""

        def understand(results: Sequence[Any]) -> bool:
            if any(isinstance(entry, dict) for entry in results):
                return True
            for entry in results:
                if isinstance(entry, RpcError):
                    raise no_answer(entry, self.rpc.host)
            return False

        return Query([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes], understand)

    def finalized(self) -> Query[int | None]:
        """Query the finalized height; None if the node does not provide it."""

        def understand(results: Sequence[Any]) -> int | None:
            height = block_number(results[0])
            return height if height is not None and self.rpc.may_be_at(height) else None

        return Query([("eth_getBlockByNumber", ["finalized", False])], understand)

    def block_hash(self, height: int) -> Query[str | None]:
        """Query the hash of the block at that height; None if the node does not have it (yet)."""

        def understand(results: Sequence[Any]) -> str | None:
            found = results[0].get("hash") if isinstance(results[0], dict) else None
            return found if isinstance(found, str) else None

        return Query([("eth_getBlockByNumber", [hex(height), False])], understand)

    # Queries to the contracts

    def bond(self) -> Query[int]:
        """Query `minBond()` in wei."""
        return self._number("identity_registry", "minBond")

    def machine_id(self, address: str) -> Query[int]:
        """Query the machine id of `address`; 0 if it is not registered."""
        return self._number("identity_registry", "machineIdOfOwner", address)

    def machine_owner(self, machine_id: int) -> Query[str]:
        """Query the owner of the Identity NFT; empty if there is no such machine."""
        return self._owner("identity_registry", machine_id)

    def staked(self, machine_id: int) -> Query[bool]:
        """Query whether the bond is locked."""
        return Query(
            [self.call("identity_staking", "isStaked", machine_id)],
            lambda results: bool(self._value("identity_staking", "isStaked", results[0])),
        )

    def stake(self, machine_id: int) -> Query[int]:
        """Query the wei locked for the machine."""
        return self._number("identity_staking", "getStake", machine_id)

    def token_id(self, machine_id: int) -> Query[int]:
        """Query the token id of the machine's NFT; 0: none (some contracts revert instead:
        protocol.md).
        """

        def understand(results: Sequence[Any]) -> int:
            result = results[0]
            if isinstance(result, RpcError) and read_revert(result):
                return 0
            return int(self._value("machine_nft", "tokenIdOf", result))

        return Query([self.call("machine_nft", "tokenIdOf", machine_id)], understand)

    def tokens_minted(self) -> Query[int]:
        """Query the number of Machine NFTs."""
        return self._number("machine_nft", "totalMinted")

    def token_owner(self, token_id: int) -> Query[str]:
        """Query the owner of a Machine NFT; empty if there is none."""
        return self._owner("machine_nft", token_id)

    def token_machine(self, token_id: int) -> Query[int]:
        """Query the machine that a Machine NFT represents."""
        return self._number("machine_nft", "machineIdOf", token_id)

    def attributes(self, address: str, *, to_write: bool = False) -> Query[dict[str, bytes | None]]:
        """Query the current six attributes; None for an absent one.

        Agung returns a plain RPC error for an absent attribute. `to_write`: treat such an error as
        absent once it is repeated, because `addAttribute` reverts if the name exists.
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
        """Return the call of a view function at the newest block."""
        attribute = "batch_precompile" if contract == "batch" else contract
        transaction = {
            "to": getattr(self.contracts, attribute),
            "data": codec(contract).encode(function, *arguments),
        }
        if sender:
            transaction["from"] = sender
        return "eth_call", [transaction, "latest"]

    def _value(self, contract: str, function: str, result: Any) -> Any:
        """Return the result of a view. Raises OnboardingError: RPC_ERROR, and CONTRACT_UNEXPECTED
        if the contract itself reverts or returns something else.
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
