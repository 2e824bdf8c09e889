"""The wizard from start to exit: settings, folder, screens, and what is said afterwards."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.configuration import read_settings, state_folder
from app.goodbye import say_goodbye
from app.second_session import take_folder
from core.clock import SystemClock
from core.config.settings import Settings
from core.errors.exit_codes import EXIT_STOPPED
from core.errors.problem import OnboardingError, fault
from core.journal.state import Details, State
from core.storage.durable_files import prepare_state_folder
from core.storage.folder_lock import FolderLock
from core.text import clean

if TYPE_CHECKING:
    from app.rehearsal.network import RehearsalNetwork
    from app.rehearsal.pretend import PretendPeople
    from core.onboarding import Onboarding

_LONG = 4096
"""Characters: a path is shown whole."""
_AMONG_THREADS = 0.05
"""Seconds for a signal that another thread takes to be known here."""


def run_wizard(options: argparse.Namespace) -> int:
    """Runs it; the exit code. Raises OnboardingError for what keeps it from starting."""
    if options.no_input:
        options.plain = True  # a full screen asks by nature
    if not options.plain and not sys.stdin.isatty():
        print(
            "peaq-onboard needs a terminal to type in. Over SSH: ssh -t HOST peaq-onboard\n"
            "Without one: peaq-onboard --plain, with the answers given ahead (--help).",
            file=sys.stderr,
        )
        return EXIT_STOPPED
    # Where no full screen can be shown, the lines are: nobody has to know the option.
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        options.plain = True
    # Who holds the folder is asked before a rehearsal starts its network in it.
    settings = read_settings(options)
    folder = _folder(options, settings)
    clock = SystemClock()
    prepare_state_folder(folder)
    lock = take_folder(options, folder, settings.network, clock)
    if isinstance(lock, int):
        return lock
    try:
        if options.rehearse:
            return _rehearse(options, clock, lock)
        return _run(options, settings, clock, lock, None)
    finally:
        lock.release()


def _folder(options: argparse.Namespace, settings: Settings) -> Path:
    if options.rehearse and options.state_dir is None:
        options.state_dir = Path(tempfile.mkdtemp(prefix="peaq-rehearsal-"))
    return state_folder(options, settings.network.name)


def _rehearse(options: argparse.Namespace, clock: SystemClock, lock: FolderLock) -> int:
    from app.commands.devnet import start_network

    print("Starting the rehearsal network…", file=sys.stderr)
    network = start_network(options, lock.folder / "rehearsal")
    try:
        settings = read_settings(options, network.environment())
        return _run(options, settings, clock, lock, network)
    finally:
        network.stop()


def _run(
    options: argparse.Namespace,
    settings: Settings,
    clock: SystemClock,
    lock: FolderLock,
    network: RehearsalNetwork | None,
) -> int:
    from app.log import start_log
    from app.version import installed_version
    from core.onboarding import Onboarding
    from core.session import open_session

    folder = lock.folder
    session = open_session(folder, settings, clock, lock=lock)
    try:
        check_details_unchanged(options, session.book.state)
    except OnboardingError:
        session.close()
        raise
    start_log(folder)
    engine = Onboarding(
        session,
        settings,
        clock,
        version=installed_version(),
        single_transaction=options.single_transaction,
    )
    if options.accept_contracts:
        engine.accept_contracts()
    pretend = None
    if network is not None:
        from app.rehearsal.pretend import PretendPeople

        pretend = PretendPeople(network)
    for warning in session.warnings:
        print(clean(warning, _LONG), file=sys.stderr)
    try:
        if options.plain:
            code = _run_plain(options, engine, pretend)
        else:
            with _one_moment():
                code = _run_screens(options, engine, pretend)
    finally:
        session.close()
    if os.isatty(1) and not (options.plain and engine.state.finished):
        say_goodbye(options, engine, folder, code)
    return code


@contextmanager
def _one_moment() -> Iterator[None]:
    """On a small board the screens take seconds to come: until then a line says that they do."""
    terminal = sys.stderr.isatty()
    if terminal:
        print("One moment...", end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if terminal:
            print("\x1b[K", end="", file=sys.stderr, flush=True)


def _run_screens(
    options: argparse.Namespace, engine: Onboarding, pretend: PretendPeople | None
) -> int:
    from app.answers import read_answers
    from app.tui.terminal_facts import prepare_terminal

    prepare_terminal()
    from app.tui.wizard_app import WizardApp

    answers = read_answers(options)
    answers.read_passphrase()  # while ctrl+c still ends it: a pipe may never say anything
    details = _details(options, engine)
    app = WizardApp(engine, details=details, given=answers, pretend=pretend)
    app.run(mouse=False)
    answer = app.return_value  # None: it ended without one, by a fault
    return (app.return_code or EXIT_STOPPED) if answer is None else answer


def _run_plain(
    options: argparse.Namespace, engine: Onboarding, pretend: PretendPeople | None
) -> int:
    gc.enable()
    from app.answers import read_answers
    from app.plain.console import Console
    from app.plain.wizard import PlainWizard

    def ended(number: int, _: object) -> None:
        # A second signal must not cut the end short, nor a job in the background stop once more.
        for late in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(late, lambda *_: None)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        raise SystemExit(128 + number)

    def in_background(*_: object) -> None:
        # A paused job that is continued to be ended reads its terminal again. SIGTERM may have gone
        # to another thread, which does not interrupt that read: then `ended` runs during this.
        time.sleep(_AMONG_THREADS)
        if signal.getsignal(signal.SIGTERM) is ended:
            os.kill(os.getpid(), signal.SIGSTOP)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    signal.signal(signal.SIGTTIN, in_background)
    # Not asyncio's own: that one only cancels, which a prompt that waits for a line never notices.
    signal.signal(signal.SIGINT, interrupted)
    answers = read_answers(options)
    console = Console(no_input=answers.no_input)
    wizard = PlainWizard(engine, answers, console, pretend)
    try:
        return asyncio.run(wizard.run())
    except SystemExit as signalled:
        return int(signalled.code or EXIT_STOPPED)
    except KeyboardInterrupt:
        print("\nLeft. Nothing is lost.", file=sys.stderr)
        return EXIT_STOPPED


def check_details_unchanged(options: argparse.Namespace, state: State) -> None:
    """Whether details given ahead are those that are written already, where they are.

    Raises OnboardingError (JOURNAL_MISMATCH) with both values.
    """
    if state.did is None:
        return
    for name in ("documentation_url", "data_api", "data_visibility"):
        given, written = getattr(options, name), state.did.attributes.get(name, "")
        if given and given != written:
            raise fault("JOURNAL_MISMATCH", what=f"the {name}", journal=written, now=given)


def _details(options: argparse.Namespace, engine: Onboarding) -> Details:
    known = engine.state.details or Details()
    return Details(
        options.documentation_url or known.documentation_url,
        options.data_api or known.data_api,
        options.data_visibility or known.data_visibility,
    )
