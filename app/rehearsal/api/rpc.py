"""The JSON-RPC endpoint without HTTP: takes a decoded body, returns a response."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from app.rehearsal.api import rpc_format, rpc_params
from app.rehearsal.api.rpc_format import octets, quantity
from app.rehearsal.api.rpc_params import InvalidParams, UnknownBlock
from app.rehearsal.faults import FaultBook
from app.rehearsal.node import genesis
from app.rehearsal.node.contract_calls import ENTRY_NOT_FOUND
from app.rehearsal.node.evm import Call, ExecutionFailed, ExecutionReverted
from app.rehearsal.node.mempool import Refused
from app.rehearsal.node.node import Node
from app.rehearsal.staging import Staging
from core.text import read_json

ERROR_STRING = keccak(text="Error(string)")[:4]
DID_ABSENT = "Cannot find the item"

Json = Any
Params = list[Any]


class RpcError(Exception):
    """An error response."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message}
        if data is not None:
            self.body["data"] = data


def revert_message(data: bytes) -> str:
    """Return the message that nodes give a revert, with its reason if that is text."""
    if data[:4] == ERROR_STRING:
        try:
            return f"execution reverted: {decode(['string'], data[4:])[0]}"
        except DecodingError:
            pass
    return "execution reverted"


class Rpc:
    """JSON-RPC server for a node. Counts calls per method."""

    def __init__(
        self, node: Node, staging: Staging, faults: FaultBook, counter: Counter[str]
    ) -> None:
        self._node = node
        self._chain = node.chain
        self._staging = staging
        self._faults = faults
        self._counter = counter
        self._methods: dict[str, Callable[..., Json]] = {
            "eth_chainId": lambda: quantity(genesis.CHAIN_ID),
            "net_version": lambda: str(genesis.CHAIN_ID),
            "net_listening": lambda: True,
            "web3_clientVersion": lambda: "peaq-rehearsal/1",
            "eth_syncing": lambda: False,
            "eth_accounts": list,  # it holds no keys for its callers
            "eth_blockNumber": lambda: quantity(self._chain.head.number),
            "eth_gasPrice": lambda: quantity(self._chain.base_fee),
            "eth_maxPriorityFeePerGas": lambda: "0x0",  # peaq's usual value
            "eth_feeHistory": self._fee_history,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBalance": self._balance,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getCode": self._code,
            "eth_getStorageAt": self._storage,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": self._send_raw,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
        }

    def answer(self, body: bytes) -> Json:
        """Return the response to a request body, single or batch; None for a notification."""
        try:
            request = read_json(body)
        except ValueError:
            return _failure(None, RpcError(-32700, "Parse error"))
        if not isinstance(request, list):
            answer = self._answer_one(request)
        elif not request:
            return _failure(None, RpcError(-32600, "Invalid request"))
        else:
            answers = [self._answer_one(one) for one in request]
            answer = [one for one in answers if one is not None] or None
        self._staging.settle()
        return answer

    def _answer_one(self, request: Json) -> Json:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, RpcError(-32600, "Invalid request"))
        params = request.get("params", [])
        try:
            if not isinstance(params, list):
                raise InvalidParams("params: expected a list")
            result = self._run(request["method"], params)
        except RpcError as error:
            answer = _failure(request.get("id"), error)
        except InvalidParams as error:
            answer = _failure(request.get("id"), RpcError(-32602, f"Invalid params: {error}"))
        else:
            answer = {"jsonrpc": "2.0", "id": request.get("id"), "result": result}
        return answer if "id" in request else None

    def _run(self, name: str, params: Params) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise RpcError(-32601, f"Method not found: {name}")
        self._counter[name] += 1
        try:
            _check_count(method, params)
            return method(*params)
        except UnknownBlock as error:
            raise RpcError(-32000, str(error)) from error
        except Refused as refused:
            # Frontier uses this code for every refusal of the pool.
            raise RpcError(-32603, str(refused)) from refused
        except ExecutionReverted as revert:
            raise self._revert_error(revert.data) from revert
        except ExecutionFailed as failed:
            raise RpcError(-32000, str(failed)) from failed

    def _revert_error(self, data: bytes) -> RpcError:
        if data[:4] == ENTRY_NOT_FOUND:
            if self._faults.take("did-bare-error"):
                return RpcError(-32603, DID_ABSENT)
            if self._faults.take("did-text-error"):
                data = ERROR_STRING + encode(["string"], [DID_ABSENT])
        return RpcError(3, revert_message(data), octets(data))

    # Blocks and fees

    def _block_by_number(self, tag: Json, full: Json = False) -> Json:
        if tag == "pending":
            waiting = self._node.pool.executable()
            items = [
                rpc_format.transaction_json(one) if full else octets(one.hash) for one in waiting
            ]
            return rpc_format.pending_block_json(self._chain.head, items)
        try:
            return rpc_format.block_json(rpc_params.block(self._node, tag), full=bool(full))
        except UnknownBlock:
            return None

    def _block_by_hash(self, block_hash: Json, full: Json = False) -> Json:
        try:
            found = rpc_params.block_by_hash(self._node, rpc_params.word(block_hash))
        except UnknownBlock:
            return None
        return rpc_format.block_json(found, full=bool(full))

    def _fee_history(self, count: Json, newest: Json, percentiles: Json = None) -> Json:
        wanted = count if isinstance(count, int) else rpc_params.quantity(count, "block count")
        last = rpc_params.block(self._node, newest)
        first = max(0, last.number + 1 - max(1, min(wanted, 1024)))
        blocks = self._chain.blocks[first : last.number + 1]
        fees = [one.header.base_fee_per_gas or 0 for one in blocks] + [self._chain.base_fee]
        answer: dict[str, Json] = {
            "oldestBlock": quantity(first),
            "baseFeePerGas": [quantity(fee) for fee in fees],
            "gasUsedRatio": [one.header.gas_used / one.header.gas_limit for one in blocks],
        }
        if percentiles is not None:
            answer["reward"] = [["0x0"] * len(percentiles) for _ in blocks]
        return answer

    # Accounts

    def _balance(self, who: Json, tag: Json = "latest") -> Json:
        state = self._chain.state(rpc_params.block(self._node, tag).number)
        return quantity(state.get_balance(rpc_params.address(who)))

    def _transaction_count(self, who: Json, tag: Json = "latest") -> Json:
        account = rpc_params.address(who)
        if tag == "pending":
            return quantity(self._node.pool.next_nonce(account))
        state = self._chain.state(rpc_params.block(self._node, tag).number)
        return quantity(state.get_nonce(account))

    def _code(self, who: Json, tag: Json = "latest") -> Json:
        state = self._chain.state(rpc_params.block(self._node, tag).number)
        return octets(state.get_code(rpc_params.address(who)))

    def _storage(self, who: Json, slot: Json, tag: Json = "latest") -> Json:
        state = self._chain.state(rpc_params.block(self._node, tag).number)
        place = rpc_params.quantity(slot, "slot")
        return rpc_format.word(state.get_storage(rpc_params.address(who), place))

    # Execution

    def _call(self, what: Json, tag: Json = "latest", overrides: Json = None) -> Json:
        call, changes = rpc_params.call(what), rpc_params.overrides(overrides)
        if not changes:
            self._staging.before_call(call)
        return octets(self._chain.call(call, rpc_params.block(self._node, tag).number, changes))

    def _estimate(self, what: Json, tag: Json = "latest", overrides: Json = None) -> Json:
        call, changes = rpc_params.call(what), rpc_params.overrides(overrides)
        if not changes:
            self._staging.before_estimate(call)
        number = rpc_params.block(self._node, tag).number
        return quantity(self._chain.estimate(call, number, changes))

    def _send_raw(self, raw: Json) -> Json:
        sent = self._node.decode(rpc_params.octets(raw))
        call = Call(sender=sent.sender, to=sent.to, data=sent.data)
        self._staging.before_send(call)
        transaction_hash = self._node.submit(sent, rpc=True)
        self._staging.after_send(call)
        return octets(transaction_hash)

    # Transactions and logs

    def _transaction(self, transaction_hash: Json) -> Json:
        wanted = rpc_params.word(transaction_hash)
        found = self._chain.find(wanted)
        if found is not None:
            block, place = found
            return rpc_format.transaction_json(block.transactions[place], block, place)
        pending = self._node.pool.get(wanted)
        return None if pending is None else rpc_format.transaction_json(pending)

    def _receipt(self, transaction_hash: Json) -> Json:
        found = self._chain.find(rpc_params.word(transaction_hash))
        return None if found is None else rpc_format.receipt_json(*found)

    def _logs(self, wanted: Json) -> Json:
        if not isinstance(wanted, dict):
            raise InvalidParams("expected a filter object")
        if "blockHash" in wanted:
            blocks = [rpc_params.block_by_hash(self._node, rpc_params.word(wanted["blockHash"]))]
        else:
            first = rpc_params.block(self._node, wanted.get("fromBlock")).number
            last = rpc_params.block(self._node, wanted.get("toBlock")).number
            blocks = self._chain.blocks[first : last + 1]
        where = wanted.get("address")
        where = where if isinstance(where, list) or where is None else [where]
        addresses = None if where is None else {octets(rpc_params.address(one)) for one in where}
        topics = rpc_params.topic_filter(wanted.get("topics"))
        return [
            log
            for block in blocks
            for log in rpc_format.logs_json(block)
            if (addresses is None or log["address"].lower() in addresses)
            and len(log["topics"]) >= len(topics)
            and all(one is None or log["topics"][at] in one for at, one in enumerate(topics))
        ]


def _check_count(method: Callable[..., Json], params: Params) -> None:
    """Refuse a wrong number of parameters, because catching TypeError could hide a real defect."""
    try:
        inspect.signature(method).bind(*params)
    except TypeError as error:
        raise InvalidParams(str(error)) from error


def _failure(request_id: Json, error: RpcError) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "error": error.body}
