"""Environment before .env before default, and one clear sentence for each value that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.config.networks import AGUNG, CONTRACT_VARIABLES, MAINNET
from core.config.settings import Settings, load_settings

REGISTRY = "IDENTITY_REGISTRY_ADDRESS"
LOWER = MAINNET.contracts.identity_registry.lower()


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.touch(mode=0o600)
    return path


def load(env_file: Path, text: str = "", **environ: str) -> Settings:
    if text:
        env_file.write_text(text, encoding="utf-8")
    return load_settings(environ=environ, env_file=env_file)


def test_mainnet_needs_no_variable_at_all(env_file: Path) -> None:
    settings = load(env_file)
    assert settings.usable
    assert settings.network is MAINNET
    assert settings.contracts == MAINNET.contracts
    assert settings.rpc_url == MAINNET.rpc_url
    assert settings.mcr_url == "https://mcr.peaq.xyz", "the SDK's own default is a trap"
    assert set(settings.sources.values()) == {"default"}
    assert settings.private_key is None
    assert not settings.warnings


def test_the_environment_comes_before_the_file_and_the_file_before_the_default(
    env_file: Path,
) -> None:
    text = "PEAQOS_RPC_URL=https://file.example\nPEAQOS_MCR_API_URL=https://mcr.example\n"
    settings = load(env_file, text, PEAQOS_RPC_URL="https://environment.example")
    assert settings.rpc_url == "https://environment.example"
    assert settings.mcr_url == "https://mcr.example"
    assert settings.sources["PEAQOS_RPC_URL"] == "environment"
    assert settings.sources["PEAQOS_MCR_API_URL"] == ".env"
    assert settings.sources["PEAQOS_GAS_STATION_URL"] == "default"


def test_the_command_line_beats_the_variable_and_a_rehearsal_beats_all(env_file: Path) -> None:
    settings = load_settings(
        environ={"PEAQOS_NETWORK": "mainnet", "PEAQOS_RPC_URL": "https://environment.example"},
        env_file=env_file,
        network="testnet",
        overrides={"PEAQOS_RPC_URL": "http://127.0.0.1:8545"},
    )
    assert settings.network is AGUNG
    assert settings.rpc_url == "http://127.0.0.1:8545"
    assert settings.gas_station_url is None


def test_an_empty_variable_counts_as_not_set(env_file: Path) -> None:
    settings = load(env_file, "PEAQOS_RPC_URL=https://file.example\n", PEAQOS_RPC_URL="  ")
    assert settings.rpc_url == "https://file.example"


@pytest.mark.parametrize("name", ["testnet", "agung", "AGUNG"])
def test_a_network_has_its_own_addresses(env_file: Path, name: str) -> None:
    assert load(env_file, PEAQOS_NETWORK=name).contracts == AGUNG.contracts


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PEAQOS_NETWORK", "krest", "not a known network"),
        ("PEAQOS_RPC_URL", "http://rpc.example.com", "Use https://"),
        ("PEAQOS_RPC_URL", "http://127.0.0.1.example.com", "Use https://"),
        ("PEAQOS_RPC_URL", "http://10.0.0.5:8545", "Use https://"),
        ("PEAQOS_RPC_URL", "ws://127.0.0.1", "looks like this: https://"),
        ("PEAQOS_RPC_URL", "rpc.example.com", "looks like this: https://"),
        ("PEAQOS_RPC_URL", "https://", "looks like this: https://"),
        ("PEAQOS_RPC_URL", "https://[bad", "looks like this: https://"),
        ("PEAQOS_RPC_URL", "https://host:port", "looks like this: https://"),
        ("PEAQOS_RPC_URL", "https://user:secret@rpc.example.com", "user name or a password"),
        ("PEAQOS_RPC_URL", "https://rpc.example.com/a b", "without spaces"),
        ("PEAQOS_RPC_URL", "https://rpc.exämple.com", "ASCII characters"),
        ("PEAQOS_GAS_STATION_URL", "http://gas.example.com", "Use https://"),
        ("PEAQOS_MCR_API_URL", "file:///etc/passwd", "looks like this: https://"),
        ("PEAQOS_RPC_FALLBACK_URLS", "https://a.example,http://b.example", "Use https://"),
        (REGISTRY, "0x1234", "40 hex digits"),
        (REGISTRY, LOWER[2:], "40 hex digits"),
        (REGISTRY, LOWER + "0", "40 hex digits"),
        (REGISTRY, "0x" + "g" * 40, "40 hex digits"),
        (REGISTRY, MAINNET.contracts.identity_registry.replace("A", "a"), "checksum"),
    ],
)
def test_each_bad_value_has_a_sentence_that_names_the_variable(
    env_file: Path, variable: str, value: str, words: str
) -> None:
    settings = load(env_file, **{variable: value})
    (found,) = settings.problems
    assert not settings.usable
    assert settings.problem_of(variable) is found
    assert variable in found.title
    assert words in found.cause
    assert "secret" not in found.cause
    assert "Error" not in found.cause, "a sentence, not a Python object"


def test_all_that_is_wrong_is_told_at_once(env_file: Path) -> None:
    bad = dict.fromkeys(CONTRACT_VARIABLES, "0x1")
    settings = load(env_file, PEAQOS_NETWORK="rehearsal", **bad)
    assert len(settings.problems) == len(CONTRACT_VARIABLES) + 1
    assert settings.problem_of("PEAQOS_RPC_URL") is not None


@pytest.mark.parametrize(
    ("variable", "address", "named"),
    [
        ("MACHINE_NFT_ADDRESS", MAINNET.contracts.identity_registry, "MACHINE_NFT_ADDRESS"),
        ("IDENTITY_STAKING_ADDRESS", MAINNET.contracts.event_registry, "IDENTITY_STAKING_ADDRESS"),
        (
            "DID_REGISTRY_ADDRESS",
            MAINNET.contracts.batch_precompile.lower(),
            "DID_REGISTRY_ADDRESS",
        ),
    ],
)
def test_an_address_of_another_contract_is_found_before_anything_is_paid(
    env_file: Path, variable: str, address: str, named: str
) -> None:
    """It has code, so that nothing else would notice it until the bond is paid."""
    (found,) = load(env_file, **{variable: address}).problems
    assert found.params["variable"] == named
    assert "already" in found.cause


def test_one_address_given_for_two_contracts_is_named_once(env_file: Path) -> None:
    own = "0x" + "22" * 20
    (found,) = load(env_file, MACHINE_NFT_ADDRESS=own, EVENT_REGISTRY_ADDRESS=own).problems
    assert "EVENT_REGISTRY_ADDRESS already" in found.cause


@pytest.mark.parametrize("address", [LOWER, "0x" + LOWER[2:].upper()])
def test_an_address_without_a_checksum_gets_one(env_file: Path, address: str) -> None:
    settings = load(env_file, **{REGISTRY: address})
    assert settings.contracts.identity_registry == MAINNET.contracts.identity_registry


@pytest.mark.parametrize(
    "url", ["http://localhost:8545", "http://127.0.0.1", "http://127.8.8.8:1", "http://[::1]:8545"]
)
def test_http_is_fine_for_this_machine_itself(env_file: Path, url: str) -> None:
    assert load(env_file, PEAQOS_RPC_URL=url).usable


def test_the_private_key_is_held_back_from_everything_that_is_shown(env_file: Path) -> None:
    key = "0x" + "4f" * 32
    settings = load(env_file, f"PEAQOS_PRIVATE_KEY={key}\n")
    assert settings.private_key is not None
    assert settings.private_key.reveal() == key
    assert "4f4f" not in repr(settings)
    assert "PEAQOS_PRIVATE_KEY" not in settings.values


# Which endpoints may be asked at all


def test_the_default_endpoint_may_ask_its_public_siblings(env_file: Path) -> None:
    settings = load(env_file)
    assert set(settings.fallback_urls) == set(MAINNET.public_rpc_urls) - {MAINNET.rpc_url}


def test_an_endpoint_of_one_s_own_is_asked_alone(env_file: Path) -> None:
    """Nobody else learns of a machine whose owner runs a node."""
    assert load(env_file, PEAQOS_RPC_URL="https://own.example").fallback_urls == ()


def test_endpoints_that_the_user_names_are_the_only_others(env_file: Path) -> None:
    named = " https://a.example , https://b.example,"
    for url in ("https://own.example", str(MAINNET.rpc_url)):
        settings = load(env_file, PEAQOS_RPC_URL=url, PEAQOS_RPC_FALLBACK_URLS=named)
        assert settings.fallback_urls == ("https://a.example", "https://b.example")


# The .env file


def test_a_file_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert load_settings(environ={}, env_file=tmp_path / "none").usable


@pytest.mark.parametrize("kind", ["folder", "binary", "huge", "forbidden"])
def test_a_file_that_cannot_be_read_is_told_with_its_path(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    match kind:
        case "folder":
            path.mkdir()
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case "huge":
            path.write_bytes(b"#" * 300_000)
        case "forbidden":
            path.touch()

            def refuse(*_: object, **__: object) -> str:
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(os, "open", refuse)
    settings = load_settings(environ={}, env_file=path)
    (found,) = settings.problems
    assert found.code == "ENV_FILE_UNREADABLE"
    assert found.cause.startswith(f"{path}: ")


@pytest.mark.parametrize("target", ["itself", "nowhere"])
def test_a_link_that_leads_nowhere_is_no_missing_file(tmp_path: Path, target: str) -> None:
    path = tmp_path / ".env"
    path.symlink_to(path if target == "itself" else tmp_path / "nowhere")
    (found,) = load_settings(environ={}, env_file=path).problems
    assert found.code == "ENV_FILE_UNSAFE"
    assert f"run `rm {path}`" in found.remedy()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o644, True)])
def test_a_file_that_others_can_read_is_warned_about(
    env_file: Path, mode: int, warned: bool
) -> None:
    env_file.chmod(mode)
    settings = load(env_file)
    assert bool(settings.warnings) is warned
    assert settings.usable


def test_a_dollar_sign_in_the_file_is_a_dollar_sign(env_file: Path) -> None:
    settings = load(env_file, "PEAQOS_PRIVATE_KEY='${HOME}'\nexport PEAQOS_NETWORK = agung # x\n")
    assert settings.private_key is not None
    assert settings.private_key.reveal() == "${HOME}"
    assert settings.network is AGUNG
