"""What an earlier start left in the state folder: the journal, and the key that it speaks of."""

from __future__ import annotations

from pathlib import Path

from core.config.settings import Settings
from core.errors.problem import OnboardingError, fault
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold
from core.journal.state import State
from core.keys import keystore
from core.preflight.finding import Finding, green, of_problem
from core.session import check_belongs


def look(folder: Path, settings: Settings) -> list[Finding]:
    """One line for the journal, one for the keystore where the journal has a key."""
    key, title = "journal", "Journal"
    try:
        records = read_records(folder / FILE_NAME)
        state = fold(records)
        check_belongs(state, settings)
    except OnboardingError as error:
        return [of_problem(key, title, error.problem, network=False)]
    if not records:
        return [green(key, title, "none yet: no onboarding was begun in this folder")]
    found = [green(key, title, f"whole, {len(records)} records")]
    if state.keypair is not None:
        found.append(_keystore(folder / keystore.FILE_NAME, state))
    return found


def _keystore(path: Path, state: State) -> Finding:
    key, title, expected = "keystore", "Keystore", state.address or ""
    sha256 = state.keypair.keystore_sha256 if state.keypair else ""
    try:
        keystore.check_kept(path, expected, sha256)
    except OnboardingError as error:
        return of_problem(key, title, error.problem, network=False)
    except OSError as error:
        unreadable = fault("KEYSTORE_UNREADABLE", path=path, reason=error.strerror or error)
        return of_problem(key, title, unreadable.problem, network=False)
    return green(key, title, f"of {expected}; verify-key tries its passphrase")
