"""Typed reads of the chain: every answer carries the height at which it was true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.chain_facts import Account, Fees, Receipt, Sighting, Survey
from core.contracts import Revert, codec, read_revert
from core.did import ATTRIBUTE_NAMES
from core.errors import OnboardingError, fault
from core.networks import CONTRACT_VARIABLES, Contracts, Network
from core.rpc import Answers, Call, Rpc, RpcError, quantity

GAS_MARGIN_PERCENT = 125
"""web3 adds none, and the state may move between estimate and block."""


class Chain:
    def __init__(self, rpc: Rpc, network: Network, contracts: Contracts) -> None:
        self.rpc = rpc
        self.network = network
        self.contracts = contracts

    async def survey(self, *, patience: float) -> Survey:
        """Looks at everything that onboarding will call. Raises OnboardingError (RPC_…)."""
        checked = [name for name in CONTRACT_VARIABLES if not _is_precompile(name)]
        addresses = [getattr(self.contracts, CONTRACT_VARIABLES[name]) for name in checked]
        nobody = "0x" + "11" * 20
        answers = await self.rpc.read(
            [
                *[("eth_getCode", [address, "latest"]) for address in addresses],
                self._call("identity_registry", "minBond"),
                self._attribute(nobody, "machineId"),
                # A subcall that must fail: without code at the address, the call would succeed.
                self._call("batch", "batchAll", *self._failing_subcall(), sender=nobody),
                *_FEE_CALLS,
            ],
            patience=patience,
        )
        results = list(answers.results)
        code = {
            name: isinstance(result, str) and len(result) > 2
            for name, result in zip(checked, results, strict=False)
        }
        bond, did, batch = results[len(checked) : len(checked) + 3]
        return Survey(
            host=self.rpc.host,
            height=answers.height,
            seconds=answers.seconds,
            server_time=answers.server_time,
            code=code,
            bond=_number_or_none("identity_registry", "minBond", bond),
            did_answers=_alive_precompile(did),
            batch_answers=_alive_precompile(batch),
            fees=self._fees(results[-2:]),
        )

    async def account(self, address: str, *, at_least: int = 0, other: bool = False) -> Account:
        answers = await self.rpc.read(_account_calls(address), at_least=at_least, other=other)
        return self._account(answers, 0)

    async def balance(self, address: str, *, at_least: int = 0) -> tuple[int, int]:
        """Wei, and the height at which it was read."""
        answers = await self.rpc.read([("eth_getBalance", [address, "latest"])], at_least=at_least)
        return quantity(answers.results[0], self.rpc.host), answers.height

    async def bond(self, *, at_least: int = 0) -> int:
        """`minBond()` in wei."""
        answers = await self.rpc.read(
            [self._call("identity_registry", "minBond")], at_least=at_least
        )
        return self._number("identity_registry", "minBond", answers.results[0])

    async def registration(
        self, address: str, *, at_least: int = 0, other: bool = False
    ) -> tuple[int, int, Account, int]:
        """Machine id of `address` (0: none), `minBond()` in wei, its account, and the height."""
        answers = await self.rpc.read(
            [
                self._call("identity_registry", "machineIdOfOwner", address),
                self._call("identity_registry", "minBond"),
                *_account_calls(address),
            ],
            at_least=at_least,
            other=other,
        )
        machine_id = self._number("identity_registry", "machineIdOfOwner", answers.results[0])
        bond = self._number("identity_registry", "minBond", answers.results[1])
        return machine_id, bond, self._account(answers, 2), answers.height

    async def machine(self, machine_id: int, *, at_least: int) -> tuple[str, bool]:
        """Owner of the Identity NFT, and whether the bond is staked."""
        answers = await self.rpc.read(
            [
                self._call("identity_registry", "ownerOf", machine_id),
                self._call("identity_staking", "isStaked", machine_id),
            ],
            at_least=at_least,
        )
        owner = self._value("identity_registry", "ownerOf", answers.results[0])
        return str(owner), bool(self._value("identity_staking", "isStaked", answers.results[1]))

    async def token(
        self, machine_id: int, address: str, *, at_least: int = 0, other: bool = False
    ) -> tuple[int, Account, int]:
        """Token id of the machine's NFT (0: none), the account, and the height.

        A revert is how some deployments say "none" (protocol.md, MachineNFT).
        """
        answers = await self.rpc.read(
            [self._call("machine_nft", "tokenIdOf", machine_id), *_account_calls(address)],
            at_least=at_least,
            other=other,
        )
        result = answers.results[0]
        reverted = isinstance(result, RpcError) and read_revert(result)
        token = 0 if reverted else self._number("machine_nft", "tokenIdOf", result)
        return token, self._account(answers, 1), answers.height

    async def token_owner(self, token_id: int, *, at_least: int) -> tuple[str, int]:
        """Owner of a Machine NFT, and the machine that it stands for."""
        answers = await self.rpc.read(
            [
                self._call("machine_nft", "ownerOf", token_id),
                self._call("machine_nft", "machineIdOf", token_id),
            ],
            at_least=at_least,
        )
        owner = self._value("machine_nft", "ownerOf", answers.results[0])
        return str(owner), self._number("machine_nft", "machineIdOf", answers.results[1])

    async def attributes(
        self, address: str, *, at_least: int = 0, other: bool = False
    ) -> tuple[dict[str, bytes | None], Account, int]:
        """The six attributes as they stand (None: absent), the account, and the height."""
        answers = await self.rpc.read(
            [
                *[self._attribute(address, name) for name in ATTRIBUTE_NAMES],
                *_account_calls(address),
            ],
            at_least=at_least,
            other=other,
        )
        found = {
            name: self._attribute_value(answers.results[index])
            for index, name in enumerate(ATTRIBUTE_NAMES)
        }
        return found, self._account(answers, len(ATTRIBUTE_NAMES)), answers.height

    async def estimate(self, transaction: dict[str, str]) -> int | Revert:
        """Gas that the node estimates, with our margin; or why the transaction would fail."""
        answers = await self.rpc.read([("eth_estimateGas", [transaction])])
        result = answers.results[0]
        if isinstance(result, RpcError):
            revert = read_revert(result)
            if revert:
                return revert
        return quantity(result, self.rpc.host) * GAS_MARGIN_PERCENT // 100

    async def estimate_unfunded(self, transaction: dict[str, str], balance: int) -> int | None:
        """Gas with our margin, as if the sender held `balance` wei; None where the node cannot
        suppose that (a state override, the third parameter of geth's eth_estimateGas).
        """
        override = {transaction["from"]: {"balance": hex(balance)}}
        answers = await self.rpc.read([("eth_estimateGas", [transaction, "latest", override])])
        result = answers.results[0]
        if isinstance(result, RpcError):
            return None
        return quantity(result, self.rpc.host) * GAS_MARGIN_PERCENT // 100

    async def simulate(self, transaction: dict[str, str]) -> Revert | None:
        """Why the transaction fails at the newest block, or None where it would not."""
        answers = await self.rpc.read([("eth_call", [transaction, "latest"])])
        result = answers.results[0]
        return read_revert(result) if isinstance(result, RpcError) else None

    async def sight(
        self, sender: str, hashes: Sequence[str], *, at_least: int = 0, other: bool = False
    ) -> Sighting:
        """One look at the transactions `hashes`, which compete for one nonce of `sender`."""
        calls: list[Call] = [
            ("eth_getTransactionCount", [sender, "latest"]),
            ("eth_getBlockByNumber", ["finalized", False]),
        ]
        calls += [("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes]
        calls += [("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes]
        answers = await self.rpc.read(calls, at_least=at_least, other=other)
        receipts = answers.results[2 : 2 + len(hashes)]
        found = [receipt for entry in receipts if (receipt := _receipt(entry, hashes))]
        known = any(isinstance(entry, dict) for entry in answers.results[2 + len(hashes) :])
        return Sighting(
            height=answers.height,
            nonce=quantity(answers.results[0], self.rpc.host),
            receipt=found[0] if found else None,
            known=known or bool(found),
            finalized=_block_number(answers.results[1]),
        )

    async def block_hash(self, number: int, *, at_least: int) -> str | None:
        """The hash of the block at that height; None where the node does not have it (yet)."""
        calls: list[Call] = [("eth_getBlockByNumber", [hex(number), False])]
        block = (await self.rpc.read(calls, at_least=at_least)).results[0]
        found = block.get("hash") if isinstance(block, dict) else None
        return found if isinstance(found, str) else None

    async def receipt(self, tx_hash: str) -> Receipt | None:
        """The receipt of anybody's transaction; None where the node has none (yet)."""
        answers = await self.rpc.read([("eth_getTransactionReceipt", [tx_hash])])
        return _receipt(answers.results[0], [tx_hash.lower()])

    def _failing_subcall(self) -> tuple[list[Any], ...]:
        data = codec("identity_registry").encode("ownerOf", 0)
        return [self.contracts.identity_registry], [0], [data], [0]

    def call_data(self, contract: str, function: str, *arguments: Any) -> str:
        return codec(contract).encode(function, *arguments)

    def _call(
        self, contract: str, function: str, *arguments: Any, sender: str | None = None
    ) -> Call:
        attribute = "batch_precompile" if contract == "batch" else contract
        transaction = {
            "to": getattr(self.contracts, attribute),
            "data": codec(contract).encode(function, *arguments),
        }
        if sender:
            transaction["from"] = sender
        return "eth_call", [transaction, "latest"]

    def _attribute(self, address: str, name: str) -> Call:
        return self._call("did_registry", "readAttribute", address, name.encode())

    def _attribute_value(self, result: Any) -> bytes | None:
        """None for an absent attribute, which reverts, or on agung is a bare RPC error."""
        if isinstance(result, RpcError):
            return None
        ((_, value, _, _),) = self._values("did_registry", "readAttribute", result)
        return bytes(value)

    def _values(self, contract: str, function: str, result: Any) -> tuple[Any, ...]:
        variable = contract.upper()
        if isinstance(result, RpcError):
            revert = read_revert(result)
            reason = revert.reason if revert else result.message
            raise self._unexpected(variable, f"{function}: {reason}")
        try:
            return codec(contract).decode(function, result)
        except ValueError as error:
            raise self._unexpected(variable, str(error)) from error

    def _value(self, contract: str, function: str, result: Any) -> Any:
        return self._values(contract, function, result)[0]

    def _number(self, contract: str, function: str, result: Any) -> int:
        return int(self._value(contract, function, result))

    def _unexpected(self, variable: str, reason: str) -> OnboardingError:
        return fault("CONTRACT_UNEXPECTED", variable=f"{variable}_ADDRESS", reason=reason)

    def _account(self, answers: Answers, start: int) -> Account:
        balance, nonce, pending, *fees = answers.results[start : start + 5]
        host = self.rpc.host
        latest = quantity(nonce, host)
        return Account(
            height=answers.height,
            balance=quantity(balance, host),
            nonce=latest,
            # A node without a pool of its own may refuse "pending": then blocks are all we know.
            pending=latest if isinstance(pending, RpcError) else quantity(pending, host),
            fees=self._fees(fees),
        )

    def _fees(self, results: Sequence[Any]) -> Fees:
        """Twice the base fee and the tip that the node suggests, which is usually 0 on peaq."""
        block, price = results
        gas_price = quantity(price, self.rpc.host)
        base = block.get("baseFeePerGas") if isinstance(block, dict) else None
        if base is None:
            return Fees(cap=gas_price, tip=0, legacy=True)
        base_fee = quantity(base, self.rpc.host)
        tip = min(max(gas_price - base_fee, 0), max(base_fee, 1))
        # The newest block's fee may be about to jump: the node's own price is the least.
        return Fees(cap=max(2 * base_fee + tip, gas_price), tip=tip, legacy=False)


_FEE_CALLS: list[Call] = [("eth_getBlockByNumber", ["latest", False]), ("eth_gasPrice", [])]


def _account_calls(address: str) -> list[Call]:
    return [
        ("eth_getBalance", [address, "latest"]),
        ("eth_getTransactionCount", [address, "latest"]),
        ("eth_getTransactionCount", [address, "pending"]),
        *_FEE_CALLS,
    ]


def _is_precompile(variable: str) -> bool:
    # They have little or no code (promises.md, quirk 16): they are called instead.
    return variable in ("DID_REGISTRY_ADDRESS", "BATCH_PRECOMPILE_ADDRESS")


def _alive_precompile(result: Any) -> bool:
    """An address without code answers any call with success and nothing."""
    if isinstance(result, RpcError):
        return read_revert(result) is not None
    return isinstance(result, str) and len(result) > 2


def _number_or_none(contract: str, function: str, result: Any) -> int | None:
    if isinstance(result, RpcError):
        return None
    try:
        return int(codec(contract).decode(function, result)[0])
    except ValueError:
        return None


def _block_number(block: Any) -> int | None:
    """None where the node does not say: `finalized` can be null for a while."""
    if not isinstance(block, dict):
        return None
    return _number(block.get("number"))


def _number(value: Any) -> int | None:
    try:
        return int(value, 16) if isinstance(value, str) else None
    except ValueError:
        return None


def _receipt(entry: Any, hashes: Sequence[str]) -> Receipt | None:
    if not isinstance(entry, dict):
        return None
    block = _number(entry.get("blockNumber"))
    if block is None:
        return None
    tx_hash = str(entry.get("transactionHash", "")).lower()
    if tx_hash not in hashes:
        return None
    used = _number(entry.get("gasUsed")) or 0
    price = _number(entry.get("effectiveGasPrice")) or 0
    logs = entry.get("logs")
    return Receipt(
        hash=tx_hash,
        block=block,
        block_hash=str(entry.get("blockHash", "")),
        succeeded=entry.get("status") == "0x1",
        fee=used * price,
        logs=[log for log in logs if isinstance(log, dict)] if isinstance(logs, list) else [],
    )
