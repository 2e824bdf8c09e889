"""The rules of protocol.md, section 4, as the rehearsal contracts keep them."""

from __future__ import annotations

import re

import pytest
from eth_abi import decode
from eth_account import Account
from eth_utils import keccak

import abis
from app.rehearsal import compile_contracts
from app.rehearsal.node.genesis import (
    ACTIVATION_CONTRACTS,
    CONTRACTS,
    PRECOMPILES,
    account_key,
    artifact,
)
from tests.app.rehearsal.client import (
    ADD,
    ATTRIBUTE,
    DID,
    EVENTS,
    MACHINE,
    NFT,
    OTHER,
    PEAQ,
    READ,
    REGISTRY,
    STAKING,
    UPDATE,
    RpcFailure,
    calldata,
    selector,
)

REGISTER = calldata("register()")
ADMIN = Account.from_key(account_key("admin"))


def mint(machine_id: int, recipient: str = MACHINE.address) -> bytes:
    return calldata("mint(uint256,address)", machine_id, recipient)


def add(name: bytes, value: bytes, account: str = MACHINE.address, valid_for: int = 0) -> bytes:
    return calldata(ADD, account, name, value, valid_for)


def text_error(data: str) -> str:
    assert data[:10] == selector("Error(string)")
    return decode(["string"], bytes.fromhex(data[10:]))[0]


def machine_id_of(client, account=MACHINE) -> int:
    return client.call(REGISTRY, "machineIdOfOwner(address)", account.address)


def test_there_is_code_at_every_address(client):
    """A wizard that checks the addresses finds contracts there."""
    for address in (*CONTRACTS.values(), *ACTIVATION_CONTRACTS.values(), *PRECOMPILES):
        assert len(client.rpc("eth_getCode", address, "latest")) > 2


def test_a_registration_stakes_the_bond_and_mints_the_identity(rich):
    """The bond lies in staking, the Identity NFT is the machine's, the event tells both."""
    receipt = rich.register()
    machine_id = machine_id_of(rich)
    assert receipt["status"] == "0x1"
    assert machine_id != 0
    assert rich.call(REGISTRY, "ownerOf(uint256)", machine_id, returns="address").lower() == (
        MACHINE.address.lower()
    )
    assert rich.call(REGISTRY, "machineExists(uint256)", machine_id, returns="bool") is True
    assert rich.call(REGISTRY, "machineStatus(uint256)", machine_id, returns="uint8") == 1
    assert rich.call(REGISTRY, "balanceOf(address)", MACHINE.address) == 1
    assert rich.call(REGISTRY, "totalMachines()") == 1
    assert rich.call(STAKING, "isStaked(uint256)", machine_id, returns="bool") is True
    assert rich.call(STAKING, "getStake(uint256)", machine_id) == PEAQ
    assert rich.network.balance(STAKING) == PEAQ
    assert rich.network.balance(REGISTRY) == 0
    topic = "0x" + keccak(text="Registered(uint256,string,address)").hex()
    (registered,) = [log for log in receipt["logs"] if log["topics"][0] == topic]
    assert int(registered["topics"][1], 16) == machine_id
    assert registered["topics"][2][-40:] == MACHINE.address[2:].lower()
    assert rich.network.registrations(MACHINE.address) == [machine_id]


def test_an_unregistered_machine_reads_as_zero(client):
    assert machine_id_of(client) == 0
    assert client.call(REGISTRY, "machineStatus(uint256)", 5, returns="uint8") == 0
    assert client.revert_of(REGISTRY, calldata("ownerOf(uint256)", 5)) == (
        selector("MachineNotFound()")
    )


def test_nobody_pays_two_bonds(rich):
    """A second registration reverts, in the estimate and on the chain."""
    rich.register()
    assert rich.revert_of(REGISTRY, REGISTER, value=PEAQ) == selector("AlreadyRegistered()")
    assert rich.register()["status"] == "0x0"
    assert rich.network.balance(STAKING) == PEAQ


@pytest.mark.parametrize("bond", [0, PEAQ - 1, PEAQ + 1])
def test_a_wrong_bond_is_refused(rich, bond):
    assert rich.revert_of(REGISTRY, REGISTER, value=bond) == selector("IncorrectBondAmount()")


def test_a_raised_bond_makes_the_old_amount_wrong(rich):
    rich.network.set_min_bond(2 * PEAQ)
    assert rich.call(REGISTRY, "minBond()") == 2 * PEAQ
    assert rich.revert_of(REGISTRY, REGISTER, value=PEAQ) == selector("IncorrectBondAmount()")
    assert rich.register(value=2 * PEAQ)["status"] == "0x1"


def test_a_pause_stops_registering_and_minting_until_it_ends(rich):
    rich.register()
    rich.network.pause(True)
    paused = selector("EnforcedPause()")
    assert rich.revert_of(REGISTRY, REGISTER, value=PEAQ, sender=OTHER) == paused
    assert rich.revert_of(NFT, mint(machine_id_of(rich))) == paused
    rich.network.pause(False)
    assert rich.register(sender=OTHER)["status"] == "0x1"


