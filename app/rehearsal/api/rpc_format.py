"""Blocks, transactions, receipts and logs in the form of Ethereum's JSON-RPC."""

from __future__ import annotations

from typing import Any

from eth.abc import SignedTransactionAPI
from eth_utils.address import to_checksum_address

from app.rehearsal.node.evm import MinedBlock

Json = Any

# About the size of a block without transactions. Nobody relies on the exact size.
HEADER_BYTES = 540


def quantity(number: int) -> str:
    """Return a number as JSON-RPC writes it: hex without leading zeros."""
    return hex(number)


def octets(data: bytes) -> str:
    """Return bytes as JSON-RPC writes them."""
    return "0x" + bytes(data).hex()


def word(number: int) -> str:
    """Return a number as 32 bytes."""
    return f"0x{number:064x}"


def block_json(block: MinedBlock, *, full: bool) -> Json:
    """Return a block; with complete transactions if `full`."""
    header: Any = block.header
    transactions = [
        transaction_json(item, block, place) if full else octets(item.hash)
        for place, item in enumerate(block.transactions)
    ]
    return {
        "number": quantity(block.number),
        "hash": octets(block.hash),
        "parentHash": octets(header.parent_hash),
        "nonce": octets(header.nonce),
        "sha3Uncles": octets(header.uncles_hash),
        "logsBloom": f"0x{header.bloom:0512x}",
        "transactionsRoot": octets(header.transaction_root),
        "stateRoot": octets(header.state_root),
        "receiptsRoot": octets(header.receipt_root),
        "withdrawalsRoot": octets(header.withdrawals_root),
        "miner": to_checksum_address(header.coinbase),
        "mixHash": octets(header.mix_hash),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": octets(header.extra_data),
        "size": quantity(HEADER_BYTES + sum(len(item.encode()) for item in block.transactions)),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "timestamp": quantity(header.timestamp),
        "transactions": transactions,
        "withdrawals": [],
        "uncles": [],
    }


def pending_block_json(head: MinedBlock, transactions: list[Json]) -> Json:
    """Return the pending block, without hash and number, as nodes show it."""
    block = block_json(MinedBlock(head.header, (), ()), full=False)
    return {
        **block,
        "number": quantity(head.number + 1),
        "parentHash": block["hash"],
        "timestamp": quantity(head.header.timestamp + 1),
        "hash": None,
        "nonce": None,
        "miner": None,
        "gasUsed": "0x0",
        "transactions": transactions,
    }


def transaction_json(
    transaction: SignedTransactionAPI, block: MinedBlock | None = None, place: int | None = None
) -> Json:
    """Return a transaction; a pending one if there is no block."""
    kind = transaction_type(transaction)
    answer: dict[str, Any] = {
        "hash": octets(transaction.hash),
        "type": quantity(kind),
        "nonce": quantity(transaction.nonce),
        "from": to_checksum_address(transaction.sender),
        "to": to_checksum_address(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "input": octets(transaction.data),
        "chainId": quantity(transaction.chain_id or 0),
        "gasPrice": quantity(_gas_price(transaction, block)),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "blockHash": octets(block.hash) if block else None,
        "blockNumber": quantity(block.number) if block else None,
        "transactionIndex": None if place is None else quantity(place),
    }
    if kind == 0:
        answer["v"] = quantity(transaction.v)  # type: ignore[attr-defined]
    else:
        answer["v"] = answer["yParity"] = quantity(transaction.y_parity)
        answer["accessList"] = [
            {"address": to_checksum_address(address), "storageKeys": [word(key) for key in keys]}
            for address, keys in transaction.access_list
        ]
    if kind == 2:
        answer["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        answer["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    return answer


def transaction_type(transaction: SignedTransactionAPI) -> int:
    """Return 0 for legacy, 1 with access list, 2 with dynamic fee."""
    return getattr(transaction, "type_id", None) or 0


def _gas_price(transaction: SignedTransactionAPI, block: MinedBlock | None) -> int:
    """Return wei per gas: the price paid, or the maximum for a pending transaction."""
    if block is None:
        return int(transaction.max_fee_per_gas)
    base = block.header.base_fee_per_gas or 0
    return min(transaction.max_fee_per_gas, base + transaction.max_priority_fee_per_gas)


def receipt_json(block: MinedBlock, place: int) -> Json:
    """Return the receipt of the transaction at `place` in a block."""
    transaction, receipt = block.transactions[place], block.receipts[place]
    before = block.receipts[place - 1].gas_used if place else 0
    return {
        "transactionHash": octets(transaction.hash),
        "transactionIndex": quantity(place),
        "type": quantity(transaction_type(transaction)),
        "blockHash": octets(block.hash),
        "blockNumber": quantity(block.number),
        "from": to_checksum_address(transaction.sender),
        "to": to_checksum_address(transaction.to) if transaction.to else None,
        "contractAddress": None,
        "status": quantity(int.from_bytes(receipt.state_root, "big")),
        "gasUsed": quantity(receipt.gas_used - before),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(_gas_price(transaction, block)),
        "logsBloom": f"0x{receipt.bloom:0512x}",
        "logs": [log for log in logs_json(block) if log["transactionIndex"] == quantity(place)],
    }


def logs_json(block: MinedBlock) -> list[Json]:
    """Return all logs of a block, in order."""
    logs: list[Json] = []
    for place, receipt in enumerate(block.receipts):
        for log in receipt.logs:
            logs.append(
                {
                    "address": to_checksum_address(log.address),
                    "topics": [word(topic) for topic in log.topics],
                    "data": octets(log.data),
                    "blockNumber": quantity(block.number),
                    "blockHash": octets(block.hash),
                    "transactionHash": octets(block.transactions[place].hash),
                    "transactionIndex": quantity(place),
                    "logIndex": quantity(len(logs)),
                    "removed": False,
                }
            )
    return logs
