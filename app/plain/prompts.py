"""What every part of the line-by-line wizard has: engine, answers, console, and consent."""

from __future__ import annotations

from app.answers import Answers
from app.plain.console import Console
from core.consents import TWO_FLOWS
from core.onboarding import Onboarding


class NotAgreed(Exception):
    """The user said no, so nothing was done."""


class Prompts:
    def __init__(self, engine: Onboarding, answers: Answers, console: Console) -> None:
        self.engine = engine
        self.answers = answers
        self.console = console

    def consent(self, question: str, *, word: str = "", option: str = "--yes") -> None:
        """Raises NotAgreed where it is refused. Real money wants the word, `--yes` or not."""
        real = self.engine.settings.network.real_money
        if self.answers.yes and not (real and word):
            return
        if real and word:
            self.consent_in_words(question, word, option)
        elif self.console.ask("--yes", question, "yes").lower() not in ("y", "yes"):
            raise NotAgreed

    def accept_protocol(self) -> None:
        """Ask which flow to use, where real money needs an explicit choice. Raises NotAgreed."""
        if not self.engine.protocol_to_accept:
            return
        for sentence in TWO_FLOWS:
            self.console.paragraph(sentence)
        self.consent_in_words("Continue with the guide's flow?", "guide", "--protocol")
        self.engine.accept_protocol()

    def accept_contracts(self) -> None:
        """Ask for consent to foreign contracts, where real money needs it. Raises NotAgreed."""
        others = self.engine.contracts_to_accept
        if not others:
            return
        self.console.say(f"These contracts are not {self.engine.settings.network.title}'s own:")
        for variable, address in others.items():
            self.console.say(f"  {variable} {address}")
        self.console.say("Their operator controls what happens to the bond.")
        self.consent_in_words("Use these contracts?", "contracts", "--accept-contracts")
        self.engine.accept_contracts()

    def consent_in_words(self, question: str, word: str, option: str) -> None:
        """Raises NotAgreed unless `word` is typed."""
        if self.console.ask(option, f'{question} Type "{word}"').lower() != word:
            raise NotAgreed
