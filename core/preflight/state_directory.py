"""Check the journal and keystore that an earlier start left in the state directory."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path

from core.clock import readable, stamp_of
from core.config.settings import Settings
from core.errors.problem import OnboardingError, fault, problem
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold
from core.journal.state import State
from core.keys import keystore
from core.preflight.check import CheckResult, of_problem, passed, warning
from core.session import check_belongs

_RENEW_WITHIN = 7
"""Days before the end of the paid period at which doctor warns. A period lasts a month."""


def check_journal(folder: Path, settings: Settings) -> tuple[CheckResult, State | None]:
    """Return the result, and the journal's state unless it cannot be continued here."""
    state = None
    try:
        records = read_records(folder / FILE_NAME)
        state = fold(records)
        check_belongs(state, settings)
    except OnboardingError as error:
        found, started = error.problem, state.started if state else None
        if started and started.network == "rehearsal" != settings.network.name:
            command = "peaq-onboard status --network rehearsal --state-dir "
            command += shlex.quote(str(folder))
            network = settings.network.name
            found = problem("JOURNAL_OF_REHEARSAL", network=network, command=command)
        return of_problem("journal", found), None
    if not records:
        return passed("journal", "none yet: no onboarding has begun in this directory"), state
    facts = ["intact", f"{len(records)} records"]
    if settings.network.name == "rehearsal":
        facts.append("of a rehearsal")
    if state.finished is not None:
        facts.append("this machine is onboarded")
    return passed("journal", ", ".join(facts)), state


def check_subscription(state: State, now: datetime) -> list[CheckResult]:
    """Return one result for an activated machine: the end of the period, as last read."""
    ends = state.activation.renew_before if state.activation else None
    if ends is None:
        return []
    left = (ends - now.timestamp()) / 86400
    text = f"paid until {readable(stamp_of(ends))}"
    if left > _RENEW_WITHIN:
        return [passed("subscription", text)]
    return [warning("subscription", text, "Renew it with `peaq-onboard renew`.")]


def check_keystore(folder: Path, state: State) -> list[CheckResult]:
    """Return one result if the journal records a key, else none."""
    if state.keypair is None:
        return []
    path, address = folder / keystore.FILE_NAME, state.address or ""
    try:
        keystore.check_kept(path, address, state.keypair.keystore_sha256)
    except OnboardingError as error:
        return [of_problem("keystore", error.problem)]
    except OSError as error:
        unreadable = fault("KEYSTORE_UNREADABLE", path=path, reason=error.strerror or error)
        return [of_problem("keystore", unreadable.problem)]
    return [passed("keystore", f"of {address}; verify-key tries its passphrase")]
