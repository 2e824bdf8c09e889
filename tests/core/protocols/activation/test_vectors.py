"""The wire format of activation against vectors that were computed elsewhere: from the published
interfaces of the official SDK, by hash of the canonical signatures.
"""

from __future__ import annotations

import pytest
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.crypto import keccak

import abis
from core.chain.abi import codec
from core.config.deployments import PEAQ_MAINNET
from core.protocols.activation import calls
from core.protocols.activation.document import Document, Endpoint
from core.protocols.activation.identity import Identity, did_of, machine_id
from core.protocols.activation.queries import PEERS, peer_key

SUBJECT = bytes.fromhex("deadbeef")
WALLET = "0x" + "44" * 20


def address(byte: str) -> str:
    return "0x" + byte * 20


# The machine id


@pytest.mark.parametrize(
    ("machine_type", "number"),
    [
        (
            "Sensor",
            6797059852626571897596538631639987226658599017392690144141920250617808126524,
        ),
        (
            "peaq-onboard/v1",
            71630855414587882922916855429158957428277564380149407950523516948555392677483,
        ),
    ],
)
def test_the_machine_id_follows_from_type_and_subject_alone(machine_type: str, number: int) -> None:
    assert machine_id(machine_type, SUBJECT) == number
    document = Document(address("11"))
    assert Identity(machine_type, SUBJECT, address("22"), document).machine_id == number
    assert did_of(number) == f"did:peaq:{number}"


def test_the_machine_id_in_hex_is_the_vector_s() -> None:
    assert machine_id("Sensor", SUBJECT) == int(
        "0f06ffe21e9987b8d48e28a4f55923e69334d1e889762ff3d5efea2388dd823c", 16
    )
    assert machine_id("peaq-onboard/v1", SUBJECT) == int(
        "9e5da09ed3f1c01ed48b98810b9c9ec604965a7c0838b6639349a8950160f66b", 16
    )


# Call data


def test_an_activation_with_an_empty_document_is_the_vector_byte_for_byte() -> None:
    identity = Identity("Sensor", SUBJECT, address("33"), Document(address("11")))
    unsigned = calls.activation(PEAQ_MAINNET, WALLET, identity, 0)
    data = bytes.fromhex(unsigned.data[2:])
    assert len(data) == 580
    assert keccak(data).hex() == "cc258853e8e94368550be047c1cc43550b8eec16b4b3180ac091dd6d817cf3ba"
    assert unsigned.to == PEAQ_MAINNET.contracts.machine_state_and_sync
    assert (unsigned.value, unsigned.purpose, unsigned.sender) == (0, "activate", WALLET)


def test_an_activation_with_two_endpoints_is_the_vector_byte_for_byte() -> None:
    document = Document(
        address("11"),
        endpoints=(
            Endpoint("#docs", "DocumentationService", "https://example.com/docs"),
            Endpoint("#data", "DataService", "https://example.com/events"),
        ),
    )
    identity = Identity("peaq-onboard/v1", SUBJECT, address("22"), document)
    data = bytes.fromhex(calls.activation(PEAQ_MAINNET, WALLET, identity, 0).data[2:])
    assert len(data) == 1220
    assert keccak(data).hex() == "9295bf8f956c9baea0d535e6db8ebd4fa4200bed2ed29a4f3e6f188a00b8e234"
    words = [int.from_bytes(data[4 + 32 * n : 36 + 32 * n], "big") for n in range(10)]
    assert words[:3] == [0xA0, 0x440, 0x480]
    assert [words[5], *words[7:10]] == [0xA0, 0xC0, 0xE0, 0x100]


def test_an_approval_is_the_vector_byte_for_byte() -> None:
    unsigned = calls.approval(PEAQ_MAINNET, WALLET, 4 * 10**17)
    assert unsigned.data == (
        "0x095ea7b30000000000000000000000009e37ad189c334c92e6b8a812ca4c02f35ac43895"
        "000000000000000000000000000000000000000000000000058d15e176280000"
    )
    assert unsigned.to == "0x0000000000000000000000000000000000000809"
    assert (unsigned.value, unsigned.purpose) == (0, "approve")


def test_a_revocation_approves_nothing_and_says_so_by_its_purpose() -> None:
    unsigned = calls.revocation(PEAQ_MAINNET, WALLET)
    assert unsigned.data == calls.approval(PEAQ_MAINNET, WALLET, 0).data
    assert unsigned.purpose == "revoke"


def test_late_activation_and_renewal_go_to_the_subscription_contract_without_value() -> None:
    late = calls.late_activation(PEAQ_MAINNET, WALLET, 7, 2)
    renewal = calls.renewal(PEAQ_MAINNET, WALLET, 7)
    assert late.data == "0x4578f5f0" + f"{7:064x}" + f"{2:064x}"
    assert renewal.data == "0x5baa7509" + f"{7:064x}"
    for unsigned in (late, renewal):
        assert unsigned.to == PEAQ_MAINNET.contracts.machine_subscription
        assert unsigned.value == 0
    assert (late.purpose, renewal.purpose) == ("activate", "renew")


