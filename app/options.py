"""The options of one start: parsed and settled once, then frozen."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from app.answers import Answers, read_answers
from app.rehearsal.faults import Fault

_ENV_FILE = Path(".env")


@dataclass(frozen=True)
class Options:
    """What the command line asks for. What a run finds out later is passed on beside it."""

    command: str | None = None
    """None for the wizard itself."""
    network: str | None = None
    """Its name, or None if the command line leaves it to the variables."""
    env_file: Path = _ENV_FILE
    env_file_named: bool = False
    """Whether the command line names the file, which then has to exist."""
    state_dir: Path | None = None
    """None for the network's own state directory, or a temporary one in a rehearsal."""
    rehearse: bool = False
    faults: tuple[Fault, ...] = ()
    """Faults that the rehearsal network plays."""
    block_time: float = 0.0
    """Seconds between blocks of the rehearsal network; 0: a block for each transaction."""
    single_transaction: bool = False
    accept_contracts: bool = False
    """Consent on mainnet to contracts that are not the network's own."""
    plain: bool = False
    """Line by line, because it was asked for or because no full screen can be shown."""
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
    """Settle everything that the parsed command line, the terminal and TERM decide."""
    lines = parsed.plain or parsed.no_input  # a full screen asks by nature
    return Options(
        command=parsed.command,
        network="rehearsal" if parsed.rehearse else parsed.network,
        env_file=_ENV_FILE if parsed.env_file is None else parsed.env_file,
        env_file_named=parsed.env_file is not None,
        state_dir=parsed.state_dir,
        rehearse=parsed.rehearse,
        faults=tuple(parsed.fault),
        block_time=parsed.block_time,
        single_transaction=parsed.single_transaction,
        accept_contracts=parsed.accept_contracts,
        plain=lines or not _shows_screens(),
        needs_terminal=not lines,
        answers=read_answers(parsed),
        # Only the parser of its command sets each of these.
        json=getattr(parsed, "json", False),
        verify=getattr(parsed, "verify", False),
        step=getattr(parsed, "step", ""),
        shell=getattr(parsed, "shell", ""),
        backup_to=getattr(parsed, "to", ""),
        port=getattr(parsed, "port", 0),
    )


def _shows_screens() -> bool:
    """Whether the output can show a full screen. If not, the wizard is plain without being told."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def same_machine(options: Options, state_dir: Path | None) -> list[str]:
    """Return the arguments that lead a later start to the same machine."""
    words = []
    if options.rehearse:
        words.append("--rehearse")
    elif options.network:
        words += ["--network", options.network]
    if options.env_file != _ENV_FILE:
        words += ["--env-file", str(options.env_file)]
    if state_dir is not None:
        words += ["--state-dir", str(state_dir)]
    return words