@pytest.mark.parametrize(
    "call",
    [
        calldata("transferFrom(address,address,uint256)", MACHINE.address, OTHER.address, 1001),
        calldata("safeTransferFrom(address,address,uint256)", MACHINE.address, OTHER.address, 1001),
        calldata("approve(address,uint256)", OTHER.address, 1001),
    ],
)
def test_the_identity_cannot_change_hands(rich, call):
    rich.register()
    assert rich.revert_of(REGISTRY, call) == selector("IdentityNFTSoulbound()")


def test_staking_takes_bonds_from_the_registry_only(rich):
    stake = calldata("stake(uint256)", 1)
    assert rich.revert_of(STAKING, stake, value=1) == selector("NotAuthorized()")


@pytest.mark.parametrize(
    ("to", "call"),
    [
        (REGISTRY, calldata("setMinBond(uint256)", 1)),
        (REGISTRY, calldata("registerFor(address)", OTHER.address)),
        (STAKING, calldata("setPaused(bool)", True)),
        (STAKING, calldata("release(uint256)", 1)),
        (NFT, calldata("setPaused(bool)", True)),
    ],
)
def test_only_the_rehearsal_may_stage_things(rich, to, call):
    assert text_error(rich.revert_of(to, call)) == "rehearsal admin only"


def test_the_admin_in_the_sources_is_the_one_with_the_key():
    for name in ("IdentityRegistry", "IdentityStaking", "MachineNFT"):
        assert ADMIN.address[2:].lower() in artifact(name)["runtime"]


def test_a_mint_gives_the_owner_the_machine_nft(rich):
    rich.register()
    machine_id = machine_id_of(rich)
    assert rich.call(NFT, "tokenIdOf(uint256)", machine_id) == 0
    receipt = rich.transact(NFT, mint(machine_id))
    token_id = rich.call(NFT, "tokenIdOf(uint256)", machine_id)
    assert receipt["status"] == "0x1"
    assert token_id not in (0, machine_id)
    assert rich.call(NFT, "machineIdOf(uint256)", token_id) == machine_id
    assert rich.call(NFT, "ownerOf(uint256)", token_id, returns="address").lower() == (
        MACHINE.address.lower()
    )
    assert rich.call(NFT, "totalMinted()") == 1
    minted = receipt["logs"][-1]
    assert minted["topics"][0] == "0x" + keccak(text="MachineMinted(uint256,uint256,address)").hex()
    assert [int(topic, 16) for topic in minted["topics"][1:3]] == [token_id, machine_id]


def test_machine_ids_and_token_ids_are_different_sequences(rich):
    """Whoever takes one for the other finds out at the second machine at the latest."""
    ids = []
    for account in (MACHINE, OTHER):
        rich.register(sender=account)
        machine_id = machine_id_of(rich, account)
        rich.transact(NFT, mint(machine_id, account.address), sender=account)
        ids.append((machine_id, rich.call(NFT, "tokenIdOf(uint256)", machine_id)))
    (first, first_token), (second, second_token) = ids
    assert second - first != second_token - first_token


def test_minting_is_the_owners_for_the_owner_and_once(rich):
    rich.register()
    machine_id = machine_id_of(rich)
    assert rich.revert_of(NFT, mint(9)) == selector("MachineNotFound()")
    assert rich.revert_of(NFT, mint(machine_id), sender=OTHER) == selector("NotMachineOwner()")
    elsewhere = mint(machine_id, OTHER.address)
    assert rich.revert_of(NFT, elsewhere) == selector("RecipientMustBeMachineOwner()")
    rich.transact(NFT, mint(machine_id))
    assert rich.revert_of(NFT, mint(machine_id)) == selector("AlreadyMinted()")


def test_a_machine_without_bond_gets_no_nft(rich):
    rich.register()
    machine_id = machine_id_of(rich)
    rich.network.release_bond(machine_id)
    assert rich.revert_of(NFT, mint(machine_id)) == selector("MachineNotBonded()")


def test_an_absent_token_has_no_owner(client):
    data = client.revert_of(NFT, calldata("ownerOf(uint256)", 1))
    assert data.startswith(selector("ERC721NonexistentToken(uint256)"))


def test_the_event_registry_answers(client):
    assert client.call(EVENTS, "eventCount(uint256)", 1) == 0


@pytest.mark.parametrize("size", [0, 1, 33, 2560])
def test_an_attribute_reads_back_as_written(rich, clock, size):
    value = bytes(range(256)) * 10
    assert rich.transact(DID, add(b"documentation_url", value[:size]))["status"] == "0x1"
    name, content, validity, created = rich.call(
        DID, READ, MACHINE.address, b"documentation_url", returns=ATTRIBUTE
    )
    assert (name, content) == (b"documentation_url", value[:size])
    assert validity == 2**32 - 1
    assert created // 1000 >= int(clock().timestamp())


