"""The wizard from start to exit: settings, state directory, screens, closing messages."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.configuration import settings_of, state_folder, usable_env_file, with_protocol
from app.goodbye import say_goodbye
from app.options import Options, resume_words
from app.second_session import take_folder
from app.startup import end_start
from core.clock import Clock, SystemClock
from core.config.networks import find_network
from core.config.settings import Settings
from core.errors.exit_codes import EXIT_STOPPED
from core.errors.problem import fault
from core.journal.state import Details, State
from core.storage.durable_files import prepare_state_folder
from core.text import clean

if TYPE_CHECKING:
    from app.answers import Answers
    from app.rehearsal.network import RehearsalNetwork
    from app.rehearsal.pretend import PretendPeople
    from core.onboarding import Onboarding
    from core.session import Session

_LONG = 4096
"""Characters: paths are shown whole."""
_AMONG_THREADS = 0.05
"""Seconds until a signal that another thread received is noticed here."""


def run_wizard(options: Options) -> int:
    """Run the wizard and return the exit code. Raises OnboardingError if it cannot start."""
    env_file = usable_env_file(options.env_file, required=options.env_file_named)
    if options.needs_terminal and not sys.stdin.isatty():
        print(
            "peaq-onboard needs a terminal. Over SSH: ssh -t HOST peaq-onboard\n"
            "Without a terminal: peaq-onboard --plain, with presets (see --help).",
            file=sys.stderr,
        )
        return EXIT_STOPPED
    clock, state_dir = SystemClock(), options.state_dir
    if options.rehearse:  # its network keeps its state in the directory, so that comes first
        settings, network = None, find_network("rehearsal")
        state_dir = state_dir or Path(tempfile.mkdtemp(prefix="peaq-rehearsal-"))
    else:
        settings = settings_of(env_file, options.network)
        network = settings.network
    folder = state_folder(state_dir, network.name)
    warnings = prepare_state_folder(folder)
    no_input = options.answers.no_input
    lock = take_folder(folder, network, clock, plain=options.plain, no_input=no_input)
    if isinstance(lock, int):
        return lock
    with ExitStack() as at_end:
        at_end.callback(lock.release)
        rehearsal = None
        if settings is None:
            rehearsal = _start_rehearsal(options, folder)
            at_end.callback(rehearsal.stop)
            settings = settings_of(env_file, network.name, rehearsal.environment())
        settings = with_protocol(settings, options.protocol, folder)
        from core.session import open_session  # after the question about another session

        session = open_session(folder, settings, clock, lock=lock, warnings=warnings)
        with closing(session):
            check_details_unchanged(options.answers, session.store.state)
            engine = _engine(options, session, settings, clock)
            for warning in session.warnings:
                print(clean(warning, _LONG), file=sys.stderr)
            surface = _run_plain if options.plain else _run_screens
            code = surface(options.answers, engine, _pretend_people(rehearsal))
        if os.isatty(1) and not (options.plain and engine.state.finished):
            say_goodbye(engine, folder, resume_words(options, state_dir), code)
        return code


def _start_rehearsal(options: Options, folder: Path) -> RehearsalNetwork:
    from app.commands.devnet import start_network

    print("Starting the rehearsal network…", file=sys.stderr)
    return start_network(folder / "rehearsal", options.block_time, options.faults)


def _engine(options: Options, session: Session, settings: Settings, clock: Clock) -> Onboarding:
    from app.log import start_log
    from app.version import installed_version
    from core.onboarding import Onboarding

    start_log(session.folder)
    engine = Onboarding(
        session,
        settings,
        clock,
        version=installed_version(),
        single_transaction=options.single_transaction,
    )
    if options.protocol == "guide":
        engine.accept_protocol()
    if options.accept_contracts:
        engine.accept_contracts()
    return engine


def _pretend_people(network: RehearsalNetwork | None) -> PretendPeople | None:
    if network is None:
        return None
    from app.rehearsal.pretend import PretendPeople

    return PretendPeople(network)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Print a line that says that the screens are loading: a small board takes seconds."""
    terminal = sys.stderr.isatty()
    if terminal:
        print("One moment...", end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if terminal:
            print("\x1b[K", end="", file=sys.stderr, flush=True)


@_one_moment()
def _run_screens(answers: Answers, engine: Onboarding, pretend: PretendPeople | None) -> int:
    from app.tui.terminal_facts import prepare_terminal

    prepare_terminal()
    from app.tui.wizard_app import WizardApp

    answers.read_passphrase()  # while Ctrl+C still works: a pipe may stay silent forever
    details = _details(answers, engine)
    app = WizardApp(engine, details=details, presets=answers, simulation=pretend)
    app.run(mouse=False)
    answer = app.return_value  # None: a fault ended it
    return (app.return_code or EXIT_STOPPED) if answer is None else answer


def _run_plain(answers: Answers, engine: Onboarding, pretend: PretendPeople | None) -> int:
    end_start()
    from app.plain.console import Console
    from app.plain.wizard import PlainWizard

    def ended(number: int, _: object) -> None:
        # A second signal must not cut the cleanup short, nor may a background job stop again.
        for late in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(late, lambda *_: None)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        raise SystemExit(128 + number)

    def in_background(*_: object) -> None:
        # A paused job, continued in order to end, reads its terminal again. Another thread may have
        # received SIGTERM, which does not interrupt that read, so `ended` runs during it.
        time.sleep(_AMONG_THREADS)
        if signal.getsignal(signal.SIGTERM) is ended and os.tcgetpgrp(0) != os.getpgrp():
            os.kill(os.getpid(), signal.SIGSTOP)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    signal.signal(signal.SIGTTIN, in_background)
    # Not asyncio's own handler, which only cancels: a prompt waiting for a line would not notice.
    signal.signal(signal.SIGINT, interrupted)
    console = Console(no_input=answers.no_input)
    wizard = PlainWizard(engine, answers, console, pretend)
    try:
        return asyncio.run(wizard.run())
    except SystemExit as signalled:
        return int(signalled.code or EXIT_STOPPED)
    except KeyboardInterrupt:
        print("\nQuit. All progress is saved.", file=sys.stderr)
        return EXIT_STOPPED


def check_details_unchanged(answers: Answers, state: State) -> None:
    """Check that preset details match those already recorded, if there are any.

    Raises OnboardingError (JOURNAL_MISMATCH) with both values.
    """
    if state.did is None:
        return
    for name in ("documentation_url", "data_api", "data_visibility"):
        given, written = getattr(answers, name), state.did.attributes.get(name, "")
        if given and given != written:
            raise fault("JOURNAL_MISMATCH", what=f"the {name}", journal=written, now=given)


def _details(answers: Answers, engine: Onboarding) -> Details:
    known = engine.state.details or Details()
    return Details(
        answers.documentation_url or known.documentation_url,
        answers.data_api or known.data_api,
        answers.data_visibility or known.data_visibility,
    )
