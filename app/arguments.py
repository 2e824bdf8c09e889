"""The grammar of the command line: options, commands, their help and examples."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from app.answers import add_answer_options, peaq_amount
from app.json_output import asks_for_json, print_problem
from app.rehearsal.faults import FAULTS, Fault, parse_fault
from app.version import installed_version
from core.config.networks import find_network
from core.errors.exit_codes import EXIT_STOPPED
from core.errors.problem import problem

_EPILOG = """\
examples:
  peaq-onboard --rehearse          practise on the rehearsal network
  peaq-onboard                     onboard this machine, or resume
  peaq-onboard --network agung     use the testnet
  peaq-onboard doctor              run all checks
  peaq-onboard status              show progress

exit codes: 0 onboarded, 1 stopped before the end, 2 network, 3 configuration,
            4 another session owns the lock, 75 waiting (see status)

help on one command: peaq-onboard COMMAND --help
"""
_EXAMPLES = {
    "status": """\
examples:
  peaq-onboard status
  peaq-onboard status --network agung
  peaq-onboard status --json

exit codes: 0 onboarded, 75 waiting (time alone brings it on),
            3 settings or journal cannot be read, else 1
""",
    "verify-key": """\
examples:
  peaq-onboard verify-key
  peaq-onboard verify-key --passphrase-file pass.txt

exit codes: 0 the passphrase works, 1 it does not, 3 no usable keystore
""",
    "backup": """\
examples:
  peaq-onboard backup --to /media/stick/arm-7.json
  peaq-onboard backup --to arm-7.json --passphrase-file pass.txt
  peaq-onboard backup --to - | ssh HOST 'umask 077; cat > arm-7.json'

exit codes: 0 the copy is verified, 1 the passphrase does not open it,
            3 no key or no usable place, 4 a wizard is running
""",
    "renew": """\
examples:
  peaq-onboard renew
  peaq-onboard renew --accept-bond 0.4 --passphrase-file pass.txt --no-input

exit codes: 0 renewed or not due, 2 network, 3 configuration,
            4 a wizard is running, 75 waiting, else 1
""",
    "doctor": """\
examples:
  peaq-onboard doctor
  peaq-onboard doctor --network agung --json
  peaq-onboard doctor --code-command 'python authenticator.py secret-file'

exit codes: 0 no check failed, 2 network, 3 configuration
""",
    "receipt": """\
examples:
  peaq-onboard receipt
  peaq-onboard receipt | lp
  peaq-onboard receipt --verify

exit codes: 0 done, 1 no receipt yet, 2 the network disagrees or is silent,
            3 settings or journal cannot be read
""",
    "explain": """\
examples:
  peaq-onboard explain 5
  peaq-onboard explain funding
""",
    "completion": """\
examples:
  peaq-onboard completion bash
  peaq-onboard completion zsh
  peaq-onboard completion fish
""",
    "devnet": """\
examples:
  peaq-onboard devnet
  peaq-onboard devnet --block-time 6 --fault rate-limited:1
