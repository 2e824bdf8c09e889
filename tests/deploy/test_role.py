"""The Ansible role on three machines that one owner's wallet pays: real SSH, real devnet."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.version import installed_version
from core.config.networks import AGUNG, MAINNET
from tests.deploy.fleet import ROLE, Fleet, Release, fleet, run, tool
from tests.support.proxy import DROP_BEFORE, Asked, Fate, Proxy, status

pytestmark = pytest.mark.fleet

RETRY_AFTER = 40
"""Seconds; more than the wizard waits by itself for an answer of the network."""


def machine(name: str, environment: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "peaq_onboard_documentation_url": f"https://docs.example.com/{name}",
        "peaq_onboard_data_api": f"https://data.example.com/{name}",
        "peaq_onboard_environment": environment,
        **more,
    }


def report_of(machines: Fleet) -> dict[str, dict[str, Any]]:
    """The rows of report.json by machine, after a look that report.csv says the same."""
    folder = machines.control / "report"
    told = json.loads((folder / "report.json").read_text())
    assert told["schema_version"] == 1
    with (folder / "report.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in told["machines"]
    ]
    assert table == as_text
    return {row["machine"]: row for row in told["machines"]}


def journal(machines: Fleet, host: str) -> list[dict[str, Any]]:
    lines = (machines.state(host) / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_three_machines_are_onboarded_from_one_wallet_and_a_second_run_changes_nothing(
    release: Release, devnet: dict[str, str]
) -> None:
    owner = devnet.pop("OWNER_KEY")
    with Proxy(devnet["PEAQOS_RPC_URL"]) as breaking, Proxy(devnet["PEAQOS_RPC_URL"]) as busy:
        limited: list[Asked] = []

        def break_once_there_is_a_key(asked: Asked) -> Fate | None:
            return DROP_BEFORE if "eth_getTransactionCount" in asked.methods else None

        def limit_once(asked: Asked) -> Fate | None:
            if "eth_getTransactionCount" not in asked.methods or len(limited) > 0:
                return None
            limited.append(asked)
            return status(429, forwarded=False, Retry_After=str(RETRY_AFTER))

        breaking.plan, busy.plan = break_once_there_is_a_key, limit_once
        machines = {
            "arm-1": machine("arm-1", devnet),
            "arm-2": machine("arm-2", breaking.environment(devnet), peaq_onboard_patience=0),
            "arm-3": machine("arm-3", busy.environment(devnet)),
        }
        with fleet(release, machines, owner, peaq_onboard_pause=2) as it:
            before = it.play("--check")
            assert before.code == 0, before.said
            for host in machines:
                assert before.recap(host)["changed"] > 0, "a check hides what a run would change"
                assert not it.state(host).exists(), "a check changed something"
            assert not (it.control / "report").exists()

            first = it.play()
            assert first.code == 2, first.said
            assert not first.leaks
            rows = report_of(it)
            assert [rows[host]["state"] for host in machines] == [
                "onboarded",
                "stopped",
                "onboarded",
            ], first.said
            assert first.recap("arm-2")["failed"] == 1, "a run that is not complete looks green"
            assert rows["arm-2"]["code"] == "RPC_UNREACHABLE"
            assert "PEAQOS_RPC_URL" in rows["arm-2"]["reason"], "it has no remedy"
            assert rows["arm-2"]["reason"] in first.said, "the reason is hidden"
            assert rows["arm-2"]["address"], "there is a key"
            assert limited, "no rate limit was hit"
            busy_records = [
                record["data"]
                for record in journal(it, "arm-3")
                if record["event"] == "StepFailed" and record["data"]["code"] == "RPC_BUSY"
            ]
            assert len(busy_records) == 1, "it was started again before it could succeed"
            assert it.files_with_secrets() == []

            breaking.plan = lambda asked: None
            it.set("arm-2", peaq_onboard_patience=600)
            it.kill_when(lambda: "TransactionSigned" in [r["event"] for r in journal(it, "arm-2")])
            assert it.files_with_secrets() == [], "a killed run leaves a secret"

            second = it.play()
            assert second.code == 0, second.said
            assert not second.leaks
            assert second.recap("arm-1")["changed"] == 0, "a finished machine was touched"
            rows = report_of(it)
            for host in machines:
                check_onboarded(it, host, rows[host])
            assert len({row["machine_id"] for row in rows.values()}) == len(machines)
            assert it.files_with_secrets() == []

            kept = {path: path.read_bytes() for path in it.control.rglob("*") if path.is_file()}
            for more in ((), ("--check",)):
                again = it.play(*more)
                assert again.code == 0, again.said
                for host in (*machines, "localhost"):
                    assert again.recap(host)["changed"] == 0, again.said
                now = {path: path.read_bytes() for path in it.control.rglob("*") if path.is_file()}
                assert now == kept


def check_onboarded(machines: Fleet, host: str, row: dict[str, Any]) -> None:
    """One machine: its row, its receipt, its payments and the backup of its key."""
    receipt = json.loads((machines.control / "receipts" / f"{host}.json").read_text())
    assert row["state"] == "onboarded"
    assert row["code"] is row["reason"] is row["step"] is None
    assert (row["address"], row["machine_id"]) == (receipt["address"], receipt["machine_id"])
    assert row["token_id"] == receipt["machine_nft_token_id"]
    assert receipt["funding"]["way"] == "owner"
    assert receipt["backup"] == "copied"
    assert receipt["did_attributes"]["documentation_url"] == f"https://docs.example.com/{host}"
    backup = machines.control / "backup" / f"{host}-{row['address']}.json"
    keystore = machines.state(host) / "keystore.json"
    assert backup.read_bytes() == keystore.read_bytes()
    assert keystore.stat().st_mode & 0o777 == 0o600
    events = [record["event"] for record in journal(machines, host)]
    assert events.count("MachineRegistered") == 1
    assert events.index("KeypairBackedUp") < events.index("TransactionSigned")
    paid = [tx for tx in receipt["transactions"] if tx["purpose"] == "funding"]
    assert [tx["status"] for tx in paid].count("final") == 1


def test_nothing_is_paid_where_the_wallet_cannot_pay_for_all_machines(
    release: Release, devnet: dict[str, str]
) -> None:
    owner = devnet.pop("OWNER_KEY")
    machines = {name: machine(name, devnet) for name in ("arm-1", "arm-2")}
    with fleet(release, machines, owner, peaq_onboard_wei_per_machine=6 * 10**23) as it:
        played = it.play()
        assert played.code == 2, played.said
        rows = report_of(it)
        for host in machines:
            assert rows[host]["state"] == "stopped"
            assert "2 machines need 1200000000000000000000000 wei" in rows[host]["reason"]
            assert not (it.state(host) / "keystore.json").exists()
        assert not played.leaks
        assert it.files_with_secrets() == []


def test_machines_that_cannot_be_onboarded_now_say_why(
    release: Release, devnet: dict[str, str]
) -> None:
    """A closed RPC endpoint, two machines with one passphrase, a machine that is switched off, and
    a cooldown that is longer than the role's patience.
    """
    owner = devnet.pop("OWNER_KEY")
    closed = {**devnet, "PEAQOS_RPC_URL": "http://127.0.0.1:9/rpc"}
    shared = "one passphrase for two machines"
    with Proxy(devnet["PEAQOS_RPC_URL"]) as busy:

        def limit(asked: Asked) -> Fate | None:
            if "eth_getTransactionCount" not in asked.methods:
                return None
            return status(429, forwarded=False, Retry_After="7200")

        busy.plan = limit
        machines = {
            "arm-1": machine("arm-1", closed, peaq_onboard_passphrase=shared),
            "arm-2": machine("arm-2", devnet, peaq_onboard_passphrase=shared),
            "arm-3": machine("arm-3", devnet),
            "arm-4": machine("arm-4", busy.environment(devnet)),
        }
        with fleet(release, machines, owner, peaq_onboard_pause=1) as it:
            it.set("arm-3", ansible_port=9)
            played = it.play()
            assert played.code == 2, played.said
            rows = report_of(it)
            told = {host: (row["state"], row["code"]) for host, row in rows.items()}
            assert told == {
                "arm-1": ("stopped", None),
                "arm-2": ("stopped", None),
                "arm-3": ("unreachable", None),
                "arm-4": ("waiting", "RPC_BUSY"),
            }, played.said
            assert "127.0.0.1:9" in rows["arm-1"]["reason"]
            assert "same passphrase" in rows["arm-2"]["reason"]
            assert "refused" in rows["arm-3"]["reason"]
            assert rows["arm-4"]["waiting_until"] in rows["arm-4"]["reason"]
            for host in machines:
                assert played.recap(host)["failed"] == 1
                assert rows[host]["reason"] in played.said, "the reason is hidden"
            assert not played.leaks
            assert it.files_with_secrets() == []


def test_the_example_inventory_has_every_machine_in_the_example_vault(tmp_path: Path) -> None:
    control = tmp_path / "control"
    shutil.copytree(ROLE, control)
    group = control / "inventory" / "group_vars" / "peaq_machines"
    (group / "vault.yml.example").rename(group / "vault.yml")
    told = run(tool("ansible-inventory"), "-i", control / "inventory", "--list")
    hosts = json.loads(told)["_meta"]["hostvars"]
    assert len(hosts) > 1
    for name, variables in hosts.items():
        assert variables["vault_passphrases"][name]
        for needed in ("documentation_url", "data_api"):
            assert variables[f"peaq_onboard_{needed}"].startswith("https://")
    wheel = hosts["arm-7"]["peaq_onboard_wheel"]
    assert wheel.endswith(f"/dist/peaq_onboard-{installed_version()}-py3-none-any.whl")


def test_the_endpoints_of_the_budget_check_are_those_of_the_program() -> None:
    variables = (ROLE / "roles" / "peaq_onboard" / "vars" / "main.yml").read_text()
    for network in (MAINNET, AGUNG):
        assert f"  {network.name}: {network.rpc_url}\n" in variables


def test_the_role_passes_the_linter() -> None:
    run(tool("ansible-lint"), "--offline", "--strict", ROLE)
