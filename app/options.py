"""The options of one start: parsed and resolved once, then frozen."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from app.answers import Answers, read_answers
from app.rehearsal.faults import Fault
from core.amounts import exact_peaq

_ENV_FILE = Path(".env")


@dataclass(frozen=True)
class Options:
    """The options from the command line. Facts discovered during a run are passed separately."""

    command: str | None = None
    """None for the wizard itself."""
    network: str | None = None
    """The network's name, or None if the command line leaves it to the variables."""
    env_file: Path = _ENV_FILE
    env_file_named: bool = False
    """Whether the command line names the file, which then has to exist."""
    state_dir: Path | None = None
    """None for the network's own state directory, or a temporary one in a rehearsal."""
    protocol: str | None = None
    """`guide` or `activation`; None leaves it to the variables and the journal."""
    rehearse: bool = False
    faults: tuple[Fault, ...] = ()
    """Faults that the rehearsal network simulates."""
    block_time: float = 0.0
    """Seconds between blocks of the rehearsal network; 0: a block for each transaction."""
    single_transaction: bool = False
    accept_contracts: bool = False
    """Consent to contracts on mainnet that are not the network's own."""
    plain: bool = False
    """Line by line: requested, or because the terminal cannot show a full screen."""
    needs_terminal: bool = True
    """Whether a person has to type: neither --plain nor --no-input was given."""
    answers: Answers = field(default_factory=Answers)
    """The presets."""
    json: bool = False
    """status, doctor, receipt: for programs."""
    verify: bool = False
    """receipt: compare it with the network."""
    step: str = ""
    """explain: number or name of the step."""
    backup_to: str = ""
    """backup: the path of the copy, or `-` for stdout."""
    shell: str = ""
    """completion: bash, zsh or fish."""
    port: int = 0
    """devnet: 0 for any free port."""


def options_from(parsed: argparse.Namespace) -> Options:
    """Resolve everything that depends on the parsed command line, the terminal and TERM."""
    lines = parsed.plain or parsed.no_input  # a full screen is interactive by nature
    return Options(
        command=parsed.command,
        network="rehearsal" if parsed.rehearse else parsed.network,
        env_file=_ENV_FILE if parsed.env_file is None else parsed.env_file,
        env_file_named=parsed.env_file is not None,
        state_dir=parsed.state_dir,
        protocol=parsed.protocol,
        rehearse=parsed.rehearse,
        faults=tuple(parsed.fault),
        block_time=parsed.block_time,
        single_transaction=parsed.single_transaction,
        accept_contracts=parsed.accept_contracts,
        plain=lines or not _shows_screens(),
        needs_terminal=not lines,
        answers=read_answers(parsed),
        # Only the parser of one command sets each of these.
        json=getattr(parsed, "json", False),
        verify=getattr(parsed, "verify", False),
        step=getattr(parsed, "step", ""),
        shell=getattr(parsed, "shell", ""),
        backup_to=getattr(parsed, "to", ""),
        port=getattr(parsed, "port", 0),
    )


def _shows_screens() -> bool:
    """Return whether the output can show a full screen. If not, the wizard switches to
    plain mode.
    """
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def resume_words(options: Options, state_dir: Path | None) -> list[str]:
    """Return the arguments that resume this onboarding in the same way, with the same presets.

    `state_dir` is the directory in use if it is not the network's own. Omits a rehearsal's faults,
    which apply to one start, and a passphrase from a descriptor, which is gone.
    """
    answers = options.answers
    file = answers.passphrase_file
    values: list[tuple[str, object]] = [
        ("--network", None if options.rehearse else options.network),
        ("--protocol", options.protocol),
        ("--env-file", options.env_file if options.env_file != _ENV_FILE else None),
        ("--state-dir", state_dir),
        ("--block-time", f"{options.block_time:g}" if options.block_time else None),
        ("--key", answers.key),
        ("--passphrase-file", None if file and _is_descriptor(file) else file),
        ("--backup", answers.backup),
        ("--documentation-url", answers.documentation_url),
        ("--data-api", answers.data_api),
        ("--data-visibility", answers.data_visibility),
        ("--fund", answers.fund),
        ("--tier", answers.tier),
        ("--machine-type", answers.machine_type),
        ("--subject", answers.subject),
        ("--manufacturer", answers.manufacturer),
        ("--controller", answers.controller),
        ("--code-command", answers.code_command),
        ("--accept-bond", None if answers.accept_bond is None else exact_peaq(answers.accept_bond)),
        ("--wait", None if answers.wait == Answers.wait else f"{answers.wait:.0f}s"),
    ]
    flags = [
        ("--single-transaction", options.single_transaction),
        ("--revoke-allowance", answers.revoke_allowance),
        ("--yes", answers.yes),
        ("--accept-contracts", options.accept_contracts),
        ("--no-input", answers.no_input),
        ("--plain", not options.needs_terminal and not answers.no_input),
        ("--no-qr", not answers.qr),
    ]
    return [
        *(["--rehearse"] if options.rehearse else []),
        *(word for name, value in values if value is not None for word in (name, str(value))),
        *(name for name, given in flags if given),
    ]


def _is_descriptor(path: Path) -> bool:
    return path.is_relative_to("/dev/fd") or path.is_relative_to("/proc/self/fd")
