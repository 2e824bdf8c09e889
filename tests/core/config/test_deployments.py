"""The deployment records are what this release was made with, and a journal stays with its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.address import is_checksum_address

from core.config.deployments import (
    AGUNG_2026_08_28,
    DEPLOYMENTS,
    PEAQ_MAINNET,
    REHEARSAL_DEPLOYMENT,
    Deployment,
    check_recorded,
    choose_protocol,
    deployment_of,
)
from core.config.networks import AGUNG, MAINNET, NETWORKS, REHEARSAL, Network
from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError

PINNED = {
    "peaq-mainnet": "8b1ff38b4fb6b5ed4ba5b299bb570f663f2044940a96518570482c38feda895d",
    "agung-2026-08-28": "a90e0b9fd3caf9fe63a0dbff7bd3785cc65449c5a435efebaa92b95669aafd72",
    "rehearsal": "796552b360360c115ea806c3694d5bca5e8923f76f882129993e1ce4b70449e2",
}


def test_the_records_are_the_ones_this_release_was_made_with() -> None:
    """A change of any address, chain or block shows here, and has to be meant."""
    assert {name: record.digest for name, record in DEPLOYMENTS.items()} == PINNED


@pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=lambda record: record.id)
def test_a_record_fits_its_network_and_has_seven_different_checksummed_addresses(
    deployment: Deployment,
) -> None:
    addresses = list(deployment.contracts.as_dict().values())
    assert len(set(addresses)) == 7
    assert all(map(is_checksum_address, addresses))
    assert deployment.chain_id == NETWORKS[deployment.network].chain_id


def test_a_rehearsal_is_valid_on_no_real_chain() -> None:
    real = {PEAQ_MAINNET.chain_id, AGUNG_2026_08_28.chain_id}
    assert REHEARSAL_DEPLOYMENT.chain_id not in real


@pytest.mark.parametrize("field", ["machine_subscription", "info_desk"])
def test_the_digest_covers_every_address(field: str) -> None:
    contracts = replace(PEAQ_MAINNET.contracts, **{field: "0x" + "11" * 20})
    assert replace(PEAQ_MAINNET, contracts=contracts).digest != PEAQ_MAINNET.digest
    assert replace(PEAQ_MAINNET, source="elsewhere").digest == PEAQ_MAINNET.digest


def test_the_provenance_names_record_source_and_digest() -> None:
    said = PEAQ_MAINNET.provenance
    assert "peaq-mainnet" in said
    assert "peaq-os-sdk 0.12.1" in said
    assert PEAQ_MAINNET.digest[:16] in said


@pytest.mark.parametrize(
    ("network", "wanted", "found"),
    [
        (MAINNET, "", PEAQ_MAINNET),
        (MAINNET, " peaq-mainnet ", PEAQ_MAINNET),
        (AGUNG, "agung-2026-08-28", AGUNG_2026_08_28),
        (REHEARSAL, "", REHEARSAL_DEPLOYMENT),
        (REHEARSAL, "peaq-mainnet", REHEARSAL_DEPLOYMENT),
    ],
)
def test_a_network_has_its_own_deployment(network: Network, wanted: str, found: Deployment) -> None:
    assert deployment_of(network, wanted) is found


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("peaq-mainnet-michael", "DEPLOYMENT_INTERNAL"),
        ("PEAQ-MAINNET-MICHAEL", "DEPLOYMENT_INTERNAL"),
        ("peaq-mainnet-2", "DEPLOYMENT_UNKNOWN"),
        ("agung-2026-08-28", "DEPLOYMENT_ELSEWHERE"),
        ("rehearsal", "DEPLOYMENT_ELSEWHERE"),
    ],
)
def test_another_deployment_is_refused_by_name(wanted: str, code: str) -> None:
    with pytest.raises(OnboardingError) as refused:
        deployment_of(MAINNET, wanted)
    assert refused.value.code == code
    assert wanted in refused.value.problem.cause
    assert exit_code(refused.value.problem.kind) == 3


def test_a_journal_of_other_addresses_or_of_another_record_is_refused_with_both_values() -> None:
    recorded = PEAQ_MAINNET.contracts.as_dict()
    check_recorded(PEAQ_MAINNET, recorded, PEAQ_MAINNET.digest)
    other = "0x" + "11" * 20
    fewer = {name: address for name, address in recorded.items() if name != "info_desk"}
    for contracts, said in (
        ({**recorded, "info_desk": other}, other),
        (fewer, "none"),
        ({**recorded, "usdt": other}, other),
    ):
        with pytest.raises(OnboardingError) as refused:
            check_recorded(PEAQ_MAINNET, contracts, PEAQ_MAINNET.digest)
        assert refused.value.code == "JOURNAL_MISMATCH"
        assert said in refused.value.problem.cause
    with pytest.raises(OnboardingError) as refused:
        check_recorded(PEAQ_MAINNET, recorded, "0" * 64)
    assert refused.value.problem.params["now"] == PEAQ_MAINNET.digest


@pytest.mark.parametrize(
    ("option", "deployment", "journal", "chosen"),
    [
        (None, "", None, "guide"),
        (None, " ", "activation", "activation"),
        (None, "peaq-mainnet", None, "activation"),
        ("guide", "peaq-mainnet", None, "guide"),
        ("activation", "", None, "activation"),
        ("activation", "", "activation", "activation"),
        (None, "", "guide", "guide"),
    ],
)
def test_the_option_then_the_variable_then_the_journal_choose_the_protocol(
    option: str | None, deployment: str, journal: str | None, chosen: str
) -> None:
    assert choose_protocol(option, deployment, journal) == chosen


@pytest.mark.parametrize(
    ("option", "deployment", "journal"),
    [
        ("activation", "", "guide"),
        ("guide", "", "activation"),
        (None, "peaq-mainnet", "guide"),
    ],
)
def test_a_journal_never_changes_its_protocol(
    option: str | None, deployment: str, journal: str
) -> None:
    with pytest.raises(OnboardingError) as refused:
        choose_protocol(option, deployment, journal)
    assert refused.value.code == "PROTOCOL_MISMATCH"
    assert f"the protocol {journal}" in refused.value.problem.remedy()
