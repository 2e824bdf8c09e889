"""The interfaces against the protocol: a wrong letter here is a transaction to nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak

import abis
from abis import load
from tests.abis import activation

# As the protocol states them, one line an entry.
PROTOCOL = {
    "identity_registry": """
        function register() payable returns (uint256)
        function machineIdOfOwner(address) view returns (uint256)
        function ownerOf(uint256) view returns (address)
        function machineExists(uint256) view returns (bool)
        function machineStatus(uint256) view returns (uint8)
        function minBond() view returns (uint256)
        function totalMachines() view returns (uint256)
        event Registered(uint256 indexed,string,address indexed)
        error AlreadyRegistered()
        error IncorrectBondAmount()
        error BondBelowFloor()
        error BondNotRequired()
        error ContractNotConfigured()
        error WalletAlreadyBound(address)
        error InvalidMachineAddress()
        error MachineNotFound()
        error NotMachineOwner()
        error IdentityNFTSoulbound()
    """,
    "identity_staking": """
        function isStaked(uint256) view returns (bool)
        function getStake(uint256) view returns (uint256)
        error AlreadyStaked()
        error AmountZero()
        error EnforcedPause()
        error NotAuthorized()
    """,
    "machine_nft": """
        function mint(uint256,address) nonpayable returns ()
        function tokenIdOf(uint256) view returns (uint256)
        function machineIdOf(uint256) view returns (uint256)
        function ownerOf(uint256) view returns (address)
        function totalMinted() view returns (uint256)
        event MachineMinted(uint256 indexed,uint256 indexed,address indexed)
        error AlreadyMinted()
        error MachineNotBonded()
        error MachineNotFound()
        error NotMachineOwner()
        error RecipientMustBeMachineOwner()
        error EnforcedPause()
    """,
    "did_registry": """
        function addAttribute(address,bytes,bytes,uint32) nonpayable returns (bool)
        function updateAttribute(address,bytes,bytes,uint32) nonpayable returns (bool)
        function removeAttribute(address,bytes) nonpayable returns (bool)
        function readAttribute(address,bytes) view returns ((bytes,bytes,uint32,uint256))
        error EntryNotFound(address,bytes)
    """,
    "batch": """
        function batchAll(address[],uint256[],bytes[],uint64[]) nonpayable returns ()
        event SubcallSucceeded(uint256)
        event SubcallFailed(uint256)
    """,
    **activation.PROTOCOL,
}

# What explorers and signature collections show for entries that other projects have too.
KNOWN = {
    ("identity_registry", "ownerOf"): "6352211e",
    ("machine_nft", "ownerOf"): "6352211e",
    ("identity_registry", "register"): "1aa3a008",
    ("machine_nft", "mint"): "94bf804d",
    ("machine_nft", "EnforcedPause"): "d93c0665",
    ("identity_staking", "EnforcedPause"): "d93c0665",
    ("batch", "batchAll"): "96e292b8",
    ("batch", "SubcallSucceeded"): (
        "bf855484633929c3d6688eb3caf8eff910fb4bef030a8d7dbc9390d26759714d"
    ),
    ("batch", "SubcallFailed"): "dbc5d06f4f877f959b1ff12d2161cdd693fa8e442ee53f1790b2804b24881f05",
    **activation.KNOWN,
}


def wire_type(parameter: dict[str, Any]) -> str:
    """The type as it enters the signature: a tuple is spelled out."""
    kind = str(parameter["type"])
    if kind.startswith("tuple"):
        inner = ",".join(wire_type(part) for part in parameter["components"])
        return f"({inner}){kind.removeprefix('tuple')}"
    return kind


def signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(wire_type(part) for part in entry['inputs'])})"


def described(entry: dict[str, Any]) -> str:
    """The entry in the words of the table above."""
    if entry["type"] == "function":
        outputs = ",".join(wire_type(part) for part in entry["outputs"])
        return f"function {signature(entry)} {entry['stateMutability']} returns ({outputs})"
    if entry["type"] == "event":
        inputs = ",".join(
            wire_type(part) + " indexed" * part["indexed"] for part in entry["inputs"]
        )
        return f"event {entry['name']}({inputs})"
    return f"{entry['type']} {signature(entry)}"


def identifier(entry_type: str, text: str) -> str:
    """What goes over the wire: the first four bytes of the hash, or all of it for an event."""
    digest = keccak(text=text).hex()
    return digest if entry_type == "event" else digest[:8]


def stated(name: str) -> list[str]:
    return [line.strip() for line in PROTOCOL[name].strip().splitlines()]


def stated_identifier(line: str) -> str:
    """The identifier from the table's own words, without a look at the JSON."""
    entry_type, rest = line.split(" ", 1)
    text = re.sub(r"\) \w+ returns .*", ")", rest).replace(" indexed", "")
    return identifier(entry_type, text)


def test_every_interface_is_in_the_table_and_none_is_missing() -> None:
    top = Path(abis.__path__[0])
    shipped = {path.relative_to(top).with_suffix("").as_posix() for path in top.rglob("*.json")}
    assert shipped == set(PROTOCOL)


@pytest.mark.parametrize("name", PROTOCOL)
def test_an_interface_says_what_the_protocol_says_and_no_more(name: str) -> None:
    assert sorted(described(entry) for entry in load(name)) == sorted(stated(name))


@pytest.mark.parametrize("name", PROTOCOL)
def test_selectors_and_topics_are_those_of_the_protocol(name: str) -> None:
    shipped = {identifier(entry["type"], signature(entry)) for entry in load(name)}
    assert shipped == {stated_identifier(line) for line in stated(name)}
    assert len(shipped) == len(load(name)), "two entries of one interface share a selector"


@pytest.mark.parametrize(("name", "entry_name"), KNOWN)
def test_an_entry_known_elsewhere_has_its_known_identifier(name: str, entry_name: str) -> None:
    (entry,) = [entry for entry in load(name) if entry["name"] == entry_name]
    assert identifier(entry["type"], signature(entry)) == KNOWN[name, entry_name]


@pytest.mark.parametrize("name", PROTOCOL)
def test_every_parameter_has_a_name_of_its_own(name: str) -> None:
    for entry in load(name):
        for group in (entry["inputs"], entry.get("outputs", [])):
            names = [part["name"] for part in group]
            assert all(names), signature(entry)
            assert len(set(names)) == len(names), signature(entry)


def test_an_attribute_read_back_names_its_four_parts() -> None:
    (read,) = [entry for entry in load("did_registry") if entry["name"] == "readAttribute"]
    (attribute,) = read["outputs"]
    parts = [part["name"] for part in attribute["components"]]
    assert parts == ["name", "value", "validity", "created"]


def test_only_register_takes_money() -> None:
    payable = [
        (name, entry["name"])
        for name in PROTOCOL
        for entry in load(name)
        if entry.get("stateMutability") == "payable"
    ]
    assert payable == [("identity_registry", "register")]


def test_an_interface_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        load("event_registry")