def test_a_limited_validity_is_the_last_block_it_holds(rich):
    receipt = rich.transact(DID, add(b"n", b"v", valid_for=100))
    _, _, validity, _ = rich.call(DID, READ, MACHINE.address, b"n", returns=ATTRIBUTE)
    assert validity == int(receipt["blockNumber"], 16) + 100


def test_an_absent_attribute_reverts_with_its_name(client):
    data = client.revert_of(DID, calldata(READ, MACHINE.address, b"operator"))
    assert data.startswith(selector("EntryNotFound(address,bytes)"))
    account, name = decode(["address", "bytes"], bytes.fromhex(data[10:]))
    assert (account, name) == (MACHINE.address.lower(), b"operator")


def test_adding_twice_and_updating_nothing_fail(rich):
    update = calldata(UPDATE, MACHINE.address, b"n", b"new", 0)
    assert "AttributeNotFound" in text_error(rich.revert_of(DID, update))
    rich.transact(DID, add(b"n", b"old"))
    assert "AttributeAlreadyExist" in text_error(rich.revert_of(DID, add(b"n", b"old")))
    assert rich.transact(DID, update)["status"] == "0x1"
    assert rich.call(DID, READ, MACHINE.address, b"n", returns=ATTRIBUTE)[1] == b"new"


def test_a_removed_attribute_is_absent_and_can_be_added_again(rich):
    remove = calldata("removeAttribute(address,bytes)", MACHINE.address, b"n")
    assert "AttributeNotFound" in text_error(rich.revert_of(DID, remove))
    rich.transact(DID, add(b"n", b"v"))
    assert rich.transact(DID, remove)["status"] == "0x1"
    with pytest.raises(RpcFailure):
        rich.call(DID, READ, MACHINE.address, b"n", returns=ATTRIBUTE)
    assert rich.transact(DID, add(b"n", b"v"))["status"] == "0x1"


def test_only_the_account_itself_writes_its_document(rich):
    theirs = add(b"n", b"v", account=OTHER.address)
    assert "AttributeAuthorizationFailed" in text_error(rich.revert_of(DID, theirs))


def test_the_sizes_have_limits(rich):
    assert rich.transact(DID, add(b"n" * 64, b"v" * 2560))["status"] == "0x1"
    assert "NameExceedMax64" in text_error(rich.revert_of(DID, add(b"n" * 65, b"v")))
    assert "ValueExceedMax2560" in text_error(rich.revert_of(DID, add(b"n", b"v" * 2561)))


def test_the_committed_bytecode_comes_from_the_sources():
    """Nobody runs a contract that differs from the source beside it."""
    pytest.importorskip("vyper", reason="vyper is in requirements-contracts.lock; .ci/run has it")
    assert compile_contracts.main(["--check"]) == 0


def shapes(entries: list[dict]) -> set[tuple]:
    """Functions and events as a client sees them, without the names of their parameters."""

    def kind(part: dict) -> str:
        inner = ",".join(kind(each) for each in part.get("components", ()))
        return f"({inner}){part['type'].removeprefix('tuple')}" if inner else part["type"]

    def outputs(entry: dict) -> str:
        # One tuple of fixed size looks the same on the wire as its parts.
        return ",".join(kind(part) for part in entry.get("outputs", ())).strip("()")

    return {
        (
            entry["type"],
            entry["name"],
            tuple((kind(part), part.get("indexed")) for part in entry["inputs"]),
            outputs(entry),
            entry.get("stateMutability"),
        )
        for entry in entries
        if entry["type"] in ("function", "event")
    }


@pytest.mark.parametrize("name", [*ACTIVATION_CONTRACTS][:5])
def test_the_contracts_have_the_interface_that_the_wizard_is_made_for(name):
    """Left out are the events that only other kinds of payment emit."""
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    missing = shapes(abis.load(f"activation/{file}")) - shapes(artifact(name)["abi"])
    assert {entry[1] for entry in missing} <= {"PaidWithUsdt", "BondingRewardRedeemed"}


def test_every_contract_is_committed_with_its_source():
    assert {source.stem for source in compile_contracts.sources()} == {
        *CONTRACTS,
        *ACTIVATION_CONTRACTS,
    }
    for source in compile_contracts.sources():
        assert compile_contracts.target(source).is_file()


def test_bytecode_that_differs_from_its_source_is_named(tmp_path, monkeypatch, capsys):
    made = {"compiler": "vyper", "abi": [], "runtime": "0x60"}
    monkeypatch.setattr(compile_contracts, "CONTRACTS", tmp_path)
    monkeypatch.setattr(compile_contracts, "compile_source", lambda source: made)
    (tmp_path / "Some.vy").touch()
    assert compile_contracts.main(["--check"]) == 1
    assert not (tmp_path / "Some.json").exists()
    assert compile_contracts.main([]) == 0
    capsys.readouterr()
    assert compile_contracts.main(["--check"]) == 0
    (tmp_path / "Some.json").write_text(compile_contracts.render({**made, "runtime": "0x61"}))
    assert compile_contracts.main(["--check"]) == 1
    assert capsys.readouterr().out == "Some.json: not what Some.vy compiles to\n"
