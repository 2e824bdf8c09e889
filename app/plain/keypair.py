"""The line-by-line wizard's second step: the key, its passphrase, its backup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from app.plain.presets import WEAK_BELOW
from app.plain.prompts import NotAgreed, Prompts
from core.errors.problem import OnboardingError, fault, problem
from core.keys.key_source import KeySource
from core.keys.private_key import Key
from core.secrets import Secret

_TYPED_AGAIN = ("PASSPHRASE_WRONG", "PASSPHRASE_EMPTY")
_KEPT = ("keep", "open the keystore in the state directory")
_WAYS = [
    ("generate", "create a new key"),
    ("environment", "use PEAQOS_PRIVATE_KEY"),
    ("file", "a file with a keystore V3 or a hex key"),
    ("paste", "paste a hex key (not shown)"),
]


class KeyPrompts(Prompts):
    async def keypair(self) -> None:
        """Ask for the key and store it. Ask again after a wrong passphrase."""
        source, passphrase = self._source()
        while True:
            try:
                await self._store(source, passphrase)
            except OnboardingError as error:
                self._ask_again_after(error)
            else:
                return
            passphrase = self.passphrase()
            if source.path is not None:
                source = replace(source, path_passphrase=passphrase)

    async def _store(self, source: KeySource, passphrase: Secret) -> None:
        loaded: Key | None = None
        if source.way in ("import", "environment"):
            loaded = await self.engine.preview_key(source)
            self.console.say(f"The key belongs to {loaded.address}")
            self.consent("Use this key?")
        address = await self.engine.create_keypair(source, passphrase, loaded=loaded)
        self.console.result(f"address {address}")
        self.console.result(f"keystore {self.engine.session.folder / 'keystore.json'}")

    def _ask_again_after(self, error: OnboardingError) -> None:
        """Says that the passphrase is wrong or empty. Raises `error` where it is another fault, or
        where nobody can be asked.
        """
        if error.code not in _TYPED_AGAIN or self.answers.no_input:
            raise error
        self.answers.refuse_passphrase()
        self.console.problem(error.problem)
        self.console.refused()

    def _source(self) -> tuple[KeySource, Secret]:
        kept = (self.engine.session.folder / "keystore.json").exists()
        ways = [_KEPT, *_WAYS] if kept else _WAYS
        way = self.answers.key or self.console.ask_choice("--key", "The key", ways)
        if way == "keep":
            return KeySource("keep"), self.passphrase()
        if way in ("generate", "environment"):
            return KeySource(cast(Literal["generate", "environment"], way)), self._new_passphrase()
        if way == "paste" and self.answers.key is None:
            pasted = self.console.ask_secret("--key", "Private key")
            return KeySource("import", private_key=pasted), self._new_passphrase()
        if way == "file" and self.answers.key is None:
            way = self.console.ask("--key", "Path of the file")
        passphrase = self.passphrase()
        return KeySource("import", path=_path(way), path_passphrase=passphrase), passphrase

    def passphrase(self) -> Secret:
        """Return the preset passphrase, or else the typed one."""
        given = self._given()
        return given or self.console.ask_secret("--passphrase-file", "Passphrase")

    def _given(self) -> Secret | None:
        """Return the preset passphrase. Report an unusable one, so that the user types another."""
        try:
            return self.answers.passphrase()
        except OnboardingError as error:
            if self.answers.no_input:
                raise
            self.console.problem(error.problem)
            return None

    def _new_passphrase(self) -> Secret:
        given = self._given()
        if given is not None:
            if len(given.reveal()) < WEAK_BELOW:
                self._weak(typed=False)
            return given
        while True:
            typed = self.console.ask_secret("--passphrase-file", "Passphrase")
            # Asked again at once: any other prompt would show what is typed next.
            if not typed:
                self._refuse_typed("PASSPHRASE_EMPTY")
                continue
            if typed != self.console.ask_secret("--passphrase-file", "Repeat passphrase"):
                self._refuse_typed("PASSPHRASES_DIFFER")
                continue
            try:
                if len(typed.reveal()) < WEAK_BELOW:
                    self._weak(typed=True)
            except NotAgreed:
                self.console.refused("Enter another passphrase.")
            else:
                return typed

    def _refuse_typed(self, code: str) -> None:
        self.console.problem(problem(code))
        self.console.refused()

    def _weak(self, *, typed: bool) -> None:
        """A short passphrase needs a typed word; a preset one needs it only with real money.

        Raises NotAgreed.
        """
        self.console.say(f"The passphrase has fewer than {WEAK_BELOW} characters.")
        self.console.paragraph(
            "Anyone with a copy of the file can try millions of short ones. Several words in a row "
            "are safer."
        )
        if typed or self.engine.settings.network.real_money:
            option = f"A --passphrase-file with {WEAK_BELOW} characters or more"
            self.consent_in_words("Use it anyway?", "weak", option)
        else:
            self.console.say("Using it anyway: this network has no real money.")

    async def backup(self) -> None:
        keypair = self.engine.state.keypair
        if keypair is not None:
            self.console.say(
                f"Copy {self.engine.session.folder / 'keystore.json'} to another machine now."
            )
            self.console.say(f"sha256 {keypair.keystore_sha256}")
        way = self.answers.backup
        if way is None and self.answers.no_input:
            self.console.say("`peaq-onboard backup --to PATH` does that and records the backup.")
        if way is None:
            self.console.paragraph(
                "Only the full screen shows the key itself: a plain console keeps everything in"
                " its scrollback."
            )
            ways = [("copied", "I have copied the keystore"), ("none", "no backup")]
            # An Enter too many must not say that a copy was made.
            way = self.console.ask_choice("--backup", "Backup", ways, default=False)
            if way == "none":
                self.console.paragraph(
                    "If this machine's disk fails, its identity and its bond are lost."
                )
                self.consent_in_words("Continue without a backup?", "no backup", "--backup")
        await self.engine.back_up(cast(Literal["copied", "none"], way))

    async def unlock(self) -> None:
        """Open the keystore. Ask again after a wrong passphrase, unless --no-input is given."""
        while not self.engine.unlocked:
            try:
                await self.engine.unlock(self.passphrase())
            except OnboardingError as error:
                self._ask_again_after(error)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise fault("KEYSTORE_UNREADABLE", path=text, reason=error) from error
