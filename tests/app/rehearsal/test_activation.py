"""An activation as a client makes it: signed transactions over HTTP, then everything read back."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

from app.rehearsal.node.genesis import account_key, artifact
from tests.app.rehearsal.activation import (
    ADAPTER,
    DOCUMENT,
    ENDPOINTS,
    ENTRY,
    ERC20,
    GRACE,
    INFO_DESK,
    MIRROR,
    PERIOD,
    POOL,
    REGISTRY,
    RUNOFF,
    SENSOR,
    SUBSCRIPTION,
    SYNC,
    Identity,
    activate,
    allowance,
    approve,
    logs,
    owner_of,
    pay,
    quote,
    simulate,
    status,
    subscription,
    words,
)
from tests.app.rehearsal.client import MACHINE, OTHER, PEAQ, RpcFailure, calldata, selector

ADMIN = Account.from_key(account_key("admin"))
CONTROLLER = Account.from_key("0x" + "44" * 32)
ID = SENSOR.machine_id
KEYS = {
    "MACHINE_REGISTRY": REGISTRY,
    "MACHINE_SUBSCRIPTION": SUBSCRIPTION,
    "MACHINE_STATE_AND_SYNC": SYNC,
    "CROSS_CHAIN_MIRROR": MIRROR,
    "MACHINE_BRIDGE_ADAPTER": ADAPTER,
    "SUBSCRIPTION_TOKEN_PROVISION_POOL": POOL,
}


# The record and the quote


def test_the_directory_names_the_contracts_of_the_deployment(client):
    """A client that compares the peers with its record finds them equal."""
    for name, address in KEYS.items():
        peer = client.call(INFO_DESK, "peer(bytes32)", keccak(text=name), returns="address")
        assert peer == address.lower()
    unknown = client.call(INFO_DESK, "peer(bytes32)", keccak(text="NO_ROLE"), returns="address")
    assert int(unknown, 16) == 0
    assert client.call(INFO_DESK, "peaqToken()", returns="address") == ERC20
    assert client.call(INFO_DESK, "localChainId()") == 1
    assert client.call(SUBSCRIPTION, "isEconomicAuthority()", returns="bool") is True
    assert int(client.call(POOL, "usdtToken()", returns="address"), 16) == 0


def test_the_durations_are_those_of_the_status(client):
    read = ("subscriptionPeriodLength()", "graceDuration()", "runoffDuration()")
    assert [client.call(INFO_DESK, each) for each in read] == [PERIOD, GRACE, RUNOFF]


def test_each_tier_has_a_price_that_follows_the_oracle(client):
    """Half the price of PEAQ is twice the bond."""
    bonds = [quote(client, tier) for tier in range(3)]
    assert bonds == [ENTRY, 2 * ENTRY, 5 * ENTRY]
    usd = [client.call(INFO_DESK, "tierPriceUsd(uint8)", tier) for tier in range(4)]
    assert usd == [bond // 20 for bond in bonds] + [0]
    price = client.call(SUBSCRIPTION, "peaqPriceUsd()")
    client.network.set_peaq_price(price // 2)
    assert quote(client) == 2 * ENTRY
    client.network.set_peaq_price(0)
    assert quote(client) == ENTRY


def test_there_is_no_fourth_tier(rich):
    unknown = calldata("requiredPeaqAmount(uint8)", 3)
    assert rich.revert_of(SUBSCRIPTION, unknown) == selector("InvalidTier()")
    pay(rich)
    assert rich.revert_of(SYNC, SENSOR.but(tier=3).data) == selector("InvalidTier()")


@pytest.mark.parametrize(
    ("machine_type", "number"),
    [
        ("Sensor", 0x0F06FFE21E9987B8D48E28A4F55923E69334D1E889762FF3D5EFEA2388DD823C),
        ("peaq-onboard/v1", 0x9E5DA09ED3F1C01ED48B98810B9C9EC604965A7C0838B6639349A8950160F66B),
    ],
)
def test_the_machine_id_is_the_known_one(client, machine_type, number):
    """Vectors computed from the official ABIs."""
    subject = b"\xde\xad\xbe\xef"
    compute = "computeTokenId(string,bytes)"
    assert client.call(REGISTRY, compute, machine_type, subject) == number
    did = client.call(REGISTRY, "didFromTokenId(uint256)", number, returns="string")
    assert did == f"did:peaq:{number}"


@pytest.mark.parametrize(
    ("identity", "size", "digest"),
    [
        (
            Identity("Sensor", manufacturer="0x" + "33" * 20, endpoints=()),
            580,
            "cc258853e8e94368550be047c1cc43550b8eec16b4b3180ac091dd6d817cf3ba",
        ),
        (Identity(), 1220, "9295bf8f956c9baea0d535e6db8ebd4fa4200bed2ed29a4f3e6f188a00b8e234"),
    ],
)
def test_known_calldata_activates(rich, identity, size, digest):
    """The very bytes of the vectors: the contracts decode the layout that the SDK encodes."""
    identity = identity.but(controller="0x" + "11" * 20)
    assert len(identity.data) == size
    assert keccak(identity.data).hex() == digest
    assert activate(rich, identity)["status"] == "0x1"
    assert owner_of(rich, identity.machine_id) == MACHINE.address.lower()


def test_the_known_approval_is_what_is_sent():
    known = (
        "095ea7b30000000000000000000000009e37ad189c334c92e6b8a812ca4c02f35ac43895"
        "000000000000000000000000000000000000000000000000058d15e176280000"
    )
    assert approve(ENTRY).hex() == known


# Approve, activate, read back


def test_approve_activate_read_back(rich, clock):
    """The whole flow; the money that moves is the native coin."""
    assert rich.revert_of(REGISTRY, calldata("ownerOf(uint256)", ID)) == (
        selector("ERC721NonexistentToken(uint256)") + encode(["uint256"], [ID]).hex()
    )
    before = rich.network.balance(MACHINE.address)
    receipts = [pay(rich), rich.transact(SYNC, SENSOR.data)]
    assert receipts[1]["status"] == "0x1"
    fees = sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)
    assert rich.network.balance(MACHINE.address) == before - ENTRY - fees
    assert rich.network.balance(SUBSCRIPTION) == ENTRY
    assert allowance(rich) == 0
    tier, start, end, bond, points = subscription(rich)
    assert (tier, bond, points) == (0, ENTRY, 0)
    assert end - start == PERIOD
    assert start >= int(clock().timestamp())
    assert owner_of(rich) == MACHINE.address.lower()
    assert status(rich) == 1
    assert rich.call(REGISTRY, "controllerOf(uint256)", ID, returns="address") == (
        MACHINE.address.lower()
    )
    assert rich.call(REGISTRY, "machineTypeOf(uint256)", ID, returns="string") == "peaq-onboard/v1"
    subject = rich.call(REGISTRY, "credentialSubjectOf(uint256)", ID, returns="bytes")
    assert subject == SENSOR.subject
    assert rich.call(REGISTRY, "manufacturerOf(uint256)", ID, returns="address") == (
        SENSOR.manufacturer
    )
    assert rich.call(MIRROR, "isHomedLocally(uint256)", ID, returns="bool") is True
    assert rich.call(MIRROR, "homeChainOf(uint256)", ID) == 1
    assert rich.call(SYNC, "isRelocating(uint256)", ID, returns="bool") is False
    assert rich.network.activations(MACHINE.address) == [ID]


def test_the_simulation_returns_the_machine_id(rich):
    pay(rich)
    assert int(simulate(rich), 16) == ID


def test_both_protocols_keep_a_machine_each(rich):
    """They do not know each other."""
    rich.register()
    assert activate(rich)["status"] == "0x1"
    assert len(rich.network.registrations(MACHINE.address)) == 1
    assert rich.network.activations(MACHINE.address) == [ID]


def test_one_wallet_activates_several_machines(rich):
    other = SENSOR.but(subject=b"another")
    assert activate(rich)["status"] == activate(rich, other)["status"] == "0x1"
    assert rich.network.activations(MACHINE.address) == [ID, other.machine_id]


def test_the_document_reads_back_as_sent_with_its_id(rich):
    """The id on input is ignored; a controller may be someone else."""
    methods = (("#key-1", "Multikey", CONTROLLER.address.lower(), "z6Mk" + "x" * 44),)
    identity = SENSOR.but(controller=CONTROLLER.address, methods=methods, authentication=(0,))
    activate(rich, identity)
    document = rich.call(REGISTRY, "didDocument(uint256)", ID, returns=DOCUMENT)
    assert document == (
        f"did:peaq:{ID}",
        CONTROLLER.address.lower(),
        methods,
        (0,),
        ENDPOINTS,
    )
    assert rich.call(REGISTRY, "authenticationOf(uint256)", ID, returns="uint256[]") == (0,)


def test_an_authentication_index_without_a_method_is_stored_unchecked(rich):
    """A quirk of the real contract: clients have to check it themselves."""
    activate(rich, SENSOR.but(authentication=(3,)))
    assert rich.call(REGISTRY, "authenticationOf(uint256)", ID, returns="uint256[]") == (3,)


@pytest.mark.parametrize(
    "read",
    [
        "controllerOf(uint256)",
        "didDocument(uint256)",
        "machineTypeOf(uint256)",
        "credentialSubjectOf(uint256)",
        "manufacturerOf(uint256)",
        "authenticationOf(uint256)",
    ],
)
def test_nothing_is_known_of_a_machine_that_is_not_minted(client, read):
    absent = selector("ERC721NonexistentToken(uint256)") + encode(["uint256"], [ID]).hex()
    assert client.revert_of(REGISTRY, calldata(read, ID)) == absent


def test_an_absent_machine_has_no_subscription_and_no_home(client):
    assert subscription(client) == (0, 0, 0, 0, 0)
    assert status(client) == 0
    assert client.call(MIRROR, "isHomedLocally(uint256)", ID, returns="bool") is False
    assert client.call(MIRROR, "homeChainOf(uint256)", ID) == 0


# Events


def test_the_events_come_from_their_contracts(rich):
    receipt = activate(rich)
    operator = int(MACHINE.address, 16)
    (onboarded,) = logs(receipt, SYNC, "MachineOnboarded(uint256,address)")
    assert [int(one, 16) for one in onboarded["topics"][1:]] == [ID, operator]
    minted_signature = "MachineMinted(uint256,address,address,string)"
    (minted,) = logs(receipt, REGISTRY, minted_signature)
    assert [int(one, 16) for one in minted["topics"][1:]] == [ID, operator, operator]
    assert bytes.fromhex(minted["data"][2:]) == encode(["string"], ["peaq-onboard/v1"])
    (transfer,) = logs(receipt, REGISTRY, "Transfer(address,address,uint256)")
    assert [int(one, 16) for one in transfer["topics"][1:]] == [0, operator, ID]
    signature = "Activated(uint256,address,uint8,uint256,uint64,uint64)"
    (activated,) = logs(receipt, SUBSCRIPTION, signature)
    assert [int(one, 16) for one in activated["topics"][1:]] == [ID, operator]
    tier, start, end, bond, _ = subscription(rich)
    assert words(activated["data"]) == [tier, bond, start, end]
    (moved,) = logs(receipt, ERC20, "Transfer(address,address,uint256)")
    assert words(moved["data"]) == [ENTRY]
    assert logs(receipt, SUBSCRIPTION, "VoucherRedeemed(uint256,address,uint256)") == []
    paid_otherwise = logs(receipt, SUBSCRIPTION, "PaidWithUsdt(address,uint256,uint256)")
    assert paid_otherwise == []


@pytest.mark.parametrize(
    ("event", "known"),
    [
        ("MachineOnboarded(uint256,address)", "94a4eea9d2b843ed905cf3704e998551"),
        ("MachineMinted(uint256,address,address,string)", "13169308c1c25245c85c45d447c9e42b"),
        (
            "Activated(uint256,address,uint8,uint256,uint64,uint64)",
            "30d4acbfc7e9e5083909ead9af2d28db",
        ),
    ],
)
def test_the_topics_are_the_known_ones(rich, event, known):
    receipt = activate(rich)
    digest = keccak(text=event).hex()
    assert digest.startswith(known)
    assert ["0x" + digest] == [
        log["topics"][0] for log in receipt["logs"] if log["topics"][0] == "0x" + digest
    ]


# Refusals


def test_without_the_approval_nothing_happens(rich):
    """The precompile refuses with a text, and the whole activation with it."""
    with pytest.raises(RpcFailure, match="trying to spend more than allowed"):
        simulate(rich)
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x0"
    assert subscription(rich) == (0, 0, 0, 0, 0)
    assert rich.network.activations(MACHINE.address) == []


def test_the_same_subject_cannot_be_activated_twice(rich):
    activate(rich)
    taken = selector("ERC721InvalidSender(address)") + encode(["uint256"], [0]).hex()
    for wallet in (MACHINE, OTHER):
        pay(rich, sender=wallet)
        assert rich.revert_of(SYNC, SENSOR.data, sender=wallet) == taken
        assert rich.transact(SYNC, SENSOR.data, sender=wallet)["status"] == "0x0"
        assert allowance(rich, wallet) == ENTRY
    assert rich.network.balance(SUBSCRIPTION) == ENTRY


def test_a_document_needs_a_controller(rich):
    pay(rich)
    nobody = SENSOR.but(controller="0x" + "00" * 20)
    assert rich.revert_of(SYNC, nobody.data) == selector("InvalidAddress()")


def test_value_is_refused(rich):
    pay(rich)
    assert rich.revert_of(SYNC, SENSOR.data, value=1) == "0x"


def test_a_paused_machine_alone_is_not_activated(rich):
    rich.network.pause_machine(ID, True)
    assert rich.call(SYNC, "isTechnicalPaused(uint256)", ID, returns="bool") is True
    assert rich.call(SYNC, "isTechnicalPausedGlobal()", returns="bool") is False
    pay(rich)
    assert rich.revert_of(SYNC, SENSOR.data) == selector("TechnicallyPaused()")
    assert int(simulate(rich, SENSOR.but(subject=b"another")), 16)
    rich.network.pause_machine(ID, False)
    assert int(simulate(rich), 16) == ID


@pytest.mark.parametrize(
    ("to", "call"),
    [
        (
            REGISTRY,
            calldata(
                f"onMachineOnboarded(uint256,address,{DOCUMENT},string,bytes,address)",
                ID,
                MACHINE.address,
                SENSOR.document,
                SENSOR.machine_type,
                SENSOR.subject,
                SENSOR.manufacturer,
            ),
        ),
        (
            SUBSCRIPTION,
            calldata("onMachineOnboarded(uint256,address,uint8)", ID, MACHINE.address, 0),
        ),
        (MIRROR, calldata("onMachineOnboarded(uint256,address)", ID, MACHINE.address)),
        (ADAPTER, calldata("onMachineOnboarded(uint256,address)", ID, MACHINE.address)),
    ],
)
def test_only_the_one_call_onboards(rich, to, call):
    pay(rich)
    assert rich.revert_of(to, call) == selector("NotMachineStateAndSync()")


@pytest.mark.parametrize(
    ("to", "call"),
    [
        (INFO_DESK, calldata("setPeer(bytes32,address)", bytes(32), OTHER.address)),
        (INFO_DESK, calldata("restorePeer(bytes32)", bytes(32))),
        (SYNC, calldata("setTechnicalPausedGlobal(bool)", True)),
        (SYNC, calldata("setTechnicalPaused(uint256,bool)", ID, True)),
        (
            SYNC,
            calldata(
                f"mintFor(address,{DOCUMENT},string,bytes,address)",
                MACHINE.address,
                SENSOR.document,
                SENSOR.machine_type,
                SENSOR.subject,
                SENSOR.manufacturer,
            ),
        ),
        (SUBSCRIPTION, calldata("setPeaqPriceUsd(uint256)", 1)),
        (SUBSCRIPTION, calldata("setWithoutPrice(bool)", True)),
        (SUBSCRIPTION, calldata("giveVoucher(address,uint256)", MACHINE.address, PEAQ)),
        (ADAPTER, calldata("forge(uint256)", ID)),
    ],
)
def test_only_the_rehearsal_may_stage_things(rich, to, call):
    with pytest.raises(RpcFailure, match="rehearsal admin only"):
        rich.rpc("eth_estimateGas", {"from": MACHINE.address, "to": to, "data": "0x" + call.hex()})


def test_the_admin_in_the_sources_is_the_one_with_the_key():
    for name in ("InfoDesk", "MachineStateAndSync", "MachineSubscription", "MachineBridgeAdapter"):
        assert ADMIN.address[2:].lower() in artifact(name)["runtime"]