# Peer keys, selectors, topics


KEYS = """
machine_registry af5b42773c8b150a59d4bb67458cb17f9672307c5295de4278fd5649054926a4
machine_subscription 32e459f82469a36e51987804a9d51db869e28dcc5ab0ec708b4fb9ad54ba2c1d
machine_state_and_sync 817dd2c6eb213c578d0c420b1dc61394099cbd5f2dfd7543e4ec2c38972b426a
cross_chain_mirror 64bdb9ff260409297fec4bc6ce7fcc534d273570c8e892c8042f5ff350904284
machine_bridge_adapter 309efd15ebb6f13d442d44ab660faa141f5975b48c10197e13a56bab722802d7
subscription_token_provision_pool 7c970dc6c01d112d7ee5c7c9d291611d524b8b34a42b8eecfceb9e9220968f01
"""


def test_the_key_of_a_peer_is_the_hash_of_its_name() -> None:
    stated = dict(line.split() for line in KEYS.strip().splitlines())
    assert {name: peer_key(name).hex() for name in PEERS} == stated


SELECTORS = """
info_desk peer a6d77118
info_desk peaqToken d16f0b36
machine_registry computeTokenId f6bbb090
machine_registry ownerOf 6352211e
machine_registry controllerOf 5dd8f6aa
machine_registry didDocument ec3be542
machine_registry machineTypeOf 6645689b
machine_registry credentialSubjectOf 34c103dd
machine_registry manufacturerOf 2ace7e17
machine_subscription requiredPeaqAmount 8e9366cf
machine_subscription pendingVoucherCredit 9fa5a77f
machine_subscription isEconomicAuthority 30f80767
machine_subscription subscriptions 2d5bbf60
machine_subscription subscriptionStatus 492f8724
machine_subscription activate 4578f5f0
machine_subscription renew 5baa7509
cross_chain_mirror isHomedLocally aa007eed
cross_chain_mirror homeChainOf 5bc23b9d
machine_state_and_sync isTechnicalPausedGlobal 653f0450
machine_state_and_sync isTechnicalPaused 7e017030
machine_state_and_sync activateMachine da3802f6
peaq_token balanceOf 70a08231
peaq_token allowance dd62ed3e
peaq_token approve 095ea7b3
"""

TOPICS = """
machine_state_and_sync MachineOnboarded \
94a4eea9d2b843ed905cf3704e998551a52396b926d1c7b250fda8333cc044fb
machine_registry MachineMinted 13169308c1c25245c85c45d447c9e42bcdca193d49498d89def1718c0361db18
machine_subscription Activated 30d4acbfc7e9e5083909ead9af2d28dbf6c9c9b65417bc69478442ef1067127c
machine_subscription VoucherRedeemed \
b757d79c84afbc340d26d38a931274e3ec0c57f9bed689c3d6c4fa29843d89c6
machine_subscription PaidWithUsdt 98972d3b1e256c677f161b1a8a35bfa9ee33fbccf33caa95e6fc24b77ff18365
peaq_token Approval 8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925
"""


def entries(kind: str, contract: str, name: str) -> list[dict[str, object]]:
    interface = abis.load(f"activation/{contract}")
    return [entry for entry in interface if entry["type"] == kind and entry["name"] == name]


@pytest.mark.parametrize("line", SELECTORS.strip().splitlines())
def test_a_function_has_the_selector_of_the_specification(line: str) -> None:
    contract, name, selector = line.split()
    (entry,) = entries("function", contract, name)
    assert bytes(function_abi_to_4byte_selector(entry)).hex() == selector  # type: ignore[arg-type]


@pytest.mark.parametrize("line", TOPICS.strip().splitlines())
def test_an_event_has_the_topic_of_the_specification(line: str) -> None:
    contract, name, topic = line.split()
    (entry,) = entries("event", contract, name)
    assert bytes(event_abi_to_log_topic(entry)).hex() == topic  # type: ignore[arg-type]


def test_a_document_is_read_as_it_was_encoded() -> None:
    registry = codec("activation/machine_registry")
    document = Document(address("11"), (Endpoint("#docs", "Kind", "https://a.example"),))
    unsigned = calls.activation(
        PEAQ_MAINNET, WALLET, Identity("Sensor", SUBJECT, address("33"), document), 1
    )
    argument = codec("activation/machine_state_and_sync").arguments(
        "activateMachine", unsigned.data
    )
    assert argument[1:] == ("Sensor", SUBJECT, address("33"), 1)
    assert registry._entry("function", "didDocument")["outputs"][0]["type"] == "tuple"
    assert argument[0][1] == address("11")
