"""Step 2: a key is made or brought along, and locked with a passphrase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import getters, on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from core.errors.problem import OnboardingError, Problem, problem
from core.keys.key_source import KeySource, Way
from core.secrets import Secret
from core.step import Step
from screens.base import StepScreen
from screens.dialogs.consent import ConsentScreen
from screens.widgets.choice import Choice
from screens.widgets.frame import numbered
from screens.widgets.inputs import Field, Row
from screens.widgets.line import Line
from screens.widgets.marks import marks
from screens.widgets.special_fields import KeyField, SecretField

if TYPE_CHECKING:
    from core.keys.private_key import Key

WEAK_BELOW = 12
"""Characters."""

_WAYS = (
    ("generate", "create a new key", "never leaves this machine"),
    ("import", "import a key or keystore", "paste it, or enter a path"),
    ("environment", "use PEAQOS_PRIVATE_KEY", "in the environment or .env"),
)
_KEEP = ("keep", "open the existing keystore", "it is in the state directory")
_TEXTS = {
    "generate": "Choose a passphrase. It encrypts the new key on this machine.",
    "import": (
        "Paste a private key, or enter the path of a keystore (V3) or hex file. For a "
        "keystore, enter its own passphrase; the copy here keeps it."
    ),
    "environment": "The machine uses the key in PEAQOS_PRIVATE_KEY, stored here encrypted.",
    "keep": "The state directory already contains a keystore. Enter its passphrase.",
}


class KeypairScreen(StepScreen):
    step = Step.KEYPAIR
    title_text = numbered(step)
    primary_label = "Save the key"
    can_go_back = True

    choice = getters.query_one("#way", Choice)
    explanation = getters.query_one("#way-text", Line)
    private_key = getters.query_one("#private-key", KeyField)
    file = getters.query_one("#key-file", Field)
    passphrase = getters.query_one("#passphrase", SecretField)
    again = getters.query_one("#passphrase-again", SecretField)
    note = getters.query_one("#passphrase-note", Line)

    def body(self) -> ComposeResult:
        kept = (self.engine.session.folder / "keystore.json").exists()
        preset = self.wizard.presets.key or ""
        known = any(preset == way for way, _, _ in _WAYS)
        # A keystore that is there already comes before what was meant to be made.
        way = "" if kept or not preset else preset if known else "import"
        yield Row("Key", Choice([_KEEP, *_WAYS] if kept else _WAYS, way, id="way"))
        yield Line("", id="way-text")
        yield Line("")
        yield Row("Private key", KeyField(id="private-key", placeholder=" paste here; never shown"))
        path = "" if known else preset
        yield Row("or a file", Field(path, id="key-file", placeholder=" /path/to/keystore.json"))
        yield Row("Passphrase", SecretField(id="passphrase"))
        yield Row("Repeat passphrase", SecretField(id="passphrase-again"))
        yield Line("", id="passphrase-note")
        yield Line("", classes="muted")
        yield Line(f"Stored encrypted in {self.engine.session.folder}", classes="muted")
        yield Line("Write the passphrase down. Nobody can recover it.", classes="muted")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", str(self.primary.label).lower()), ("Tab", "next field")]

    def on_mount(self) -> None:
        self._show_source()
        self._fill_in()

    def _fill_in(self) -> None:
        """Fill in the preset passphrase, or show why it is unusable."""
        try:
            preset = self.wizard.presets.passphrase()
        except OnboardingError as error:
            self.show_problem(error.problem)
            return
        for field in (self.passphrase, self.again):
            field.value = preset.reveal() if preset else ""

    @property
    def source(self) -> Way:
        return cast(Way, self.choice.value)

    @on(Choice.Changed, "#way")
    def _source_changed(self) -> None:
        self._show_source()
        self.show_problem(None)

    def _show_source(self) -> None:
        source = self.source
        self.explanation.set_text(_TEXTS[source])
        self.set_primary_label("Open the keystore" if source == "keep" else self.primary_label)
        for field, shown in (
            (self.private_key, source == "import"),
            (self.file, source == "import"),
            (self.again, source != "keep"),
        ):
            if isinstance(field.parent, Row):
                field.parent.display = shown

    def first_focus(self) -> Widget:
        if self.source == "import" and not self.file.value:
            return self.private_key
        filled_in = self.passphrase.value and (self.again.value or self.source == "keep")
        return self.primary if filled_in else self.passphrase

    def field_after(self, widget: Widget) -> Widget | None:
        if self.source == "import" and widget.id in ("private-key", "key-file"):
            return self.passphrase
        if widget.id == "way" and self.first_focus() is not self.primary:
            return self.first_focus()
        if widget.id == "passphrase" and self.source != "keep" and self.passphrase.value:
            return self.again
        return None

    @on(Input.Changed)
    def _edited(self) -> None:
        self.note.set_text("")

    def submit(self) -> None:
        passphrase = Secret(self.passphrase.value)
        again = Secret(self.again.value)
        if not passphrase:
            self._refuse("PASSPHRASE_EMPTY")
        elif self.source != "keep" and not again:
            self.note.set_text(f"{marks().amber} Repeat the passphrase.")
            self.again.focus()
        elif self.source != "keep" and passphrase != again:
            self._refuse("PASSPHRASES_DIFFER")
        elif self._chosen_here() and len(passphrase.reveal()) < WEAK_BELOW:
            self.app.push_screen(
                ConsentScreen(
                    "This passphrase is short",
                    [
                        f"It has fewer than {WEAK_BELOW} characters. Anyone who copies the file "
                        "can "
                        "try millions of short ones. Several words in a row are safer.",
                    ],
                    yes="Use it anyway",
                    word="" if self._consent_preset else "weak",
                ),
                lambda agreed: self._store(passphrase) if agreed else None,
            )
        else:
            self._store(passphrase)

    @property
    def _consent_preset(self) -> bool:
        return self.wizard.presets.yes and not self.engine.settings.network.real_money

    def _chosen_here(self) -> bool:
        """Whether the passphrase is new; a keystore that is brought along has its own."""
        from_file = self.source == "import" and bool(self.file.value.strip())
        return self.source != "keep" and not from_file

    def _refuse(self, code: str) -> None:
        self.show_problem(problem(code))
        self._clear_passphrases()

    def _clear_passphrases(self) -> None:
        for field in (self.passphrase, self.again):
            field.value = ""
        self.passphrase.focus()

    def _store(self, passphrase: Secret) -> None:
        source = self._key_source(passphrase)
        if self.source in ("generate", "keep"):
            self.wizard.perform(lambda: self.engine.create_keypair(source, passphrase))
            return
        self.wizard.perform(
            lambda: self.engine.preview_key(source),
            lambda key: self._ask_if_right(source, passphrase, key),
        )

    def _key_source(self, passphrase: Secret) -> KeySource:
        pasted = self.private_key.value
        file = self.file.value.strip()
        return KeySource(
            self.source,
            private_key=Secret(pasted) if self.source == "import" and pasted else None,
            path=Path(file).expanduser() if self.source == "import" and file else None,
            path_passphrase=passphrase,
        )

    def busy_changed(self, busy: bool) -> None:
        super().busy_changed(busy)
        for field in self.query(Field):
            field.disabled = busy

    def _ask_if_right(self, source: KeySource, passphrase: Secret, key: Key) -> None:
        self.show_problem(None)

        def store(agreed: bool | None) -> None:
            if agreed:
                self.wizard.perform(
                    lambda: self.engine.create_keypair(source, passphrase, loaded=key)
                )

        if self._consent_preset:
            store(True)
            return
        self.app.push_screen(
            ConsentScreen(
                "Is this the right key?",
                ["The key belongs to this address:", "", f"  {key.address}"],
                yes="Use this key",
            ),
            store,
        )

    def failed(self, problem: Problem) -> None:
        if problem.code == "KEYSTORE_EXISTS":
            self._offer_set_aside(problem)
            return
        super().failed(problem)
        if problem.code.startswith("PASSPHRASE"):
            self.wizard.presets.refuse_passphrase()
            self._clear_passphrases()

    def _offer_set_aside(self, problem: Problem) -> None:
        """Never overwritten: the keystore that is there is kept under a dated name, if wanted."""
        self.app.push_screen(
            ConsentScreen(
                problem.title,
                [
                    problem.cause,
                    "The wizard can rename it with today's date and keep it next to the new one.",
                    "To use it instead, go back and choose to open it.",
                ],
                yes="Rename and keep it",
                word="aside",
            ),
            lambda agreed: self._set_aside() if agreed else None,
        )

    def _set_aside(self) -> None:
        # The passphrases are still in their fields: the key is stored next.
        self.wizard.perform(self.engine.set_keystore_aside, lambda _: self.submit())
