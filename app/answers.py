"""Presets: answers from the command line. The wizard asks for the others, or names them."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path

from app.code_command import CodeCommand
from core.amounts import parse_peaq
from core.errors.problem import OnboardingError, fault
from core.secrets import Secret
from core.storage.file_trust import UntrustedFile, refuse_exposed

_DURATION = re.compile(r"0|(?=[0-9])(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?")
_PASSPHRASE_LIMIT = 8192
"""Characters."""


class MissingAnswer(Exception):
    """`--no-input` was given, and this answer is not there."""


class _Read:
    """The passphrase file once it was read: a descriptor gives what it has only once."""

    def __init__(self) -> None:
        self.done = False
        self.passphrase: Secret | None = None
        self.unsaid: OnboardingError | None = None
        """Why there is no passphrase, until the user has been told."""


@dataclass(frozen=True)
class Answers:
    """What `screens.protocols.Presets` asks for, and more for the plain driver."""

    key: str | None = None
    """`generate`, `environment`, or the path of a file with a key."""
    passphrase_file: Path | None = None
    backup: str | None = None
    documentation_url: str | None = None
    data_api: str | None = None
    data_visibility: str | None = None
    tier: str | None = None
    """Of an activation: its number or its name."""
    machine_type: str | None = None
    subject: str | None = None
    manufacturer: str | None = None
    controller: str | None = None
    revoke_allowance: bool = False
    fund: str | None = None
    code_command: str | None = None
    yes: bool = False
    accept_bond: int | None = None
    """Wei."""
    no_input: bool = False
    wait: float = 600.0
    """Seconds for which a run retries by itself after a fault."""
    qr: bool = True
    _read: _Read = field(default_factory=_Read, init=False, repr=False, compare=False)
    _command: CodeCommand = field(
        default_factory=CodeCommand, init=False, repr=False, compare=False
    )

    def read_passphrase(self) -> None:
        """Reads the file of the passphrase, once, now. What is wrong with it is said later."""
        if self.passphrase_file is None or self._read.done:
            return
        self._read.done = True
        try:
            passphrase = read_passphrase_file(self.passphrase_file.expanduser())
            self._read.passphrase = passphrase or None
        except UntrustedFile as error:
            self._read.unsaid = unsafe_passphrase_file(self.passphrase_file, error)
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it is not a text file"
            self._read.unsaid = _unusable(f"--passphrase-file cannot be read: {reason}.")
        else:
            if self._read.passphrase is None:
                self._read.unsaid = _unusable("The first line of --passphrase-file is empty.")

    def passphrase(self) -> Secret | None:
        """The first line of the file, or None where none was named or it is of no use.

        Raises OnboardingError (ANSWER_UNUSABLE, PASSPHRASE_FILE_UNSAFE), once: from then on it is
        None.
        """
        self.read_passphrase()
        unsaid, self._read.unsaid = self._read.unsaid, None
        if unsaid is not None:
            raise unsaid
        return self._read.passphrase

    def refuse_passphrase(self) -> None:
        """The passphrase of the file does not open the keystore: it is not tried again."""
        self._read.passphrase = None

    def code(self, otpauth_uri: Secret | None = None) -> str | None:
        """What the code command prints, or None where there is none. Runs a command.

        At enrolment the otpauth URI is written to its stdin, so that it can keep the secret.
        Raises OnboardingError (ANSWER_UNUSABLE).
        """
        if self.code_command is None:
            return None
        printed = self._command.run(self.code_command, otpauth_uri)
        if not printed and not otpauth_uri:
            raise _unusable("--code-command printed no code.")
        return printed

    def stop_code(self) -> None:
        """Kill the code command, if it is running."""
        self._command.stop()


def read_passphrase_file(path: Path) -> Secret:
    """Return the first line of the file or pipe at `path`.

    Raises UntrustedFile where other users can read it, OSError, UnicodeDecodeError.
    """
    with path.open(encoding="utf-8") as file:
        refuse_exposed(file.fileno(), path)
        return Secret(file.readline(_PASSPHRASE_LIMIT).rstrip("\r\n"))


def unsafe_passphrase_file(path: Path, found: UntrustedFile) -> OnboardingError:
    """The refusal of a passphrase file that other users can read, with the command to close it."""
    reason, command = found.reason, found.command
    return fault("PASSPHRASE_FILE_UNSAFE", path=path, reason=reason, command=command)


def _unusable(reason: str) -> OnboardingError:
    return fault("ANSWER_UNUSABLE", reason=reason)


def peaq_amount(text: str) -> int:
    try:
        return parse_peaq(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration. Use a form such as 90s, 15m, 2h or 0"
        )
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float((hours * 60 + minutes) * 60 + seconds)


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "presets (answers to questions; filled in on the full screen)"
    )
    group.add_argument(
        "--key",
        metavar="generate|keep|environment|PATH",
        help=(
            "a new key, the existing keystore, the key in PEAQOS_PRIVATE_KEY, or a file "
            "(keystore V3 or hex)"
        ),
    )
    group.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="PATH",
        help=(
            "file with the passphrase on its first line, read once (/dev/fd/3 works); other "
            "users must not be able to read it (chmod 600); for a new key, fewer than 12 "
            "characters need typed consent on mainnet and print a warning elsewhere"
        ),
    )
    group.add_argument("--backup", choices=("copied", "none"), help="how you back up the key")
    group.add_argument(
        "--documentation-url", metavar="URL", help="URL of the machine's documentation"
    )
    group.add_argument("--data-api", metavar="URL", help="URL of the machine's data")
    group.add_argument(
        "--data-visibility", choices=("public", "private", "onchain"), help="who may read the data"
    )
    group.add_argument(
        "--fund",
        choices=("gas-station", "owner", "manual"),
        help="who pays bond and fees; owner means the wallet of PEAQOS_PRIVATE_KEY",
    )
    group.add_argument(
        "--code-command",
        metavar="CMD",
        help=(
            "command that prints a TOTP code; when 2FA is set up, it receives the otpauth URI "
            "on stdin"
        ),
    )
    group.add_argument(
        "--tier", metavar="N", help="activation: the tier, 0 (Entry), 1 (Basic) or 2 (Pro)"
    )
    group.add_argument(
        "--machine-type", metavar="TEXT", help="activation: the machine's type; it is permanent"
    )
    group.add_argument(
        "--subject",
        metavar="0xHEX",
        help="activation: the credential subject, 16 bytes or more; default: 32 random bytes",
    )
    group.add_argument(
        "--manufacturer", metavar="ADDRESS", help="activation: the manufacturer's address"
    )
    group.add_argument(
        "--controller",
        metavar="ADDRESS",
        help="activation: the address that controls the DID; default: the machine's own",
    )
    group.add_argument(
        "--revoke-allowance",
        action="store_true",
        help="activation: set an allowance that is left back to 0, for a fee",
    )
    group.add_argument(
        "--yes", action="store_true", help="answer yes to consent questions, except with real money"
    )
    group.add_argument(
        "--accept-bond",
        type=peaq_amount,
        metavar="PEAQ",
        help="on mainnet, consent to a bond of at most this amount (activation: after vouchers)",
    )
    group.add_argument(
        "--accept-contracts",
        action="store_true",
        help="on mainnet, consent to contracts that are not the network's own",
    )
    group.add_argument(
        "--no-input",
        action="store_true",
        help="never ask: list all missing or unusable answers and exit with 1",
    )
    group.add_argument(
        "--wait",
        type=_duration,
        default=600.0,
        metavar="DURATION",
        help=(
            "plain mode: how long to keep retrying after an error before exiting with 75, such"
            " as 90s, 15m or 2h; 0 exits at once; default 10m"
        ),
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help=("plain mode, line by line: for serial consoles, screen readers and pipes"),
    )
    parser.add_argument("--no-qr", action="store_true", help="do not draw QR codes as text")


def read_answers(parsed: argparse.Namespace) -> Answers:
    return Answers(
        key=parsed.key,
        passphrase_file=parsed.passphrase_file,
        backup=parsed.backup,
        documentation_url=parsed.documentation_url,
        data_api=parsed.data_api,
        data_visibility=parsed.data_visibility,
        tier=parsed.tier,
        machine_type=parsed.machine_type,
        subject=parsed.subject,
        manufacturer=parsed.manufacturer,
        controller=parsed.controller,
        revoke_allowance=parsed.revoke_allowance,
        fund=parsed.fund,
        code_command=parsed.code_command,
        yes=parsed.yes,
        accept_bond=parsed.accept_bond,
        no_input=parsed.no_input,
        wait=parsed.wait,
        qr=not parsed.no_qr,
    )
