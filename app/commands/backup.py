"""`peaq-onboard backup --to PATH`: a verified copy of the keystore, recorded as the backup."""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from app.commands.receipt import keep_receipt
from app.configuration import read_settings, state_folder, with_recorded_protocol
from app.options import Options
from app.passphrase import read_passphrase
from app.say import say_problem
from core.clock import SystemClock
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED
from core.errors.problem import OnboardingError, fault
from core.errors.surfaces import COMMAND, PLAIN
from core.journal import events as ev
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold
from core.session import Session, open_session

PIPE = "-"
"""`--to -`: stdout."""


def run_backup(options: Options) -> int:
    """Copy the keystore, verify the copy and record it; return the exit code.

    Raises OnboardingError: KEYPAIR_NOT_RECORDED, BACKUP_FAILED, KEYSTORE_…, STATE_FOLDER_LOCKED
    while a wizard runs, DISK_FULL.
    """
    target = _target(options.backup_to)
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    settings = with_recorded_protocol(settings, folder)
    if fold(read_records(folder / FILE_NAME)).keypair is None:  # before a directory is created
        raise fault("KEYPAIR_NOT_RECORDED", path=folder)
    with closing(open_session(folder, settings, SystemClock())) as session:
        for warning in session.warnings:
            print(warning, file=sys.stderr)
        try:
            return _back_up(session, target, options.answers.passphrase_file)
        except OnboardingError as error:
            typed = options.answers.passphrase_file is None
            return say_problem(error, PLAIN if typed else COMMAND)


def _target(to: str) -> Path | None:
    """Return the path of the copy, or None for stdout."""
    if to == PIPE:
        if sys.stdout.isatty():
            reason = "it is a terminal; add a pipe or a file, such as `> keystore.json`"
            raise fault("BACKUP_FAILED", path="stdout", reason=reason)
        return None
    try:
        return Path(to).expanduser().absolute()
    except RuntimeError as error:
        raise fault("BACKUP_FAILED", path=to, reason=error) from error


def _back_up(session: Session, target: Path | None, passphrase_file: Path | None) -> int:
    from core.keys.backup import copy_keystore, is_copied  # slow to import
    from core.keys.keystore import FILE_NAME as KEYSTORE
    from core.keys.keystore import open_content, read_keystore

    path = session.folder / KEYSTORE
    expected = session.store.state.address
    if not path.exists():
        raise fault("KEYSTORE_MISSING", path=path, address=expected)
    content = read_keystore(path)
    copied = target is not None and is_copied(path, content, target)  # before the user has to type
    passphrase = read_passphrase(passphrase_file)
    if passphrase is None:
        return EXIT_STOPPED
    stored = open_content(content, path, passphrase)
    if stored.key.address != expected:
        raise fault("KEYSTORE_OTHER_ADDRESS", found=stored.key.address, expected=expected)
    # The copy has the same bytes, so the same passphrase opens it.
    if target is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    elif not copied:
        copy_keystore(content, target)
    _report(stored.key.address, stored.sha256, path, target)
    if target is not None:
        _record(session)
    return EXIT_DONE


def _report(address: str, sha256: str, keystore: Path, target: Path | None) -> None:
    if target is None:
        print(
            f"Wrote the keystore of {address}.\nsha256 {sha256}\n"
            "No backup is recorded, because a pipe cannot be read back. Compare the sha256 of the\n"
            "copy, then answer the wizard's question about the backup, or give it --backup copied.",
            file=sys.stderr,
        )
        return
    print(f"Backed up the keystore of {address}.\n{target}\nsha256 {sha256}")
    there = target.stat()
    if there.st_mode & 0o077:
        print(
            "Other users of this machine can read the copy: its file system may have no modes. "
            "It is encrypted with the passphrase.",
            file=sys.stderr,
        )
    if there.st_dev == keystore.stat().st_dev:
        print("It is on the same file system as the keystore: move it elsewhere.", file=sys.stderr)


def _record(session: Session) -> None:
    """Record the backup once, and keep the receipt in agreement with the journal."""
    store = session.store
    if store.state.backup != "copied":
        asyncio.run(store.record(ev.KeypairBackedUp("copied")))
    if store.state.finished:
        from core.protocols.receipt import machine_facts
        from core.receipt.document import receipt_of

        keep_receipt(session.folder, receipt_of(store.records, session.folder, machine_facts))
