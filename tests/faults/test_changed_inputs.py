"""Somebody comes back with other settings, another key or a second wizard: said, and refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.config.settings import load_settings
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_LOCKED, exit_code
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import Details
from core.keys.key_source import KeySource
from core.secrets import Secret
from core.session import open_session
from tests.support.clock import FakeClock
from tests.support.machine import DETAILS, PASSPHRASE, Machine, check_once
from tests.support.words import title

ANOTHER = Path(__file__).parent.parent / "core" / "keys" / "vectors" / "ethers-6.17.0.json"
"""A keystore of another machine."""
KEY = "0x" + "4f" * 32
OTHER_ADDRESS = "0x00000000000000000000000000000000000000AA"


async def test_a_folder_of_another_network_is_refused_with_both_names(machine: Machine) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    await machine.close()
    settings = load_settings(
        environ={**machine.environ, "PEAQOS_RPC_URL": "https://rpc.example.com"},
        env_file=machine.folder / "none",
        network="agung",
    )
    with pytest.raises(OnboardingError) as refused:
        open_session(machine.folder, settings, machine.clock)
    assert refused.value.code == "JOURNAL_MISMATCH"
    assert "rehearsal" in refused.value.problem.cause
    assert "agung" in refused.value.problem.cause
    assert exit_code(refused.value.problem.kind) == EXIT_CONFIGURATION
    machine.open()  # the refusal has not kept the lock


async def test_another_contract_is_refused_with_both_addresses(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    old = machine.settings().contracts.identity_registry
    await machine.close()
    machine.environ["IDENTITY_REGISTRY_ADDRESS"] = OTHER_ADDRESS
    with pytest.raises(OnboardingError) as refused:
        machine.open()
    assert refused.value.code == "JOURNAL_MISMATCH"
    cause = refused.value.problem.cause
    assert "identity_registry" in cause
    assert old in cause
    assert OTHER_ADDRESS in cause


async def test_settings_corrected_on_the_first_screen_are_used_at_once(machine: Machine) -> None:
    good = machine.environ["PEAQOS_RPC_URL"]
    machine.environ["PEAQOS_RPC_URL"] = machine.network.mcr_url
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.pass_environment(DETAILS)
    assert refused.value.code == "RPC_NOT_A_NODE"
    machine.environ["PEAQOS_RPC_URL"] = good
    await wizard.change_settings(machine.settings())
    await machine.drive()
    check_once(machine)


async def test_a_key_of_the_environment_is_required_where_it_was_chosen(machine: Machine) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    for call in (
        machine.now_open.preview_key(KeySource("environment")),
        machine.now_open.create_keypair(KeySource("environment"), PASSPHRASE),
    ):
        with pytest.raises(OnboardingError) as refused:
            await call
        assert refused.value.problem.title == title("PRIVATE_KEY_REQUIRED")
    assert not (machine.folder / "keystore.json").exists()
    await machine.close()
    machine.environ["PEAQOS_PRIVATE_KEY"] = KEY
    machine.source = KeySource("environment")
    await machine.restart()
    await machine.drive()
    check_once(machine)
    assert machine.state.keypair is not None
    assert machine.state.keypair.way == "environment"


async def test_another_key_in_the_environment_is_refused_with_both_addresses(
    machine: Machine,
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = KEY
    machine.source = KeySource("environment")
    await machine.drive(until=Action.ENROL)
    address = machine.address
    await machine.close()
    machine.environ["PEAQOS_PRIVATE_KEY"] = "0x" + "5e" * 32
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.reconcile()
    assert refused.value.code == "JOURNAL_MISMATCH"
    assert address in refused.value.problem.cause
    assert "5e5e" not in str(refused.value)


async def test_a_keystore_of_another_machine_is_not_used(
    machine: Machine, shared_network: RehearsalNetwork, tmp_path: Path
) -> None:
    other = Machine(shared_network, FakeClock(), tmp_path / "other")
    await other.drive(until=Action.BACK_UP_KEYPAIR)
    await other.close()
    await machine.drive(until=Action.ENROL)
    address = machine.address
    await machine.close()
    shutil.copy(other.folder / "keystore.json", machine.folder / "keystore.json")
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.unlock(PASSPHRASE)
    assert refused.value.code == "KEYSTORE_OTHER_ADDRESS"
    assert address in refused.value.problem.cause
    assert not wizard.unlocked


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "KEYSTORE_MISSING"),
        (ANOTHER.read_bytes(), "KEYSTORE_OTHER_ADDRESS"),
        (b"{}", "KEYSTORE_UNREADABLE"),
    ],
    ids=["gone", "of another machine", "broken"],
)
async def test_no_money_goes_to_an_address_whose_key_is_gone(
    machine: Machine, content: bytes | None, code: str
) -> None:
    await machine.drive(until=Action.FUND)
    address, wizard = machine.address, machine.now_open
    kept = machine.folder / "keystore.json"
    good = kept.read_bytes()
    kept.unlink()
    if content is not None:
        kept.write_bytes(content)
    for way in (
        wizard.reconcile,
        lambda: wizard.ask_gas_station(machine.fresh_code()),
        lambda: wizard.choose_funding_method("manual"),
    ):
        with pytest.raises(OnboardingError) as refused:
            await way()
        assert refused.value.code == code
    assert not machine.network.transfers()
    assert machine.network.balance(address) == 0
    kept.write_bytes(good)
    await machine.restart()
    await machine.drive()
    check_once(machine)


async def test_a_keystore_that_is_gone_says_what_to_put_back(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    await machine.close()
    (machine.folder / "keystore.json").rename(machine.folder / "backup.json")
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.unlock(PASSPHRASE)
    assert refused.value.code == "KEYSTORE_MISSING"
    assert str(machine.folder / "keystore.json") in refused.value.problem.cause
    (machine.folder / "backup.json").rename(machine.folder / "keystore.json")
    await wizard.unlock(PASSPHRASE)
    await machine.drive()
    check_once(machine)


async def test_an_existing_keystore_is_never_overwritten_by_a_new_key(machine: Machine) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    address, content = machine.address, (machine.folder / "keystore.json").read_bytes()
    await machine.close()
    (machine.folder / "journal.jsonl").unlink()
    await machine.drive(until=Action.CREATE_KEYPAIR)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.create_keypair(KeySource("generate"), PASSPHRASE)
    assert refused.value.code == "KEYSTORE_EXISTS"
    assert address in refused.value.problem.cause
    assert (machine.folder / "keystore.json").read_bytes() == content


async def test_a_key_can_be_brought_as_hex_as_a_file_and_as_a_keystore(
    machine: Machine, tmp_path: Path
) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    wizard = machine.now_open
    pasted = await wizard.preview_key(KeySource("import", private_key=Secret(KEY)))
    path = tmp_path / "key.txt"
    path.touch(0o600)
    path.write_text(f"{KEY}\n")
    from_file = await wizard.preview_key(KeySource("import", path=path))
    assert pasted.address == from_file.address
    await wizard.create_keypair(KeySource("import", path=path), PASSPHRASE)
    keystore = KeySource(
        "import", path=machine.folder / "keystore.json", path_passphrase=PASSPHRASE
    )
    assert (await wizard.preview_key(keystore)).address == pasted.address
    for wrong, code in (
        (KeySource("import"), "PRIVATE_KEY_INVALID"),
        (KeySource("import", path=tmp_path / "absent"), "KEYSTORE_UNREADABLE"),
        (KeySource("import", path=tmp_path), "KEYSTORE_UNREADABLE"),
        (KeySource("import", path=keystore.path), "PASSPHRASE_EMPTY"),
        (
            KeySource("import", path=keystore.path, path_passphrase=Secret("wrong")),
            "PASSPHRASE_WRONG",
        ),
    ):
        with pytest.raises(OnboardingError) as refused:
            await wizard.preview_key(wrong)
        assert refused.value.code == code


async def test_two_wizards_on_one_folder_name_the_one_that_holds_it(machine: Machine) -> None:
    import os

    machine.open()
    second = Machine(machine.network, machine.clock, machine.folder)
    with pytest.raises(OnboardingError) as refused:
        second.open()
    assert refused.value.code == "STATE_FOLDER_LOCKED"
    assert str(os.getpid()) in refused.value.problem.cause
    assert exit_code(refused.value.problem.kind) == EXIT_LOCKED


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (Details("", "https://a.example", "public"), "DOCUMENTATION_URL_INVALID"),
        (Details("https://a.example", "ftp://a.example", "public"), "DATA_API_INVALID"),
        (Details("https://a.example", "https://b.example", "secret"), "DATA_VISIBILITY_INVALID"),
    ],
)
async def test_details_that_cannot_be_written_are_refused_before_anything_is_recorded(
    machine: Machine, details: Details, code: str
) -> None:
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.pass_environment(details)
    assert refused.value.code == code
    assert not machine.records
    await machine.drive(until=Action.ENROL)
    with pytest.raises(OnboardingError) as refused:
        await wizard.record_details(details)
    assert refused.value.code == code
    assert machine.state.details == DETAILS


async def test_settings_that_cannot_be_used_keep_the_onboarding_from_starting(
    machine: Machine,
) -> None:
    machine.environ["MACHINE_NFT_ADDRESS"] = "0x2943F80e9DdB11B9Dd275499C661Df78F5F691F8"
    wizard = machine.open()
    with pytest.raises(OnboardingError) as refused:
        await wizard.pass_environment(DETAILS)
    assert refused.value.code == "VARIABLE_INVALID"
    assert "MACHINE_NFT_ADDRESS" in refused.value.problem.title
    assert not machine.records


async def test_a_finished_machine_costs_nothing_to_run_again(machine: Machine) -> None:
    await machine.drive()
    before, journal = machine.network.requests, (machine.folder / "journal.jsonl").read_bytes()
    wizard = await machine.restart()
    assert wizard.action is Action.NOTHING
    await machine.drive()
    assert machine.network.requests == before
    assert (machine.folder / "journal.jsonl").read_bytes() == journal
