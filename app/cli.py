"""The command line: reads the arguments and hands over. Imports nothing heavy before it must."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from app.answers import add_answer_options
from app.rehearsal.faults import FAULTS, Fault, parse_fault
from app.version import installed_version
from core.errors import EXIT_STOPPED
from core.networks import find_network

_EPILOG = """\
examples:
  peaq-onboard --rehearse                   try it, with pretend money
  peaq-onboard                              the real thing; goes on where it stopped
  peaq-onboard --network agung              with test money
  peaq-onboard doctor                       is everything there that is needed?
  peaq-onboard status                       where it stands

exit codes: 0 onboarded, 1 stopped before the end, 2 network, 3 configuration,
            4 another wizard is at work, 75 waiting (status says until when)
"""


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
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 to 3600")
    return seconds


def _network(text: str) -> str:
    try:
        return find_network(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)


def _fault_help() -> str:
    lines = [f"  {name:<19}{what}" for name, what in FAULTS.items()]
    return "\n".join(["faults (--fault NAME or NAME:TIMES, may be repeated):", *lines])


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as argparse does, but with the exit code that means bad input here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_STOPPED, f"{self.prog}: {message}\n")


def build_parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    place = _Parser(add_help=False)
    place.add_argument(
        "--network",
        type=_network,
        metavar="NAME",
        help="mainnet (default), agung or rehearsal",
    )
    place.add_argument("--env-file", type=Path, default=Path(".env"), metavar="PATH")
    place.add_argument("--state-dir", type=Path, metavar="DIR", help="the state folder itself")
    network = _Parser(add_help=False)
    network.add_argument("--fault", type=_fault, action="append", default=[], metavar="NAME[:N]")
    network.add_argument("--block-time", type=_seconds, default=0.0, metavar="S")

    parser = _Parser(
        prog="peaq-onboard",
        description="Takes one machine through peaqOS self-managed onboarding.",
        epilog=f"{_fault_help()}\n\n{_EPILOG}",
        formatter_class=form,
        parents=[place, network],
    )
    parser.add_argument("--version", action="version", version=installed_version())
    parser.add_argument(
        "--rehearse", action="store_true", help="against a pretend network inside the program"
    )
    add_answer_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    status = commands.add_parser("status", parents=[place], help="where it stands")
    status.add_argument("--json", action="store_true", help="for programs")
    verify = commands.add_parser(
        "verify-key", parents=[place], help="does this passphrase open the keystore?"
    )
    verify.add_argument("--passphrase-file", type=Path, metavar="PATH", help="one line")
    doctor = commands.add_parser(
        "doctor", parents=[place], help="checks everything that is needed; changes nothing"
    )
    doctor.add_argument("--json", action="store_true", help="for programs")
    receipt = commands.add_parser("receipt", parents=[place], help="the handover papers, again")
    receipt.add_argument("--verify", action="store_true", help="compare it with the network")
    receipt.add_argument("--json", action="store_true", help="for programs")
    explain = commands.add_parser(
        "explain", parents=[place], help="what was recorded of a step, in plain words"
    )
    explain.add_argument("step", metavar="STEP", help="its number or name, such as 5 or funding")
    devnet = commands.add_parser(
        "devnet",
        parents=[network],
        help="the rehearsal network alone, for any client",
        epilog=_fault_help(),
        formatter_class=form,
    )
    devnet.add_argument("--port", type=_port, default=0, metavar="N")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.command is None and not options.rehearse and (options.fault or options.block_time):
        parser.error("--fault and --block-time need --rehearse")
    if options.command == "devnet":
        from app.rehearsal_run import run_devnet_command

        return run_devnet_command(options)
    if options.command is not None:
        return _run_command(options)
    from app.run import run_wizard

    return run_wizard(options)


def _run_command(options: argparse.Namespace) -> int:
    if options.command == "status":
        from app.status import run_status as run
    elif options.command == "verify-key":
        from app.verify_key import run_verify_key as run
    elif options.command == "doctor":
        from app.doctor import run_doctor as run
    elif options.command == "receipt":
        from app.receipt_command import run_receipt as run
    else:
        from app.explain import run_explain as run
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
