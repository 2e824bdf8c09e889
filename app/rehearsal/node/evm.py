"""The chain: py-evm blocks, with calls and gas estimates like a node's.

All access happens in one thread (the server's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from eth.abc import (
    BlockHeaderAPI,
    ComputationAPI,
    ReceiptAPI,
    SignedTransactionAPI,
    StateAPI,
)
from eth.chains.base import MiningChain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.exceptions import Revert, VMError
from eth.vm.spoof import SpoofTransaction
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber
from eth_utils.exceptions import ValidationError

from app.rehearsal.node import genesis
from app.rehearsal.node.vm import RehearsalVM

ZERO_ADDRESS = Address(bytes(20))


class ExecutionReverted(Exception):
    """The code reverted with `data`."""

    def __init__(self, data: bytes) -> None:
        super().__init__("execution reverted")
        self.data = data


class ExecutionFailed(Exception):
    """The code failed otherwise: out of gas, insufficient balance, invalid."""


@dataclass(frozen=True)
class MinedBlock:
    """A block with its receipts, in the order of its transactions."""

    header: BlockHeaderAPI
    transactions: tuple[SignedTransactionAPI, ...]
    receipts: tuple[ReceiptAPI, ...]

    @property
    def number(self) -> int:
        return self.header.block_number

    @property
    def hash(self) -> bytes:
        return self.header.hash


@dataclass(frozen=True)
class Call:
    """Input of eth_call and eth_estimateGas. `value` in wei; `gas` None is the block's limit."""

    sender: Address = ZERO_ADDRESS
    to: Address | None = None
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    gas_price: int = 0


