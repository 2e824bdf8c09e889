"""The ERC-20 interface of the native coin (0x…0809): a view of the existing balances.

A contract could not replace it, because it transfers the native coin itself. The precompile's own
storage holds the allowances. Refusals are texts, as on Frontier chains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth.abc import ComputationAPI
from eth.exceptions import WriteProtection
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_typing import Address
from eth_utils.crypto import keccak

from app.rehearsal.node.genesis import ERC20_PRECOMPILE
from app.rehearsal.node.reverts import refuse

ERC20_ADDRESS = Address(bytes.fromhex(ERC20_PRECOMPILE[2:]))
APPROVAL = int.from_bytes(keccak(text="Approval(address,address,uint256)"), "big")
TRANSFER = int.from_bytes(keccak(text="Transfer(address,address,uint256)"), "big")

# Gas of reading an account, of writing a slot, and of an event with two indexed words and one more.
READ_GAS = 2_600
WRITE_GAS = 22_100
EVENT_GAS = 375 + 3 * 375 + 8 * 32


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))


def _topic(account: Address) -> int:
    return int.from_bytes(account, "big")


def _slot(owner: Address, spender: Address) -> int:
    return int.from_bytes(keccak(owner + spender), "big")


def _balance_of(computation: ComputationAPI, owner: str) -> int:
    computation.consume_gas(READ_GAS, reason="balance")
    return computation.state.get_balance(_address(owner))


def _allowance(computation: ComputationAPI, owner: str, spender: str) -> int:
    computation.consume_gas(READ_GAS, reason="allowance")
    slot = _slot(_address(owner), _address(spender))
    return computation.state.get_storage(ERC20_ADDRESS, slot)


def _approve(computation: ComputationAPI, spender: str, value: int) -> bool:
    owner = computation.msg.sender
    computation.consume_gas(WRITE_GAS + EVENT_GAS, reason="approval")
    computation.state.set_storage(ERC20_ADDRESS, _slot(owner, _address(spender)), value)
    topics = (APPROVAL, _topic(owner), _topic(_address(spender)))
    computation.add_log_entry(ERC20_ADDRESS, topics, encode(["uint256"], [value]))
    return True


def _transfer(computation: ComputationAPI, receiver: str, value: int) -> bool:
    _move(computation, computation.msg.sender, _address(receiver), value)
    return True


def _transfer_from(computation: ComputationAPI, sender: str, receiver: str, value: int) -> bool:
    owner, spender = _address(sender), computation.msg.sender
    if owner != spender:
        computation.consume_gas(WRITE_GAS, reason="allowance")
        allowed = computation.state.get_storage(ERC20_ADDRESS, _slot(owner, spender))
        if allowed < value:
            refuse(computation, "trying to spend more than allowed")
        computation.state.set_storage(ERC20_ADDRESS, _slot(owner, spender), allowed - value)
    _move(computation, owner, _address(receiver), value)
    return True


def _move(computation: ComputationAPI, sender: Address, receiver: Address, value: int) -> None:
    state = computation.state
    computation.consume_gas(2 * READ_GAS + EVENT_GAS, reason="transfer")
    if state.get_balance(sender) < value:
        refuse(computation, "Dispatched call failed with error: Token(FundsUnavailable)")
    state.delta_balance(sender, -value)
    state.delta_balance(receiver, value)
    topics = (TRANSFER, _topic(sender), _topic(receiver))
    computation.add_log_entry(ERC20_ADDRESS, topics, encode(["uint256"], [value]))


Function = Callable[..., Any]
# Return type, and whether the call changes anything, by signature.
_FUNCTIONS: dict[str, tuple[Function, str, bool]] = {
    "name()": (lambda _: "PEAQ", "string", False),
    "symbol()": (lambda _: "PEAQ", "string", False),
    "decimals()": (lambda _: 18, "uint8", False),
    "balanceOf(address)": (_balance_of, "uint256", False),
    "allowance(address,address)": (_allowance, "uint256", False),
    "approve(address,uint256)": (_approve, "bool", True),
    "transfer(address,uint256)": (_transfer, "bool", True),
    "transferFrom(address,address,uint256)": (_transfer_from, "bool", True),
}
_SELECTORS = {keccak(text=signature)[:4]: signature for signature in _FUNCTIONS}


def erc20(computation: ComputationAPI) -> ComputationAPI:
    """Execute one call of the ERC-20 interface."""
    message = computation.msg
    data = bytes(message.data)
    signature = _SELECTORS.get(data[:4])
    if signature is None:
        refuse(computation, "Unknown selector")
    function, returns, changes = _FUNCTIONS[signature]
    if message.value:
        refuse(computation, "Function is not payable")
    if changes and message.is_static:
        raise WriteProtection("the token precompile changes state")
    types = signature[signature.index("(") + 1 : -1]
    try:
        arguments = decode(types.split(",") if types else [], data[4:])
    except DecodingError:
        refuse(computation, f"Expected {signature}")
    computation.output = encode([returns], [function(computation, *arguments)])
    return computation
