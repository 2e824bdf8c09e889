"""What the tests of the rehearsal network share: a clock and a client that speaks HTTP."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from eth_abi import decode, encode, grammar
from eth_account import Account
from eth_utils import keccak

from app.rehearsal.node.genesis import ADDRESS_VARIABLES, CHAIN_ID

REGISTRY = ADDRESS_VARIABLES["IDENTITY_REGISTRY_ADDRESS"]
STAKING = ADDRESS_VARIABLES["IDENTITY_STAKING_ADDRESS"]
NFT = ADDRESS_VARIABLES["MACHINE_NFT_ADDRESS"]
EVENTS = ADDRESS_VARIABLES["EVENT_REGISTRY_ADDRESS"]
DID = ADDRESS_VARIABLES["DID_REGISTRY_ADDRESS"]
BATCH = ADDRESS_VARIABLES["BATCH_PRECOMPILE_ADDRESS"]

PEAQ = 10**18
MACHINE = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)
OWNER = Account.from_key("0x" + "33" * 32).address

BATCH_ALL = "batchAll(address[],uint256[],bytes[],uint64[])"
ADD = "addAttribute(address,bytes,bytes,uint32)"
UPDATE = "updateAttribute(address,bytes,bytes,uint32)"
READ = "readAttribute(address,bytes)"
ATTRIBUTE = "(bytes,bytes,uint32,uint256)"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class RpcFailure(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, error: dict) -> None:
        super().__init__(error["message"])
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data")


def selector(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()


def calldata(signature: str, *arguments: object) -> bytes:
    types = signature[signature.index("(") :]
    parts = [] if types == "()" else grammar.parse(types).components
    return keccak(text=signature)[:4] + encode([part.to_type_str() for part in parts], arguments)


def batch(*subcalls: tuple) -> bytes:
    """batchAll calldata of (to, value, data[, gas limit]) subcalls."""
    return calldata(
        BATCH_ALL,
        [one[0] for one in subcalls],
        [one[1] for one in subcalls],
        [one[2] for one in subcalls],
        [one[3] if len(one) > 3 else 0 for one in subcalls],
    )


class Client:
    """Speaks to a network over HTTP, as the wizard does."""

    def __init__(self, network) -> None:
        self.network = network
        self.http = httpx.Client(timeout=10)

    def rpc(self, method: str, *params: object):
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        answer = self.http.post(self.network.rpc_url, json=request).json()
        assert answer["id"] == 7
        if "error" in answer:
            raise RpcFailure(answer["error"])
        return answer["result"]

    def call(self, to: str, signature: str, *arguments: object, returns: str = "uint256"):
        data = "0x" + calldata(signature, *arguments).hex()
        result = self.rpc("eth_call", {"to": to, "data": data}, "latest")
        return decode([returns], bytes.fromhex(result[2:]))[0]

    def revert_of(self, to: str, data: bytes, *, value: int = 0, sender=MACHINE) -> str:
        """The revert data of a gas estimate that must fail."""
        what = {"from": sender.address, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        with pytest.raises(RpcFailure) as caught:
            self.rpc("eth_estimateGas", what)
        assert caught.value.code == 3
        return caught.value.data

    def sign(self, to: str, data: bytes = b"", *, value=0, sender=MACHINE, **fields) -> str:
        transaction = {
            "chainId": CHAIN_ID,
            "nonce": int(self.rpc("eth_getTransactionCount", sender.address, "pending"), 16),
            "maxFeePerGas": 20 * 10**9,
            "maxPriorityFeePerGas": 0,
            "gas": 3_000_000,
            "to": to,
            "value": value,
            "data": data,
            **fields,
        }
        if "gasPrice" in fields:
            del transaction["maxFeePerGas"], transaction["maxPriorityFeePerGas"]
        return "0x" + bytes(sender.sign_transaction(transaction).raw_transaction).hex()

    def transact(self, to: str, data: bytes = b"", **fields):
        """Signs, sends and returns the receipt (None while pending)."""
        transaction_hash = self.rpc("eth_sendRawTransaction", self.sign(to, data, **fields))
        return self.rpc("eth_getTransactionReceipt", transaction_hash)

    def register(self, sender=MACHINE, value: int = PEAQ):
        return self.transact(REGISTRY, calldata("register()"), value=value, sender=sender)

    # Gas Station

    def post(self, call: str, body: object) -> httpx.Response:
        return self.http.post(f"{self.network.gas_station_url}/{call}", json=body)

    def setup(self, owner: str = OWNER, **fields) -> httpx.Response:
        return self.post("2fa/setup", {"ownerAddress": owner, "format": "svg", **fields})

    def code(self, owner: str = OWNER) -> str:
        code = self.network.current_code(owner)
        assert code is not None
        return code[0]

    def confirm(self, code: str | None = None, owner: str = OWNER) -> httpx.Response:
        body = {"ownerAddress": owner, "twoFactorCode": code or self.code(owner)}
        return self.post("2fa/confirm", body)

    def enrol(self, owner: str = OWNER) -> None:
        assert self.setup(owner).status_code == 200
        assert self.confirm(owner=owner).json()["code"] == "2FA_ACTIVATED"

    def fund(self, *, code: str | None = None, owner: str = OWNER, **fields) -> httpx.Response:
        body = {
            "ownerAddress": owner,
            "targetWalletAddress": MACHINE.address,
            "chainId": "peaq",
            "twoFactorCode": code or self.code(owner),
            "requestId": str(uuid.uuid4()),
            **fields,
        }
        return self.post("faucet/fund", body)

    def close(self) -> None:
        self.http.close()
