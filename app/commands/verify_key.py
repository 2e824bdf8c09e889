"""`peaq-onboard verify-key`: check that the passphrase opens the keystore. Changes nothing."""

from __future__ import annotations

import sys

from app.configuration import read_settings, state_folder
from app.options import Options
from app.passphrase import read_passphrase
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_STOPPED, exit_code
from core.errors.problem import OnboardingError
from core.errors.surfaces import COMMAND, PLAIN
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold


def run_verify_key(options: Options) -> int:
    """Return 0 if the keystore opens to the machine's address, else 1 (or 3 for a faulty file)."""
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    path, source = folder / "keystore.json", options.answers.passphrase_file
    if not path.exists():
        print(f"There is no keystore in {folder}.", file=sys.stderr)
        return EXIT_CONFIGURATION
    passphrase = read_passphrase(source)
    if passphrase is None:
        return EXIT_STOPPED
    from core.keys.keystore import open_file  # slow to import

    try:
        expected = fold(read_records(folder / FILE_NAME)).address
        stored = open_file(path, passphrase)
    except OnboardingError as error:
        found = error.problem
        remedy = found.remedy(COMMAND if source else PLAIN)
        lines = [found.cause, remedy]
        if str(path) not in found.cause:
            lines.insert(0, str(path))
        print("\n  ".join([found.title, *lines]), file=sys.stderr)
        return exit_code(found.kind)
    if expected is not None and expected != stored.key.address:
        print(
            (
                f"The passphrase opens the keystore of {stored.key.address}, but this machine is "
                f"{expected}."
            ),
            file=sys.stderr,
        )
        return EXIT_CONFIGURATION
    print(f"The passphrase opens the keystore of {stored.key.address}.")
    print(f"{path}\nsha256 {stored.sha256}")
    return EXIT_DONE