""",
}


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return seconds


def _network(text: str) -> str:
    try:
        return find_network(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _folder(text: str) -> Path:
    if not text:  # a variable of a script that is empty would mean the folder where it stands
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _fault_help() -> str:
    lines = ["faults (--fault NAME or NAME:TIMES, may be repeated):"]
    for name, what in FAULTS.items():
        first, *more = textwrap.wrap(what, 58)
        lines += [f"  {name:<19}{first}", *(f"{'':21}{line}" for line in more)]
    return "\n".join(lines)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as argparse does, but with the exit code that means bad input here.

    `faults`: its help ends with the list of them, which is only made for that. `json`: an error is
    printed as a JSON document too.
    """

    def __init__(
        self, *arguments: Any, faults: bool = False, json: bool = False, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._faults = faults
        self._json = json

    def format_help(self) -> str:
        return super().format_help() + (f"\n{_fault_help()}\n" if self._faults else "")

    def error(self, message: str) -> NoReturn:
        if self._json:
            print_problem(problem("ARGUMENTS_INVALID", reason=f"{self.prog}: {message}"))
        self.print_usage(sys.stderr)
        self.exit(EXIT_STOPPED, f"{self.prog}: {message}\n")


def _place(default: object) -> _Parser:
    """Return the options that say which machine is meant. `default`: None before a command; after
    it argparse.SUPPRESS, so that an option before the command is kept.
    """
    place = _Parser(add_help=False)
    place.add_argument(
        "--network",
        type=_network,
        metavar="NAME",
        default=default,
        help="mainnet (default), agung or rehearsal",
    )
    place.add_argument(
        "--protocol",
        choices=("guide", "activation"),
        default=default,
        help="guide (default): register for 1 PEAQ; activation: the flow that peaq introduced on "
        "2026-09-01, for mainnet",
    )
    place.add_argument(
        "--env-file",
        type=Path,
        metavar="PATH",
        default=default,
        help="read variables from this file instead of .env in the current folder",
    )
    place.add_argument(
        "--state-dir",
        type=_folder,
        metavar="DIR",
        default=default,
        help="the state directory, instead of the network's default",
    )
    return place


def _pretend_network(*, before: bool) -> _Parser:
    network = _Parser(add_help=False)
    network.add_argument(
        "--fault",
        type=_fault,
        action="append",
        metavar="NAME[:N]",
        default=[] if before else argparse.SUPPRESS,
        help="simulate a fault (see below); can be repeated",
    )
    network.add_argument(
        "--block-time",
        type=_seconds,
        metavar="S",
        default=0.0 if before else argparse.SUPPRESS,
        help="seconds between blocks of the rehearsal network; default 0: a block per transaction",
    )
    return network


def build_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The command line. Of the commands only those among `words` get their arguments, all without
    it: a start of the wizard does not wait for what the others take.
    """
    form, json = argparse.RawDescriptionHelpFormatter, asks_for_json(words or ())
    parser = _Parser(
        prog="peaq-onboard",
        description="Take one machine through peaqOS self-managed onboarding.",
        epilog=_EPILOG,
        faults=True,
        json=json,
        formatter_class=form,
        parents=[_place(None), _pretend_network(before=True)],
    )
    parser.add_argument("--version", action="version", version=installed_version())
    parser.add_argument(
        "--rehearse", action="store_true", help="use the built-in rehearsal network"
    )
    parser.add_argument(
        "--single-transaction",
        action="store_true",
        help="register, mint and write the DID in one transaction, if the network supports it",
    )
    add_answer_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (what, add_arguments) in _COMMANDS.items():
        wanted = words is None or name in words
        command = commands.add_parser(
            name,
            parents=_parents(name) if wanted else [],
            help=what,
            description=f"{what[0].upper()}{what[1:]}",
            epilog=_EXAMPLES[name],
            faults=name == "devnet",
            json=json,
            formatter_class=form,
        )
        if wanted:
            add_arguments(command)
    return parser


def _parents(name: str) -> list[_Parser]:
    if name == "completion":
        return []
    return [_pretend_network(before=False) if name == "devnet" else _place(argparse.SUPPRESS)]


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document, errors too")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--code-command",
        metavar="CMD",
        default=argparse.SUPPRESS,
        help="codes will come from this machine: a clock that is off by more than one fails",
    )
    _add_json(parser)


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verify", action="store_true", help="compare the receipt with the network"
    )
    _add_json(parser)


def _add_passphrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="PATH",
        default=argparse.SUPPRESS,
        help="a file with the passphrase on its first line",
    )


def _add_renew(parser: argparse.ArgumentParser) -> None:
    _add_passphrase(parser)
    parser.add_argument(
        "--accept-bond",
        type=peaq_amount,
        default=argparse.SUPPRESS,
        metavar="PEAQ",
        help="consent to a payment of at most this amount",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        default=argparse.SUPPRESS,
        help="answer yes to the question, except with real money",
    )
    parser.add_argument(
        "--no-input",
        action="store_true",
        default=argparse.SUPPRESS,
        help="never ask; renew only in the last 7 days of the paid period",
    )


def _add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        type=_target,
        required=True,
        metavar="PATH",
        help="the file to create; - writes to a pipe, and records nothing",
    )
    _add_passphrase(parser)


def _target(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a file has a name; this is empty")
    return text


def _add_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "step", metavar="STEP", help="number or name of a step, such as 5 or funding"
    )


def _add_shell(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        metavar="SHELL",
        choices=("bash", "zsh", "fish"),
        help="bash, zsh or fish",
    )


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="default 0: any free port"
    )


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "status": ("show progress (offline, read-only)", _add_json),
    "verify-key": ("check that a passphrase opens the keystore", _add_passphrase),
    "backup": ("copies the keystore, checks the copy and records the backup", _add_backup),
    "renew": ("pay for one more period of an activated machine", _add_renew),
    "doctor": ("run all checks (read-only)", _add_doctor),
    "receipt": ("show the receipt", _add_receipt),
    "explain": ("show what the journal records about a step", _add_step),
    "completion": ("prints a script that completes commands and options", _add_shell),
    "devnet": ("run the rehearsal network for any client", _add_port),
}
