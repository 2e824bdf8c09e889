"""Step 1: each line of the list, in the colours that tell a technician what to do."""

from __future__ import annotations

import httpx
import pytest

from core.errors.problem import OnboardingError
from core.preflight.check import STEP_ONE, CheckResult, Status, first_failed
from tests.support.machine import DETAILS, Machine
from tests.support.transports import Tampering, methods_in, results_of

NOWHERE = "https://127.0.0.1:1"


async def check(machine: Machine) -> dict[str, CheckResult]:
    """The list, by key; each line must have been reported as it became known."""
    reported: list[CheckResult] = []
    lines = await machine.now_open.check_environment(reported.append)
    assert [line.key for line in lines] == list(STEP_ONE)
    assert sorted(line.key for line in reported) == sorted(STEP_ONE)
    for line in lines:
        assert line.text, f"{line.key} says nothing"
    return {line.key: line for line in lines}


async def test_where_all_is_well_every_check_passes(machine: Machine) -> None:
    lines = await check(machine)
    assert {line.status for line in lines.values()} == {Status.PASSED}
    assert lines["bond"].text == "1 PEAQ"
    assert first_failed(lines.values()) is None
    assert not machine.records, "looking changes nothing"
    assert not machine.network.sent_transactions()


@pytest.mark.parametrize(
    ("variable", "value", "failed"),
    [
        ("PEAQOS_RPC_URL", "http://rpc.example.com", {"variables"}),
        ("PEAQOS_RPC_URL", "https://[bad", {"variables"}),
        ("PEAQOS_RPC_URL", "rpc.example.com", {"variables"}),
        ("PEAQOS_RPC_URL", NOWHERE, {"rpc"}),
        ("PEAQOS_GAS_STATION_URL", "http://gas.example.com", {"variables"}),
        ("PEAQOS_GAS_STATION_URL", "https://[bad", {"variables"}),
        ("PEAQOS_MCR_API_URL", "https://[bad", {"variables"}),
        ("MACHINE_NFT_ADDRESS", "0x2943", {"variables"}),
        (
            "MACHINE_NFT_ADDRESS",
            "0x2943F80e9DdB11B9Dd275499C661Df78F5F691F8",
            {"variables"},
        ),
    ],
)
async def test_a_bad_variable_fails_names_itself_and_breaks_nothing_else(
    machine: Machine, variable: str, value: str, failed: set[str]
) -> None:
    machine.environ[variable] = value
    lines = await check(machine)
    assert {key for key, line in lines.items() if line.status is Status.FAILED} == failed
    if "variables" in failed:
        found = lines["variables"].problem
        assert found is not None
        assert variable in found.title
        assert lines["variables"].text == f"{variable} is not valid"


async def test_an_endpoint_that_was_refused_is_not_even_asked(machine: Machine) -> None:
    """http:// to another host would tell the whole line which machine this is."""
    asked: list[str] = []

    def notice(request: httpx.Request) -> httpx.Response | None:
        asked.append(request.url.host)
        return httpx.Response(500) if request.url.host != "127.0.0.1" else None

    machine.connect = Tampering(before=notice).connect
    for variable in ("PEAQOS_RPC_URL", "PEAQOS_GAS_STATION_URL", "PEAQOS_MCR_API_URL"):
        machine.environ[variable] = "http://elsewhere.example.com"
    await check(machine)
    with pytest.raises(OnboardingError):
        await machine.now_open.pass_environment(DETAILS)
    assert not asked


async def test_without_a_running_rehearsal_network_that_is_said(machine: Machine) -> None:
    del machine.environ["PEAQOS_RPC_URL"]
    lines = await check(machine)
    assert lines["variables"].status is Status.FAILED
    found = lines["variables"].problem
    assert found is not None
    assert found.code == "REHEARSAL_NOT_RUNNING"
    assert lines["rpc"].text == "not checked; see Settings"


@pytest.mark.parametrize(
    "variable",
    [
        "IDENTITY_REGISTRY_ADDRESS",
        "IDENTITY_STAKING_ADDRESS",
        "EVENT_REGISTRY_ADDRESS",
        "MACHINE_NFT_ADDRESS",
        "DID_REGISTRY_ADDRESS",
        "BATCH_PRECOMPILE_ADDRESS",
    ],
)
async def test_an_address_without_a_contract_is_named(machine: Machine, variable: str) -> None:
    machine.environ[variable] = "0x00000000000000000000000000000000000000aa"
    lines = await check(machine)
    found = lines["contracts"].problem
    assert found is not None
    assert found.code == "NO_CODE_AT_ADDRESS"
    assert variable in found.title
    assert first_failed(lines.values()) is not None


async def test_another_network_is_named_with_both_chain_ids(machine: Machine) -> None:
    def other(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if not methods_in(request):
            return None
        return results_of(
            request, response, lambda name, _, old: "0xd0a" if name == "eth_chainId" else old
        )

    machine.connect = Tampering(after=other).connect
    lines = await check(machine)
    assert lines["rpc"].status is Status.PASSED, "it does answer"
    found = lines["chain"].problem
    assert found is not None
    assert "3338" in found.cause
    assert str(machine.network.chain_id) in found.cause


@pytest.mark.parametrize(
    ("fault", "key", "status"),
    [
        ("rpc-html", "rpc", Status.FAILED),
        ("rpc-down", "rpc", Status.FAILED),
        ("gas-station-html", "gas-station", Status.WARNING),
        ("gas-station-down", "gas-station", Status.WARNING),
        ("mcr-down", "mcr", Status.WARNING),
    ],
)
async def test_a_service_that_is_down_or_not_itself_colours_its_own_line_only(
    machine: Machine, fault: str, key: str, status: Status
) -> None:
    machine.network.fault(fault)
    lines = await check(machine)
    assert lines[key].status is status
    others = {"chain", "contracts", "bond"} if key == "rpc" else set()
    for other, line in lines.items():
        if other not in {key, "clock"} | others:
            assert line.status is Status.PASSED, other


@pytest.mark.parametrize(("seconds", "words"), [(-600, "600 s behind"), (7200, "7200 s ahead")])
async def test_a_clock_that_is_off_is_said_with_its_direction(
    machine: Machine, seconds: float, words: str
) -> None:
    from datetime import timedelta

    from app.rehearsal.network import RehearsalNetwork

    with RehearsalNetwork(now=lambda: machine.clock.now() - timedelta(seconds=seconds)) as network:
        machine.environ |= network.environment()
        lines = await check(machine)
        await machine.close()
    assert lines["clock"].status is Status.WARNING
    assert words in lines["clock"].text


async def test_a_file_that_others_can_read_is_warned_about(machine: Machine) -> None:
    path = machine.folder.parent / ".env"
    path.write_text("PEAQOS_NETWORK=rehearsal\n")
    path.chmod(0o644)
    lines = await check(machine)
    assert lines["variables"].status is Status.WARNING
    assert f"chmod 600 {path}" in lines["variables"].text
