"""`peaq-onboard status`: where it stands, from the journal alone; no network, no change."""

from __future__ import annotations

import argparse
import json
from typing import Any

from app.run import read_settings, state_folder
from core.clock import SystemClock, stamp
from core.errors import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING
from core.fold import fold
from core.journal import FILE_NAME, read_records
from core.receipt import transaction_rows
from core.settings import Settings
from core.state import State, next_action, step_statuses


def run_status(options: argparse.Namespace) -> int:
    """Prints the status; 0 when onboarded, 75 when waiting, else 1."""
    clock = SystemClock()
    settings = read_settings(options)
    folder = state_folder(options, settings.network.name)
    state = fold(read_records(folder / FILE_NAME))
    status = build_status(state, settings, str(folder), clock)
    if options.json:
        print(json.dumps(status, indent=2))
    else:
        print("\n".join(_lines(status)))
    if status["finished"]:
        return EXIT_DONE
    return EXIT_WAITING if status["waiting_until"] else EXIT_STOPPED


def build_status(
    state: State, settings: Settings, folder: str, clock: SystemClock
) -> dict[str, Any]:
    now = clock.now()
    step = next_action(state).step
    failure = state.failure
    waiting = failure is not None and failure.problem.remaining(now).total_seconds() > 0
    until = failure.problem.until if failure and waiting else None
    started = state.started
    return {
        "network": started.network if started else settings.network.name,
        "chain_id": started.chain_id if started else settings.network.chain_id,
        "address": state.address,
        "finished": state.finished is not None,
        "step": {"number": step.value, "name": step.slug} if step else None,
        "steps": [
            {
                "number": entry.value,
                "name": entry.slug,
                "title": entry.info.title,
                "status": status.value,
                "since": stamp(state.since[entry]) if entry in state.since else None,
            }
            for entry, status in step_statuses(state, now).items()
        ],
        "waiting_until": stamp(until) if until else None,
        "error": {
            "code": failure.problem.code,
            "title": failure.problem.title,
            "remedy": failure.problem.remedy,
        }
        if failure
        else None,
        "machine_id": state.registered.machine_id if state.registered else None,
        "token_id": state.minted.token_id if state.minted else None,
        "transactions": transaction_rows(state, settings),
        "state_dir": folder,
    }


def _lines(status: dict[str, Any]) -> list[str]:
    lines = [
        f"network  {status['network']}, chain {status['chain_id']}",
        f"machine  {status['address'] or 'no key yet'}",
        f"files    {status['state_dir']}",
        "",
    ]
    lines += [f"  {s['number']} {s['title']:<22} {s['status']}" for s in status["steps"]]
    lines.append("")
    if status["finished"]:
        lines.append(f"Onboarded: machine {status['machine_id']}, NFT {status['token_id']}.")
    elif status["error"]:
        lines.append(status["error"]["title"])
        if status["waiting_until"]:
            lines.append(f"Again from {status['waiting_until']} on.")
        lines.append(status["error"]["remedy"])
    for row in status["transactions"]:
        lines.append(f"  {row['purpose']:<9} {row['status']:<10} {row['hash']}")
    return lines
