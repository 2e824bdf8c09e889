"""A console that only knows lines: results on stdout, questions and news on stderr."""

from __future__ import annotations

import getpass
import sys
import termios
import textwrap

from app.answers import MissingAnswer
from core.errors.problem import Problem
from core.errors.surfaces import COMMAND, PLAIN
from core.journal import activation_events as av
from core.journal import events as ev
from core.journal.event_store import Wait
from core.journal.file import Record
from core.journal.narrative import in_words, token_of
from core.journal.state import State
from core.secrets import Secret
from core.step import Step

_WIDTH = 76
_LONGEST_LINE = 64 * 1024
"""Characters."""
_MOST_REFUSED = 100
_ANYTIME = (
    "Press Ctrl+C at any time to quit. Run the same command again to resume. Completed steps "
    "are saved, and nothing is paid twice."
)
_FACTS = (
    ev.EnrolmentConfirmed,
    ev.EnrolmentLost,
    ev.FundingWayChosen,
    ev.FundingAnswered,
    ev.BalanceChanged,
    ev.WalletFunded,
    ev.TransactionSigned,
    ev.TransactionIncluded,
    ev.TransactionReorganised,
    ev.TransactionDisplaced,
    ev.MachineRegistered,
    ev.NftMinted,
    ev.DidWritten,
    av.TierChosen,
    av.AllowanceSeen,
    av.MachineActivated,
    av.MachineReadBack,
    av.MachineRenewed,
)
"""Records that are said; the others are said by the driver, or are told as problems."""


class EndlessInput(EOFError):
    """What comes in is no answer of anybody: it is given up."""


class Console:
    """Also the engine's listener: each wait is said once, in words."""

    def __init__(self, *, no_input: bool) -> None:
        self._no_input = no_input
        self.protocol = "guide"
        self.step: Step | None = None
        """Which one `?` explains."""
        self._said_wait = ""
        self._refused = 0

    def result(self, text: str = "") -> None:
        print(text, flush=True)

    def say(self, text: str = "") -> None:
        print(text, file=sys.stderr, flush=True)

    def paragraph(self, text: str) -> None:
        for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
            self.say(line)

    def ask(self, option: str, question: str, default: str = "") -> str:
        """What is typed. Raises MissingAnswer under `--no-input`, EOFError at the end of input."""
        if self._no_input:
            raise MissingAnswer(option)
        shown = f" [{default}]" if default else ""
        while True:
            print(f"{question}{shown}: ", end="", file=sys.stderr, flush=True)
            line = self._line()
            if line.strip() != "?":
                return line.strip() or default
            self.explain()
            self.refused()

    def forget_typed_ahead(self) -> None:
        """Drop what was typed during a wait: it answered a question that was not asked yet."""
        if sys.stdin.isatty():
            termios.tcflush(sys.stdin, termios.TCIFLUSH)

    def _line(self) -> str:
        """One line of the input. Raises EOFError at its end, EndlessInput for what is no answer."""
        line = sys.stdin.readline(_LONGEST_LINE)
        if not line:
            raise EOFError
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise EndlessInput(f"An input line has more than {_LONGEST_LINE} characters.")
        return line

    def refused(self, hint: str = "") -> None:
        """Say `hint` after an unusable answer. Raises EndlessInput after many of them from a pipe
        such as `yes '' |`, which never ends.
        """
        self._refused += 1
        if self._refused >= _MOST_REFUSED and not sys.stdin.isatty():
            raise EndlessInput(f"{_MOST_REFUSED} unusable answers in a row.")
        if hint:
            self.say(hint)

    def taken(self) -> None:
        """Something went on: what is refused is counted anew."""
        self._refused = 0

    def explain(self) -> None:
        """The step and its words, as F1 shows them in the full screen."""
        from screens.dialogs.help import WORDS, about

        if self.step is not None:
            text, words = about(self.step, self.protocol)
            for paragraph in (text, *(f"{word}: {WORDS[word]}" for word in words)):
                self.paragraph(paragraph)
        self.paragraph(_ANYTIME)

    def ask_secret(self, option: str, question: str) -> Secret:
        """What is typed, without showing it. Raises as `ask` does."""
        if self._no_input:
            raise MissingAnswer(option)
        if not sys.stdin.isatty():
            return Secret(self._line().rstrip("\r\n"))
        while (typed := getpass.getpass(f"{question}: ", stream=sys.stderr)) == "?":
            self.explain()
        return Secret(typed)

    def ask_choice(
        self,
        option: str,
        question: str,
        answers: list[tuple[str, str]],
        *,
        default: bool = True,
    ) -> str:
        """The key of one of `answers` (key, what it means); the first is the default, unless
        it has to be said: then an empty answer asks again.
        """
        for number, (key, what) in enumerate(answers, 1):
            self.say(f"  {number} {key:<12} {what}")
        first = answers[0][0] if default else ""
        words = "" if default else f", or {' or '.join(key for key, _ in answers)}"
        while True:
            typed = self.ask(option, question, first).lower()
            for number, (key, _) in enumerate(answers, 1):
                if typed in (str(number), key):
                    return key
            self.refused(f"Type a number from 1 to {len(answers)}{words}.")

    def problem(self, problem: Problem) -> None:
        self.say()
        self.say(f"x {problem.title} ({problem.code})")
        self.paragraph(f"{problem.cause} {problem.money}".strip())
        self.paragraph(problem.remedy(COMMAND if self._no_input else PLAIN))
        if problem.until:
            self.say(f"Try again at {problem.until:%Y-%m-%d %H:%M:%S} UTC.")

    def on_record(self, record: Record, state: State) -> None:
        """What has just become true, once."""
        if isinstance(record.event, _FACTS):
            self.paragraph(f"  {in_words(record.event, token_of(state))}")

    def on_wait(self, wait: Wait | None) -> None:
        if wait is not None and wait.what != self._said_wait:
            usual = f" (usually {wait.usual:.0f} s)" if wait.usual and wait.usual >= 1 else ""
            self.say(f"... {wait.what}{usual}")
        self._said_wait = wait.what if wait else ""
