"""What to do about a fault at a prompt, where there is no screen with keys to press."""

from __future__ import annotations

_ENDPOINT = "or set another endpoint of this network as PEAQOS_RPC_URL."

REMEDIES = {
    "VARIABLE_MISSING": "Set {variable} in the environment or in .env.",
    "VARIABLE_INVALID": "Correct {variable} in the environment or in .env.",
    "RPC_UNREACHABLE": f"Check the line and the firewall, {_ENDPOINT}",
    "RPC_NOT_A_NODE": "Check PEAQOS_RPC_URL. If a login page of the local network is in between, "
    "log in there first.",
    "RPC_BUSY": f"Look again in a minute, {_ENDPOINT}",
    "RPC_BEHIND": f"Look again in a minute, {_ENDPOINT}",
    "RPC_ERROR": f"Look again in a minute, {_ENDPOINT}",
    "CHAIN_ID_WRONG": "Check PEAQOS_RPC_URL, or name the network that is meant with --network.",
    "NO_CODE_AT_ADDRESS": "Check {variable}, or remove it to use the network's own address.",
    "CONTRACT_UNEXPECTED": "Check {variable}, or remove it to use the network's own address.",
    "CONTRACT_PAUSED": "Wait: only the operators of the network can release it. Nobody can "
    "register until then.",
    "GAS_STATION_UNREACHABLE": "Check the line and PEAQOS_GAS_STATION_URL, or plan to fund the "
    "machine by hand.",
    "GAS_STATION_NO_ANSWER": "Look again in a minute, or plan to fund the machine by hand.",
    "GAS_STATION_NOT_ITSELF": "Check PEAQOS_GAS_STATION_URL. If a login page of the local network "
    "is in between, log in there first.",
}
