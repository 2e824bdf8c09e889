"""Answers given ahead on the command line; what is missing is asked, or named."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.amounts import parse_peaq
from core.secrets import Secret

_CODE_SECONDS = 60.0
_OUTPUT_LIMIT = 200


class MissingAnswer(Exception):
    """`--no-input` was given, and this answer is not there."""


class AnswerError(Exception):
    """An answer that was given ahead cannot be used; says why."""


@dataclass(frozen=True)
class Answers:
    key: str | None = None
    """`generate`, `environment`, or the path of a file with a key."""
    passphrase_file: Path | None = None
    backup: str | None = None
    documentation_url: str | None = None
    data_api: str | None = None
    data_visibility: str | None = None
    fund: str | None = None
    code_command: str | None = None
    yes: bool = False
    accept_bond: int | None = None
    """Wei."""
    no_input: bool = False
    qr: bool = True

    def passphrase(self) -> Secret | None:
        """The first line of the file, or None where none was named. Raises AnswerError."""
        if self.passphrase_file is None:
            return None
        try:
            with self.passphrase_file.expanduser().open(encoding="utf-8") as file:
                return Secret(file.readline(8192).rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            raise AnswerError(f"--passphrase-file cannot be read: {error}") from None

    def code(self, otpauth_uri: Secret | None = None) -> str | None:
        """What the code command prints, or None where there is none. Runs a command.

        At enrolment the otpauth URI is written to its stdin, so that it can keep the secret.
        Raises AnswerError.
        """
        if self.code_command is None:
            return None
        # The environment of the wizard may hold the owner's key: it is not handed on.
        environ = {name: v for name, v in os.environ.items() if name != "PEAQOS_PRIVATE_KEY"}
        try:
            done = subprocess.run(
                shlex.split(self.code_command),
                input=otpauth_uri.reveal() + "\n" if otpauth_uri else "",
                capture_output=True,
                text=True,
                timeout=_CODE_SECONDS,
                env=environ,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise AnswerError(f"--code-command failed: {type(error).__name__}") from None
        if done.returncode != 0:
            raise AnswerError(f"--code-command ended with exit code {done.returncode}")
        return done.stdout[:_OUTPUT_LIMIT].strip()


def _amount(text: str) -> int:
    try:
        return parse_peaq(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("answers given ahead (what is missing is asked)")
    group.add_argument("--key", metavar="generate|environment|PATH")
    group.add_argument("--passphrase-file", type=Path, metavar="PATH", help="one line")
    group.add_argument("--backup", choices=("copied", "none"), help="how the key is backed up")
    group.add_argument("--documentation-url", metavar="URL")
    group.add_argument("--data-api", metavar="URL")
    group.add_argument("--data-visibility", choices=("public", "private", "onchain"))
    group.add_argument("--fund", choices=("gas-station", "owner", "manual"))
    group.add_argument(
        "--code-command",
        metavar="CMD",
        help="prints a TOTP code; at enrolment the otpauth URI is written to its stdin",
    )
    group.add_argument("--yes", action="store_true", help="consents, but not to real money")
    group.add_argument(
        "--accept-bond",
        type=_amount,
        metavar="PEAQ",
        help="consents on mainnet, for at most this bond",
    )
    group.add_argument(
        "--no-input", action="store_true", help="asks nothing: names what is missing and exits 1"
    )
    parser.add_argument(
        "--plain", action="store_true", help="line by line: serial consoles, screen readers, pipes"
    )
    parser.add_argument("--no-qr", action="store_true", help="no QR code as text blocks")


def read_answers(options: argparse.Namespace) -> Answers:
    return Answers(
        key=options.key,
        passphrase_file=options.passphrase_file,
        backup=options.backup,
        documentation_url=options.documentation_url,
        data_api=options.data_api,
        data_visibility=options.data_visibility,
        fund=options.fund,
        code_command=options.code_command,
        yes=options.yes,
        accept_bond=options.accept_bond,
        no_input=options.no_input,
        qr=not options.no_qr,
    )
