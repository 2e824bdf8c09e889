"""The networks are those of the public documentation, and a rehearsal is valid nowhere else."""

from __future__ import annotations

import pytest
from eth_utils.address import is_checksum_address

from app.rehearsal.node import genesis
from core.config.networks import (
    AGUNG,
    CONTRACT_VARIABLES,
    MAINNET,
    NETWORKS,
    REHEARSAL,
    find_network,
)
from core.config.settings import address_fault, url_fault


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("mainnet", MAINNET),
        ("peaq", MAINNET),
        ("testnet", AGUNG),
        ("agung", AGUNG),
        (" Agung ", AGUNG),
        ("rehearsal", REHEARSAL),
    ],
)
def test_names_and_aliases(name: str, network: object) -> None:
    assert find_network(name) is network


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="mainnet, agung or rehearsal"):
        find_network("krest")


def test_no_two_networks_share_a_chain_id_and_only_mainnet_is_real_money() -> None:
    assert [MAINNET.chain_id, AGUNG.chain_id] == [3338, 9990]
    assert len({network.chain_id for network in NETWORKS.values()}) == len(NETWORKS)
    assert [network.name for network in NETWORKS.values() if network.real_money] == ["mainnet"]
    assert REHEARSAL.chain_id == genesis.CHAIN_ID


@pytest.mark.parametrize("network", NETWORKS.values(), ids=str)
def test_every_address_and_endpoint_would_pass_as_a_setting(network: object) -> None:
    for address in network.contracts.as_dict().values():
        assert is_checksum_address(address)
        assert address_fault(address) is None
    assert set(network.contracts.as_dict()) == set(CONTRACT_VARIABLES.values())
    for url in (network.rpc_url, *network.public_rpc_urls, network.gas_station_url):
        assert url is None or url_fault(url) is None
    assert network.rpc_url is None or network.rpc_url in network.public_rpc_urls


def test_links_lead_to_the_explorer_or_nowhere() -> None:
    assert MAINNET.transaction_link("0xab") == "https://peaq.subscan.io/tx/0xab"
    assert AGUNG.address_link("0xab") == "https://testnet.peaqscan.xyz/account/0xab"
    assert REHEARSAL.transaction_link("0xab") is None
