"""The Batch precompile (0x…0805).

A contract could not replace it, because its subcalls have the original caller as `msg.sender`. It
follows the rules of the Batch precompile of Frontier chains (protocol.md, section 4).
"""

from __future__ import annotations

from eth.abc import ComputationAPI
from eth.exceptions import InsufficientFunds, OutOfGas, Revert, VMError, WriteProtection
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_typing import Address
from eth_utils.crypto import keccak

from app.rehearsal.node.genesis import BATCH_PRECOMPILE
from app.rehearsal.node.reverts import refuse, revert

BATCH_ADDRESS = Address(bytes.fromhex(BATCH_PRECOMPILE[2:]))
BATCH_ALL = keccak(text="batchAll(address[],uint256[],bytes[],uint64[])")[:4]
SUCCEEDED = int.from_bytes(keccak(text="SubcallSucceeded(uint256)"), "big")
FAILED = int.from_bytes(keccak(text="SubcallFailed(uint256)"), "big")

# Gas of a LOG1 with one word, reserved before each subcall to pay for its event.
LOG_GAS = 375 + 375 + 8 * 32
# Gas of the first read of an account (EIP-2929), charged for each target.
COLD_ACCOUNT_GAS = 2_600


def batch(computation: ComputationAPI) -> ComputationAPI:
    """Run batchAll: every subcall as the caller, all or nothing, revert data unchanged."""
    message = computation.msg
    data = bytes(message.data)
    if message.is_static:
        raise WriteProtection("the Batch precompile changes state")
    if message.value:
        refuse(computation, "Function is not payable")
    if data[:4] != BATCH_ALL:
        refuse(computation, "Unknown selector")
    try:
        targets, values, calls, gas_limits = decode(
            ["address[]", "uint256[]", "bytes[]", "uint64[]"], data[4:]
        )
    except DecodingError:
        refuse(computation, "Expected batchAll(address[],uint256[],bytes[],uint64[])")
    for index, target in enumerate(targets):
        # Arrays shorter than `to` are padded with zeros.
        _subcall(
            computation,
            index=index,
            target=Address(bytes.fromhex(target[2:])),
            value=values[index] if index < len(values) else 0,
            data=calls[index] if index < len(calls) else b"",
            gas_limit=gas_limits[index] if index < len(gas_limits) else 0,
        )
    computation.output = b""
    return computation


def _subcall(
    computation: ComputationAPI,
    *,
    index: int,
    target: Address,
    value: int,
    data: bytes,
    gas_limit: int,
) -> None:
    """Run one subcall as the caller. Raises the error with which the whole batch then fails."""
    state, caller = computation.state, computation.msg.sender
    if not state.is_address_warm(target):
        state.mark_address_warm(target)
        computation.consume_gas(COLD_ACCOUNT_GAS, reason="cold subcall target")
    computation.consume_gas(LOG_GAS, reason="subcall event")
    remaining = computation.get_gas_remaining()
    if gas_limit > remaining:
        raise OutOfGas(f"subcall {index} asks for {gas_limit} gas, {remaining} are left")
    if value > state.get_balance(caller):
        raise InsufficientFunds(f"subcall {index} sends more than the caller holds")
    gas = gas_limit or remaining
    computation.consume_gas(gas, reason="subcall")
    child = computation.apply_child_computation(
        computation.prepare_child_message(
            gas=gas,
            to=target,
            value=value,
            data=data,
            code=state.get_code(target),
            sender=caller,
        )
    )
    computation.return_gas(child.get_gas_remaining())
    if child.is_error:
        computation.add_log_entry(BATCH_ADDRESS, (FAILED,), encode(["uint256"], [index]))
        if isinstance(child.error, Revert):
            revert(computation, child.output)
        raise VMError(f"subcall {index}: {child.error}")
    computation.add_log_entry(BATCH_ADDRESS, (SUCCEEDED,), encode(["uint256"], [index]))
