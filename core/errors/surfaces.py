"""Words of a remedy that depend on where it appears: available keys, and how to retry."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Surface:
    """One value for each placeholder of a remedy. The defaults name no key, so they always fit."""

    retry: str = "try again"
    settings: str = "edit the environment or .env"
    fund: str = "fund the wallet another way (--fund)"
    enter_code: str = "enter the next code from your authenticator app"
    scan_qr: str = "scan the newest QR code"
    unlock: str = "give the passphrase of the keystore"

    def words(self) -> dict[str, str]:
        """Return the words by placeholder: `retry`, and `Retry` to open a sentence."""
        words = asdict(self)
        return words | {
            name.capitalize(): text[:1].upper() + text[1:] for name, text in words.items()
        }


NEUTRAL = Surface()
"""`status --json`, the documents, and every use that names no surface."""

PLAIN = Surface(
    retry="press Enter to try again",
    enter_code="type the next code from your authenticator app and press Enter",
    unlock="type the passphrase of the keystore",
)
"""The line-by-line wizard while it asks questions."""

SCREEN = Surface(
    retry=PLAIN.retry,
    settings="press F2, or edit the environment or .env",
    fund="press F3 to fund the wallet another way",
    enter_code=PLAIN.enter_code,
    scan_qr="press Esc and scan the newest QR code",
    unlock=PLAIN.unlock,
)
"""The full screen."""

COMMAND = Surface(
    retry="start the wizard again",
    enter_code="start the wizard again and enter the next code from your authenticator app",
    unlock="put the passphrase of the keystore on the first line of --passphrase-file",
)
"""Runs that print a message and exit: --no-input and the commands."""

DOCTOR = Surface(retry="run doctor again", fund="plan to fund the machine by hand")
"""`doctor`, which may run before any onboarding."""
