"""Faults on the chain itself: actions of others before or after a call.

Every action is a transaction in a separate block, so that later reads, simulations and transactions
of a client agree. An action is permanent: a price that rose does not fall when its fault is
disarmed. Conditions (a pause, a missing price, a changed peer) last while their fault is armed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_typing import Address
from eth_utils.crypto import keccak

from app.rehearsal.faults import FaultBook
from app.rehearsal.node.activation_calls import DOCUMENT, Activation, Activations, activation_in
from app.rehearsal.node.contract_calls import Contracts, calldata, contract, selector
from app.rehearsal.node.evm import Call
from app.rehearsal.node.node import Node

VOUCHERS = {"voucher-partial": 10**17, "voucher-full": 10 * 10**18}
"""Wei. The first covers a quarter of the lowest tier, the second all of any tier."""
STRANGERS_CONTRACT = "0x00000000000000000000000000000000DeaDBeef"
_ZERO = "0x" + 40 * "0"
_ADAPTER = keccak(text="MACHINE_BRIDGE_ADAPTER")
_POOL = keccak(text="SUBSCRIPTION_TOKEN_PROVISION_POOL")
_APPROVE = "approve(address,uint256)"
_GIVE = "giveVoucher(address,uint256)"
_VOUCHER = "pendingVoucherCredit(address)"
_PRICE = "setPeaqPriceUsd(uint256)"
_PEER = "setPeer(bytes32,address)"


@dataclass(frozen=True)
class _Condition:
    """A state of one contract, and the calls that show it.

    A request that reads `shown_by` counts once, however often it reads it.
    """

    contract: str
    shown_by: str
    begin: bytes
    end: bytes
    probe: tuple[Any, ...]
    """Type, signature and arguments of a call that returns `stands` during the condition."""
    stands: object


_CONDITIONS = {
    "no-price": _Condition(
        "MachineSubscription",
        shown_by="requiredPeaqAmount(uint8)",
        begin=calldata("setWithoutPrice(bool)", True),
        end=calldata("setWithoutPrice(bool)", False),
        probe=("bool", "withoutPrice()"),
        stands=True,
    ),
    "technical-pause": _Condition(
        "MachineStateAndSync",
        shown_by="isTechnicalPausedGlobal()",
        begin=calldata("setTechnicalPausedGlobal(bool)", True),
        end=calldata("setTechnicalPausedGlobal(bool)", False),
        probe=("bool", "isTechnicalPausedGlobal()"),
        stands=True,
    ),
    "peer-mismatch": _Condition(
        "InfoDesk",
        shown_by="peer(bytes32)",
        begin=calldata(_PEER, _ADAPTER, STRANGERS_CONTRACT),
        end=calldata("restorePeer(bytes32)", _ADAPTER),
        probe=("address", "peer(bytes32)", _ADAPTER),
        stands=STRANGERS_CONTRACT.lower(),
    ),
    "peer-unset": _Condition(
        "InfoDesk",
        shown_by="peer(bytes32)",
        begin=calldata(_PEER, _POOL, _ZERO),
        end=calldata("restorePeer(bytes32)", _POOL),
        probe=("address", "peer(bytes32)", _POOL),
        stands=_ZERO,
    ),
}


class Staging:
    """The faults of the chain, triggered by calls over RPC."""

    def __init__(
        self, node: Node, contracts: Contracts, activations: Activations, faults: FaultBook
    ) -> None:
        self._node = node
        self._contracts = contracts
        self._activations = activations
        self._faults = faults
        self._shown: set[str] = set()
        self._standing = {
            name
            for name, condition in _CONDITIONS.items()
            # A stored chain may be in one; a new chain need not be checked.
            if node.chain.head.number
            and activations.read(condition.contract, *condition.probe) == condition.stands
        }

    def refresh(self) -> None:
        """Start the armed conditions, and end the others."""
        for name, condition in _CONDITIONS.items():
            armed = self._faults.armed(name)
            if armed == (name in self._standing):
                continue
            self._act(condition.contract, condition.begin if armed else condition.end)
            (self._standing.add if armed else self._standing.discard)(name)

    # Calls over RPC

    def before_call(self, call: Call) -> None:
        """Stage what precedes an eth_call without state overrides."""
        self._give_voucher(call)
        self._interfere(call)
        for name in self._standing:
            condition = _CONDITIONS[name]
            if call.to == contract(condition.contract) and (
                call.data[:4] == selector(condition.shown_by)
            ):
                self._shown.add(name)

    def before_estimate(self, call: Call) -> None:
        """Stage what precedes an eth_estimateGas; one with state overrides is only a forecast."""
        self._register_earlier(call)
        self._give_voucher(call)
        self._interfere(call)

    def before_send(self, call: Call) -> None:
        """Stage what precedes a transaction."""
        self.before_estimate(call)
        activation = activation_in(call)
        if activation is None or not self._activations.net(call.sender, activation.tier):
            return
        if self._faults.take("activation-reverts"):
            self._raise_price()

    def after_send(self, call: Call) -> None:
        """Stage what follows an accepted transaction."""
        if call.to != contract("Erc20") or call.data[:4] != selector(_APPROVE):
            return
        try:
            spender, value = decode(["address", "uint256"], call.data[4:])
        except DecodingError:
            return
        ours = spender == "0x" + contract("MachineSubscription").hex()
        if ours and value and self._faults.take("price-raised"):
            self._raise_price()

    def settle(self) -> None:
        """Count the conditions that a request has seen, after its response."""
        for name in self._shown:
            self._faults.take(name)
        if self._shown:
            self._shown.clear()
            self.refresh()

    # Actions

    def _register_earlier(self, call: Call) -> None:
        """Register a machine before its owner does.

        Happens when a machine that can pay the bond is about to register: at its first gas estimate
        of register(), or at its first register() transaction.
        """
        if call.to != contract("IdentityRegistry") or call.data[:4] != selector("register()"):
            return
        bond = self._contracts.min_bond()
        poor = self._node.chain.state().get_balance(call.sender) < bond
        if poor or self._contracts.machine_id_of(call.sender):
            return
        if self._faults.take("already-registered"):
            self._act("IdentityRegistry", calldata("registerFor(address)", call.sender), bond)

    def _give_voucher(self, call: Call) -> None:
        """Give a wallet its voucher when it first reads its credit, or activates."""
        if call.to == contract("MachineSubscription") and call.data[:4] == selector(_VOUCHER):
            try:
                (text,) = decode(["address"], call.data[4:])
            except DecodingError:
                return
            wallet = Address(bytes.fromhex(text[2:]))
        elif activation_in(call) is not None:
            wallet = call.sender
        else:
            return
        if self._activations.read(
            "MachineSubscription", "uint256", "vouchersGiven(address)", wallet
        ):
            return
        for name, wei in VOUCHERS.items():
            if self._faults.take(name):
                self._act("MachineSubscription", calldata(_GIVE, wallet, wei))
                return

    def _interfere(self, call: Call) -> None:
        """Interfere with an activation, at the first read of one that could be paid."""
        activation = activation_in(call)
        if activation is None or self._activations.owner_of(activation.machine_id) is not None:
            return
        net = self._activations.net(call.sender, activation.tier)
        if net is None or self._activations.allowance(call.sender) < net:
            return
        if self._faults.take("subject-taken"):
            approve = calldata(_APPROVE, contract("MachineSubscription"), 2**128)
            self._node.act("stranger", contract("Erc20"), approve)
            self._node.act("stranger", contract("MachineStateAndSync"), call.data)
        elif self._faults.take("minted-inactive"):
            self._mint(call.sender, activation)
        elif not self._forging(activation.machine_id) and self._faults.take("forged-event"):
            self._act("MachineBridgeAdapter", calldata("forge(uint256)", activation.machine_id))

    def _forging(self, machine_id: int) -> bool:
        read = self._activations.read
        return bool(read("MachineBridgeAdapter", "bool", "forging(uint256)", machine_id))

    def _mint(self, owner: Address, activation: Activation) -> None:
        data = calldata(
            f"mintFor(address,{DOCUMENT},string,bytes,address)",
            owner,
            activation.document,
            activation.machine_type,
            activation.subject,
            activation.manufacturer,
        )
        self._act("MachineStateAndSync", data)

    def _raise_price(self) -> None:
        """Raise every bond by a quarter in PEAQ from now on."""
        self._act("MachineSubscription", calldata(_PRICE, self._activations.price() * 4 // 5))

    def _act(self, name: str, data: bytes, wei: int = 0) -> None:
        self._node.act("admin", contract(name), data, wei)