@dataclass(frozen=True)
class Override:
    """Assumed state of an account during one call (geth's state override set)."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    slots: dict[int, int] = field(default_factory=dict)


Overrides = dict[Address, Override]


def address_of(key: bytes) -> Address:
    """Return the address of a private key."""
    return Address(PrivateKey(key).public_key.to_canonical_address())


@cache
def role_address(role: str) -> Address:
    """Return the address of a rehearsal account. Cached, because the curve takes milliseconds."""
    return address_of(genesis.account_key(role))


def _genesis_state() -> dict[Address, Any]:
    accounts: dict[Address, Any] = {}
    for name, address in {**genesis.CONTRACTS, **genesis.ACTIVATION_CONTRACTS}.items():
        code = bytes.fromhex(genesis.artifact(name)["runtime"][2:])
        accounts[Address(bytes.fromhex(address[2:]))] = _account(code=code)
    for address in genesis.PRECOMPILES:
        accounts[Address(bytes.fromhex(address[2:]))] = _account(code=genesis.PRECOMPILE_MARK)
    for role, wei in genesis.ROLES.items():
        accounts[role_address(role)] = _account(balance=wei)
    return accounts


def _account(*, balance: int = 0, code: bytes = b"") -> dict[str, Any]:
    return {"balance": balance, "nonce": 0, "code": code, "storage": {}}


class _RehearsalChain(MiningChain):
    chain_id = genesis.CHAIN_ID
    vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(
        ((BlockNumber(0), RehearsalVM),)
    )


class Chain:
    """Blocks from a fixed genesis, independent of any pool and of the wall clock."""

    def __init__(self) -> None:
        chain = _RehearsalChain.from_genesis(
            AtomicDB(),
            {
                "coinbase": ZERO_ADDRESS,
                "difficulty": 0,
                "extra_data": b"",
                "gas_limit": genesis.BLOCK_GAS_LIMIT,
                "mix_hash": bytes(32),
                "nonce": bytes(8),
                "timestamp": genesis.GENESIS_TIMESTAMP,
                "base_fee_per_gas": genesis.BASE_FEE,
            },
            _genesis_state(),
        )
        self._chain = cast(_RehearsalChain, chain)
        header = self._chain.get_canonical_block_header_by_number(BlockNumber(0))
        self.blocks: list[MinedBlock] = [MinedBlock(header, (), ())]
        # Transaction hash to block number and place in the block.
        self.places: dict[bytes, tuple[int, int]] = {}

    @property
    def head(self) -> MinedBlock:
        return self.blocks[-1]

    @property
    def base_fee(self) -> int:
        """Return the wei per gas that the next block burns."""
        return self._chain.header.base_fee_per_gas or 0

    @base_fee.setter
    def base_fee(self, wei: int) -> None:
        self._chain.header = self._chain.header.copy(base_fee_per_gas=wei)

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """Return the transaction of signed bytes. Raises what rlp, py-evm or a bad length raise."""
        return self._chain.get_vm().get_transaction_builder().decode(raw)

    def state(self, number: int | None = None) -> StateAPI:
        """Return a disposable copy of the state after a block, the newest by default."""
        block = self.head if number is None else self.blocks[number]
        return self._chain.get_vm(block.header).state

    def mine(
        self, transactions: Sequence[SignedTransactionAPI], timestamp: int
    ) -> tuple[MinedBlock, list[SignedTransactionAPI]]:
        """Make a block. Returns it with the transactions that could not be included.

        A timestamp (seconds) not later than the parent's is moved up.
        """
        chain = self._chain
        chain.set_header_timestamp(max(timestamp, self.head.header.timestamp + 1))
        included: list[SignedTransactionAPI] = []
        receipts: list[ReceiptAPI] = []
        left_out: list[SignedTransactionAPI] = []
        for transaction in transactions:
            try:
                _, receipt, _ = chain.apply_transaction(transaction)
            except ValidationError:
                left_out.append(transaction)
            else:
                included.append(transaction)
                receipts.append(receipt)
        header = chain.mine_block(mix_hash=bytes(32)).header
        block = MinedBlock(header, tuple(included), tuple(receipts))
        self.blocks.append(block)
        for place, transaction in enumerate(included):
            self.places[transaction.hash] = (block.number, place)
        return block, left_out

    def revert(self, number: int) -> list[SignedTransactionAPI]:
        """Remove all blocks after `number`; return their transactions, oldest first."""
        dropped = self.blocks[number + 1 :]
        del self.blocks[number + 1 :]
        transactions = [transaction for block in dropped for transaction in block.transactions]
        for transaction in transactions:
            del self.places[transaction.hash]
        self._chain.header = self._chain.create_header_from_parent(self.head.header)
        return transactions

    def find(self, transaction_hash: bytes) -> tuple[MinedBlock, int] | None:
        """Return the block that includes a transaction, and its place there."""
        place = self.places.get(transaction_hash)
        return None if place is None else (self.blocks[place[0]], place[1])

    def call(self, call: Call, number: int, overrides: Overrides | None = None) -> bytes:
        """Return the call's result on the state after a block. Nothing is kept."""
        _, computation, _ = self._run(call, number, overrides or {}, call.gas)
        return computation.output

    def estimate(self, call: Call, number: int, overrides: Overrides | None = None) -> int:
        """Return the least gas (to within 1.5 %) with which the call succeeds, searched as geth
        does.
        """
        overrides = overrides or {}
        highest = min(call.gas or genesis.BLOCK_GAS_LIMIT, genesis.BLOCK_GAS_LIMIT)
        if call.gas_price:
            held = self._overridden(number, overrides).get_balance(call.sender)
            if held < call.value:
                raise ExecutionFailed("insufficient funds for transfer")
            affordable = (held - call.value) // call.gas_price
            highest = min(highest, affordable)
        used, _, refund = self._run(call, number, overrides, highest)
        if self._succeeds(call, number, overrides, used):
            return used
        # The gas used is not enough: a call keeps back a 64th of the gas (EIP-150), and refunds
        # come after the end.
        guess = (used + refund + 2_300) * 64 // 63
        lowest = used
        if guess < highest and self._succeeds(call, number, overrides, guess):
            highest = guess
        while highest - lowest > max(1, highest * 15 // 1_000):
            middle = (highest + lowest) // 2
            if self._succeeds(call, number, overrides, middle):
                highest = middle
            else:
                lowest = middle
        return highest

    def _succeeds(self, call: Call, number: int, overrides: Overrides, gas: int) -> bool:
        try:
            self._run(call, number, overrides, gas)
        except (ExecutionReverted, ExecutionFailed):
            return False
        return True

    def _overridden(self, number: int, overrides: Overrides) -> StateAPI:
        state = self.state(number)
        for address, override in overrides.items():
            if override.balance is not None:
                state.set_balance(address, override.balance)
            if override.nonce is not None:
                state.set_nonce(address, override.nonce)
            if override.code is not None:
                state.set_code(address, override.code)
            for slot, value in override.slots.items():
                state.set_storage(address, slot, value)
        return state

    def _run(
        self, call: Call, number: int, overrides: Overrides, gas: int | None
    ) -> tuple[int, ComputationAPI, int]:
        """Run a call without charging for gas: gas used after refund, computation, refund."""
        state = self._overridden(number, overrides)
        unsigned = RehearsalVM.get_transaction_builder().new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined]
            chain_id=genesis.CHAIN_ID,
            nonce=state.get_nonce(call.sender),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=genesis.BLOCK_GAS_LIMIT if gas is None else gas,
            to=CREATE_CONTRACT_ADDRESS if call.to is None else call.to,
            value=call.value,
            data=call.data,
            access_list=(),
        )
        transaction: Any = SpoofTransaction(unsigned, from_=call.sender)
        if transaction.gas < transaction.intrinsic_gas:
            raise ExecutionFailed(f"gas required exceeds allowance ({transaction.gas})")
        executor: Any = state.get_transaction_executor()
        try:
            message = executor.build_evm_message(transaction)
            computation: ComputationAPI = executor.build_computation(message, transaction)
        except VMError as error:  # before the code ran: the value exceeds the balance
            raise ExecutionFailed("insufficient balance for transfer") from error
        if computation.is_error:
            if isinstance(computation.error, Revert):
                raise ExecutionReverted(computation.output)
            raise ExecutionFailed(_reason(computation.error))
        spent = transaction.gas - computation.get_gas_remaining()
        refund: int = executor.calculate_gas_refund(computation, spent)
        return spent - refund, computation, refund


def _reason(error: VMError) -> str:
    """Return a failure in the words of nodes."""
    names = {"OutOfGas": "out of gas", "InsufficientFunds": "insufficient balance for transfer"}
    return names.get(type(error).__name__, str(error) or type(error).__name__)
