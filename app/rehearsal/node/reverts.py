"""Refusals by the rehearsal's precompiles."""

from __future__ import annotations

from typing import NoReturn

from eth.abc import ComputationAPI
from eth.exceptions import Revert
from eth_abi.abi import encode
from eth_utils.crypto import keccak

ERROR_STRING = keccak(text="Error(string)")[:4]


def revert(computation: ComputationAPI, data: bytes) -> NoReturn:
    """Revert with `data`, unchanged."""
    computation.output = data
    raise Revert(data)


def refuse(computation: ComputationAPI, reason: str) -> NoReturn:
    """Revert with a text, as the precompiles of Frontier chains do."""
    revert(computation, ERROR_STRING + encode(["string"], [reason]))
