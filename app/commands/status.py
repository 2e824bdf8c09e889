"""`peaq-onboard status`: progress according to the journal. Uses no network, changes nothing."""

from __future__ import annotations

import textwrap
from typing import Any

from app.configuration import read_settings, state_folder
from app.json_output import print_document
from app.options import Options
from core.amounts import format_peaq
from core.chain.did import peaq_id
from core.clock import SystemClock, readable, stamp, stamp_of
from core.config.settings import Settings
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING
from core.errors.surfaces import COMMAND
from core.journal.file import FILE_NAME, read_records
from core.journal.next_action import next_action, step_statuses
from core.journal.reducer import fold
from core.journal.state import State
from core.receipt.document import network_of, transaction_rows
from core.step import Step

SCHEMA_VERSION = 1
_WAITS = {
    "transaction": "A transaction is pending. Start the wizard again to continue watching it.",
    "payment": "A payment is pending. Start the wizard again to continue watching for it.",
}


def run_status(options: Options) -> int:
    """Print the status; return 0 if onboarded, 75 if waiting is enough, else 1."""
    clock = SystemClock()
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    state = fold(read_records(folder / FILE_NAME))
    status = build_status(state, settings, str(folder), clock)
    if options.json:
        print_document(status)
    else:
        remedy = state.failure.problem.remedy(COMMAND) if state.failure else ""
        print("\n".join(_lines(status, remedy, network_of(state).token)))
    if status["finished"]:
        return EXIT_DONE
    # A pending transaction gets included by itself, but only the wizard records that and continues.
    by_time = status["waiting_for"] in ("cooldown", "payment")
    return EXIT_WAITING if by_time else EXIT_STOPPED


def build_status(
    state: State, settings: Settings, folder: str, clock: SystemClock
) -> dict[str, Any]:
    """Return the status as JSON-ready data (docs/status.schema.json); wei are decimal strings."""
    now = clock.now()
    step = next_action(state).step
    failure = state.failure
    cooldown = failure is not None and failure.problem.remaining(now).total_seconds() > 0
    until = failure.problem.until if failure and cooldown else None
    started = state.started
    return {
        "schema_version": SCHEMA_VERSION,
        "network": started.network if started else settings.network.name,
        "chain_id": started.chain_id if started else settings.network.chain_id,
        "address": state.address,
        "peaq_id": _peaq_id(state),
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
        "waiting_for": _waiting_for(state, cooldown=cooldown),
        "waiting_until": stamp(until) if until else None,
        "error": {
            "code": failure.problem.code,
            "title": failure.problem.title,
            "cause": failure.problem.cause,
            "remedy": failure.problem.remedy(),
            "at": stamp(failure.at),
        }
        if failure
        else None,
        "funding": {
            "way": state.funded.way if state.funded else state.way,
            "needed_wei": str(state.need.total) if state.need else None,
            "held_wei": str(state.held) if state.held is not None else None,
        },
        "backup": state.backup,
        **_machine(state),
        "token_id": state.minted.token_id if state.minted else None,
        "transactions": transaction_rows(state),
        "state_dir": folder,
    }


def _peaq_id(state: State) -> str | None:
    """Return the peaqID as soon as it is certain: an activation's follows from the machine id."""
    if state.activation is None:
        return peaq_id(state.address) if state.address else None
    identity = state.activation.identity
    return f"did:peaq:{identity.machine_id}" if identity and state.activation.fixed else None


def _machine(state: State) -> dict[str, Any]:
    """Return the machine's number; of an activation as a decimal string, with the end of the paid
    period.
    """
    if state.activation is None:
        return {"machine_id": state.machine_id}
    ends = state.activation.renew_before
    return {
        "protocol": "activation",
        "machine_id": None if state.machine_id is None else str(state.machine_id),
        "renew_before": None if ends is None else stamp_of(ends),
    }


def _waiting_for(state: State, *, cooldown: bool) -> str | None:
    """Return what is pending without user action; None if the user has to act."""
    if state.finished:
        return None
    if cooldown:
        return "cooldown"
    if state.open_transactions:
        return "transaction"
    pending_payment = state.pending_payment
    if (
        pending_payment is not None
        and state.funded is None
        and not pending_payment.arrived(state.held)
    ):
        return "payment"
    return None


def _lines(status: dict[str, Any], remedy: str, token: str) -> list[str]:
    lines = [
        f"network  {status['network']}, chain {status['chain_id']}",
        f"machine  {status['address'] or 'no key yet'}",
        f"files    {status['state_dir']}",
        f"backup   {status['backup'] or 'not stated'}",
        "",
    ]
    lines += [f"  {s['number']} {s['title']:<22} {s['status']}" for s in status["steps"]]
    lines.append("")
    if status["finished"]:
        nft = f", NFT {status['token_id']}" if status["token_id"] is not None else ""
        lines.append(f"Onboarded: machine {status['machine_id']}{nft}.")
    elif status["error"]:
        error = status["error"]
        lines += [f"{error['title']} ({error['code']})", *_wrapped(error["cause"])]
        if status["waiting_until"]:
            lines.append(f"Try again at {status['waiting_until']}.")
        lines += _wrapped(remedy)
    if status["waiting_for"] in _WAITS:
        lines.append(_WAITS[status["waiting_for"]])
    if status["step"] and status["step"]["name"] == Step.FUNDING.slug:
        needed, held = (int(status["funding"][name] or 0) for name in ("needed_wei", "held_wei"))
        lines.append(
            f"required {format_peaq(needed, up=True)} {token}, "
            f"balance {format_peaq(held)} when last read"
        )
    if status.get("renew_before"):
        lines.append(f"Renew before {readable(status['renew_before'])}: peaq-onboard renew")
    for row in status["transactions"]:
        where = f"block {row['block']}" if row["block"] else ""
        lines += [f"  {row['purpose']:<9} {row['status']:<10} {where}", f"    {row['hash']}"]
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False)
