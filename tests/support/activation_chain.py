"""The activation contracts in a few attributes, behind the real JSON-RPC client.

A test changes prices, peers, machines and events by assignment, or in `after`, which runs after
each transaction that came into a block.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
from eth_abi.abi import encode
from eth_account import Account as EthAccount
from eth_account.typed_transactions import TypedTransaction
from eth_utils.abi import function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from core.chain.abi import _type_of, codec
from core.config.deployments import PEAQ_MAINNET, Deployment
from core.journal.state import Details
from core.keys.private_key import key_from_bytes
from core.protocols.activation.identity import Entries, endpoints_of, machine_id
from core.protocols.activation.queries import PEERS, peer_key
from tests.support.activation_parts import Contracts, Held, NodeError, Refused, log

PEAQ = 10**18
KEY = key_from_bytes(bytes(31) + b"\x07")
WALLET = KEY.address
STRANGER = to_checksum_address("0x" + "57" * 20)
MANUFACTURER = to_checksum_address("0x" + "33" * 20)
GWEI = 10**9
PERIOD = 30 * 86_400
START = 1_800_000_000
DETAILS = Details("https://docs.example.com/arm-7", "https://api.example.com/arm-7", "public")
SUBJECT = "0x" + bytes(range(32)).hex()
ENTRIES = Entries("Sensor", SUBJECT, MANUFACTURER, "", endpoints_of(DETAILS))
NUMBER = machine_id("Sensor", bytes(range(32)))
_NOBODY = "0x" + "0" * 40


class ActivationChain:
    """A node with the seven contracts of `deployment`, the token, and one wallet."""

    def __init__(self, deployment: Deployment = PEAQ_MAINNET) -> None:
        self.deployment = deployment
        self.contracts = Contracts()
        self.prices: dict[int, int | None] = {0: 4 * PEAQ // 10, 1: PEAQ, 2: 3 * PEAQ}
        """None: PriceNotAvailable. A tier that is missing: InvalidTier."""
        self.peers = {name: getattr(deployment.contracts, name) for name in PEERS}
        self.token = deployment.token
        self.no_code: set[str] = set()
        """Addresses, in lower case."""
        self.authority = True
        self.paused = False
        self.machine_paused = False
        self.computes: int | None = None
        """The id that computeTokenId gives; None: the right one."""
        self.head = 100
        self.finalized = 0
        self.includes = True
        self.reverts: set[str] = set()
        """Functions whose transaction fails in its block, although it could be simulated."""
        self.sent: list[str] = []
        self.receipts: dict[str, dict[str, Any]] = {}
        self.purposes: list[str] = []
        """The function of each transaction that came into a block and had its effect."""
        self.after: Callable[[str], None] | None = None
        self.simulated: Callable[[], None] | None = None
        """Runs before an activation or a renewal is simulated."""
        self.logs: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda logs: logs
        """What a test makes of the logs of each transaction."""
        self.answers: dict[str, Any] = {}
        """By function: another answer of eth_call, as it is in a list of one, or an exception."""
        self.requests = 0
        self._before = copy.deepcopy(self.contracts)
        self.forks = 0

    # JSON-RPC

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        body = json.loads(request.content)
        answers = [self._reply(call) for call in (body if isinstance(body, list) else [body])]
        return httpx.Response(200, json=answers if isinstance(body, list) else answers[0])

    def _reply(self, call: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            reply["result"] = self._answer(call["method"], call["params"])
        except Refused as refused:
            reply["error"] = {"code": 3, "message": "execution reverted", "data": refused.data}
        except NodeError as error:
            reply["error"] = {"code": -32603, "message": str(error)}
        return reply

    def _answer(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.deployment.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_feeHistory":
                prices = [hex(GWEI), hex(GWEI)]
                return {"oldestBlock": hex(self.head), "baseFeePerGas": prices, "reward": [["0x0"]]}
            case "eth_getBalance":
                return hex(self.contracts.balance)
            case "eth_getTransactionCount":
                return hex(self.contracts.nonce)
            case "eth_getCode":
                return "0x" if params[0].lower() in self.no_code else "0x60806040"
            case "eth_getBlockByNumber":
                height = self.finalized if params[0] == "finalized" else int(params[0], 16)
                if height > self.head:
                    return None
                return {"number": hex(height), "hash": self.block_hash(height)}
            case "eth_getTransactionReceipt":
                return self.receipts.get(params[0])
            case "eth_getTransactionByHash":
                return {} if params[0] in self.receipts else None
            case "eth_call":
                return self._call(params[0])
            case "eth_estimateGas":
                self._call(params[0])
                return hex(50_000 if params[0]["to"] == self.token else 900_000)
            case "eth_sendRawTransaction":
                self.sent.append(params[0])
                if self.includes:
                    self.include(params[0])
                return "0x" + keccak(hexstr=params[0]).hex()
        raise AssertionError(f"nobody asks this chain for {method}")

    def block_hash(self, height: int) -> str:
        return "0x" + keccak(text=f"{height} after {self.forks} reorganizations").hex()

    def mine(self) -> None:
        self.head += 1

    # Transactions

    def include(self, raw: str) -> None:
        """The transaction comes into a block of its own."""
        tx_hash = "0x" + keccak(hexstr=raw).hex()
        if tx_hash in self.receipts:
            return
        self.mine()
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        assert EthAccount.recover_transaction(raw) == WALLET
        assert fields["value"] == 0, "a transaction of an activation carries no value"
        assert fields["nonce"] == self.contracts.nonce
        call = {
            "from": WALLET,
            "to": to_checksum_address(HexBytes(fields["to"])),
            "data": "0x" + bytes(HexBytes(fields["data"])).hex(),
        }
        name, _ = self._decoded(call)[1:]
        logs: list[dict[str, Any]] = []
        succeeded = name not in self.reverts
        before = copy.deepcopy(self.contracts)
        if succeeded:
            try:
                logs = self._execute(call)
            except (Refused, NodeError):
                self.contracts, succeeded = before, False
        self.contracts.nonce += 1
        self.contracts.balance -= 21_000 * GWEI
        self.receipts[tx_hash] = {
            "transactionHash": tx_hash,
            "blockNumber": hex(self.head),
            "blockHash": self.block_hash(self.head),
            "status": "0x1" if succeeded else "0x0",
            "gasUsed": hex(21_000),
            "effectiveGasPrice": hex(GWEI),
            "logs": self.logs(logs),
        }
        if succeeded:
            self.purposes.append(name)
        if self.after:
            self.after(name)

    def reorganize(self) -> None:
        """Replace every block by another one, with nothing in it."""
        self.forks += 1
        self.head += 1
        self.contracts = copy.deepcopy(self._before)
        self.receipts.clear()
        self.purposes.clear()

    # Contracts

    def _decoded(self, call: Mapping[str, str]) -> tuple[str, str, tuple[Any, ...]]:
        addresses = {**self.deployment.contracts.as_dict(), "peaq_token": self.deployment.token}
        contract = next(n for n, a in addresses.items() if a.lower() == call["to"].lower())
        interface = codec(f"activation/{contract}")
        for entry in interface.abi:
            if entry["type"] == "function":
                selector = bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]
                if call["data"].startswith("0x" + selector.hex()):
                    name = entry["name"]
                    return contract, name, interface.arguments(name, call["data"])
        raise AssertionError(f"nobody calls {call}")

    def _call(self, call: Mapping[str, str]) -> Any:
        contract, name, arguments = self._decoded(call)
        prepared = self.answers.get(name)
        if isinstance(prepared, Exception):
            raise prepared
        if isinstance(prepared, list):
            return prepared[0]
        if prepared is not None:
            return prepared
        if name in ("activateMachine", "activate", "renew") and self.simulated:
            self.simulated()
        if name in ("approve", "activateMachine", "activate", "renew"):
            before = copy.deepcopy(self.contracts)
            try:
                self._execute(call)
            finally:
                self.contracts = before
            return "0x"
        value = self._view(contract, name, arguments)
        outputs = codec(f"activation/{contract}")._entry("function", name)["outputs"]
        values = value if name == "subscriptions" else (value,)
        return "0x" + encode([_type_of(part) for part in outputs], list(values)).hex()

    def _view(self, contract: str, name: str, arguments: tuple[Any, ...]) -> Any:
        state = self.contracts
        match name:
            case "peer":
                keys = {peer_key(peer): address for peer, address in self.peers.items()}
                return keys.get(bytes(arguments[0]), _NOBODY)
            case "peaqToken":
                return self.token
            case "computeTokenId":
                return machine_id(*arguments) if self.computes is None else self.computes
            case "isEconomicAuthority":
                return self.authority
            case "isTechnicalPausedGlobal":
                return self.paused
            case "isTechnicalPaused":
                return self.machine_paused
            case "requiredPeaqAmount":
                return self._price(arguments[0])
            case "pendingVoucherCredit":
                return state.voucher
            case "pendingBondingReward":
                return state.reward
            case "subscriptionPeriodLength":
                return PERIOD
            case "allowance":
                return state.allowance
            case "balanceOf":
                return state.balance
            case "subscriptions":
                held = state.machines.get(arguments[0])
                if held is None:
                    return (0, 0, 0, 0, 0)
                return (held.tier, held.start, held.end, held.bonded, 0)
            case "subscriptionStatus":
                held = state.machines.get(arguments[0])
                return held.status if held else 0
            case "isHomedLocally":
                held = state.machines.get(arguments[0])
                return bool(held and held.home)
        held = state.machines.get(arguments[0])
        if held is None:
            raise Refused("machine_registry", "ERC721NonexistentToken", arguments[0])
        document = (f"did:peaq:{arguments[0]}", *held.document[1:])
        return {
            "ownerOf": held.owner,
            "controllerOf": held.controller,
            "machineTypeOf": held.machine_type,
            "credentialSubjectOf": held.subject,
            "manufacturerOf": held.manufacturer,
            "didDocument": document,
        }[name]

    def _price(self, tier: int) -> int:
        if tier not in self.prices:
            raise Refused("machine_subscription", "InvalidTier")
        price = self.prices[tier]
        if price is None:
            raise Refused("machine_subscription", "PriceNotAvailable")
        return price

    def _execute(self, call: Mapping[str, str]) -> list[dict[str, Any]]:
        contract, name, arguments = self._decoded(call)
        at, state = self.deployment.contracts, self.contracts
        match contract, name:
            case "peaq_token", "approve":
                assert arguments[0].lower() == at.machine_subscription.lower()
                state.allowance = arguments[1]
                values = {"owner": WALLET, "spender": arguments[0], "value": arguments[1]}
                return [log("peaq_token", "Approval", self.token, **values)]
            case "machine_state_and_sync", "activateMachine":
                return self._activate_machine(*arguments)
            case "machine_subscription", "activate":
                return self._subscribe(*arguments)
            case "machine_subscription", "renew":
                return self._renew(*arguments)
        raise AssertionError(f"nobody sends {name}")

    def _activate_machine(
        self, document: tuple[Any, ...], kind: str, subject: bytes, manufacturer: str, tier: int
    ) -> list[dict[str, Any]]:
        number, at = machine_id(kind, subject), self.deployment.contracts
        if number in self.contracts.machines:
            raise Refused("machine_registry", "ERC721InvalidSender", _NOBODY)
        self.contracts.machines[number] = Held(
            WALLET, document[1], kind, subject, manufacturer, document
        )
        minted = {"tokenId": number, "to": WALLET, "controller": document[1], "machineType": kind}
        onboarded = {"machineId": number, "operator": WALLET}
        return [
            log("machine_registry", "MachineMinted", at.machine_registry, **minted),
            *self._subscribe(number, tier),
            log(
                "machine_state_and_sync",
                "MachineOnboarded",
                at.machine_state_and_sync,
                **onboarded,
            ),
        ]

    def _subscribe(self, number: int, tier: int) -> list[dict[str, Any]]:
        held = self.contracts.machines.get(number)
        if held is None or held.start:
            raise Refused("machine_subscription", "AlreadyActivated")
        logs = self._pay(number, self._price(tier), "voucher", "VoucherRedeemed", "amount")
        held.tier, held.bonded, held.status = tier, self._price(tier), 1
        held.start, held.end = START, START + PERIOD
        event = {
            "machineId": number,
            "operator": WALLET,
            "tier": tier,
            "bondedAmount": held.bonded,
            "periodStart": held.start,
            "periodEnd": held.end,
        }
        return [*logs, self._subscription_log("Activated", **event)]

    def _renew(self, number: int) -> list[dict[str, Any]]:
        held = self.contracts.machines[number]
        price = self._price(held.tier)
        logs = self._pay(number, price, "reward", "BondingRewardRedeemed", "discount")
        held.bonded, held.end = held.bonded + price, held.end + PERIOD
        event = {
            "machineId": number,
            "operator": WALLET,
            "tier": held.tier,
            "bondedAmount": price,
            "periodEnd": held.end,
        }
        return [*logs, self._subscription_log("Renewed", **event)]

    def _pay(
        self, number: int, bond: int, purse: str, event: str, name: str
    ) -> list[dict[str, Any]]:
        state = self.contracts
        credit = min(getattr(state, purse), bond)
        net = bond - credit
        if state.allowance < net:
            raise NodeError("VM Exception while processing transaction: revert: exceeds allowance")
        if state.balance < net:
            raise NodeError("VM Exception while processing transaction: revert: BalanceLow")
        state.allowance -= net
        state.balance -= net
        setattr(state, purse, getattr(state, purse) - credit)
        values = {"machineId": number, "operator": WALLET, name: credit}
        return [self._subscription_log(event, **values)] if credit else []

    def _subscription_log(self, event: str, **values: Any) -> dict[str, Any]:
        address = self.deployment.contracts.machine_subscription
        return log("machine_subscription", event, address, **values)

    def mint(self, owner: str = WALLET, *, active: bool = True, **changes: Any) -> Held:
        """A machine of ENTRIES that is there already."""
        document = ("", WALLET, [], [], [(e.id, e.kind, e.url) for e in ENTRIES.endpoints])
        held = Held(owner, WALLET, "Sensor", bytes(range(32)), MANUFACTURER, document)
        if active:
            held = replace(
                held, start=START, end=START + PERIOD, bonded=self.prices[0] or 0, status=1
            )
        self.contracts.machines[NUMBER] = replace(held, **changes)
        return self.contracts.machines[NUMBER]
