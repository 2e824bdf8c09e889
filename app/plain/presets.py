"""Which presets a run with `--no-input` lacks, found before a key is made or anything is paid."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.answers import Answers
from core.chain.did import check_details
from core.errors.problem import OnboardingError, Problem, problem
from core.journal.activation_state import ActivationState
from core.journal.next_action import Action
from core.journal.state import Details
from core.keys.keystore import FILE_NAME as KEYSTORE
from core.keys.keystore import normalise
from core.keys.private_key import parse_key
from core.onboarding import Onboarding
from core.protocols.activation.identity import Entries, check_entries
from core.secrets import Secret
from core.steps.keypair import read_key_file

WEAK_BELOW = 12
"""Characters of a new passphrase; as on the screen."""
DETAILS = ("documentation_url", "data_api", "data_visibility")


class Presets:
    """Compares the answers with what is still to be done. Asks no network."""

    def __init__(self, answers: Answers, engine: Onboarding, *, simulated_phone: bool) -> None:
        self._answers = answers
        self._state = engine.state
        self._settings = engine.settings
        self._folder = engine.session.folder
        self._action = engine.action
        self._simulated_phone = simulated_phone
        self._foreign_contracts = engine.contracts_to_accept
        self._protocol_to_accept = engine.protocol_to_accept
        keypair = engine.state.keypair
        way = keypair.way if keypair else answers.key or "generate"
        # Another key may belong to a wallet that is funded, or to a machine that is registered.
        self._new_wallet = way in ("generate", "generated")
        self._pays = self._new_wallet and engine.state.funded is None

    def missing(self) -> list[str]:
        """Return the options that have to be given. `--backup` is not among them where it is the
        only one: without it a run makes the key and stops, so that the key can be backed up.
        """
        given, state = self._answers, self._state
        found = [
            f"--{name.replace('_', '-')}"
            for name in DETAILS
            if state.details is None and not getattr(given, name)
        ]
        if state.keypair is None and not given.key:
            found.append("--key")
        if given.passphrase_file is None and self._action is not Action.FINISH:
            found.append("--passphrase-file")
        if self._needs_codes() and given.code_command is None and not self._simulated_phone:
            found.append("--code-command" if given.fund or state.way else "--fund")
        if self._settings.protocol == "activation":
            found += self._missing_of_activation()
        consent = self._consent()
        if consent:
            found.append(consent)
        if self._protocol_to_accept:
            found.append("--protocol")
        if self._foreign_contracts:
            found.append("--accept-contracts")
        if found and state.backup is None and not given.backup:
            found.append("--backup")
        return found

    def _missing_of_activation(self) -> list[str]:
        given, recorded = self._answers, self._state.activation or ActivationState()
        found = []
        if recorded.tier is None and given.tier is None:
            found.append("--tier")
        if recorded.identity is None:
            found += [
                option
                for option, value in (
                    ("--machine-type", given.machine_type),
                    ("--manufacturer", given.manufacturer),
                )
                if not value
            ]
        return found

    def _wrong_identity(self) -> list[Problem]:
        """What is wrong with the parts of an identity that were given."""
        given = self._answers
        parts = {
            "MACHINE_TYPE_INVALID": given.machine_type or "",
            "SUBJECT_INVALID": given.subject or "",
            "MANUFACTURER_INVALID": given.manufacturer or "",
            "CONTROLLER_INVALID": given.controller or "",
        }
        machine_type, subject, manufacturer, controller = parts.values()
        entries = Entries(machine_type, subject, manufacturer, controller)
        return [one for one in check_entries(entries) if parts.get(one.code)]

    def unusable(self) -> list[Problem]:
        """Return what is wrong with the answers that were given. Opens a keystore to import."""
        given, state = self._answers, self._state
        found = [
            problem_
            for name in DETAILS
            if state.details is None and getattr(given, name)
            for problem_ in _wrong_detail(name, getattr(given, name))
        ]
        passphrase = None
        try:
            if self._action is not Action.FINISH:
                passphrase = given.passphrase()
        except OnboardingError as error:
            found.append(error.problem)
        if state.keypair is None:
            found += self._wrong_key(passphrase)
        if self._settings.protocol == "activation":
            found += self._wrong_identity()
        if self._pays and given.fund == "owner":
            found += self._wrong_variable("OWNER_KEY_REQUIRED")
        if self._pays and given.fund == "gas-station" and not self._settings.gas_station_url:
            found.append(problem("NO_GAS_STATION", network=self._settings.network.title))
        if self._needs_codes() and given.code_command is not None:
            found += _missing_command(given.code_command)
        return found

    def _wrong_key(self, passphrase: Secret | None) -> list[Problem]:
        """What keeps `--key` and the passphrase from giving a key that can be stored."""
        key = self._answers.key
        if key == "keep":
            there = (self._folder / KEYSTORE).exists()
            reason = f"--key keep: there is no keystore in {self._folder}."
            return [] if there else [problem("ANSWER_UNUSABLE", reason=reason)]
        found = self._wrong_variable("PRIVATE_KEY_REQUIRED") if key == "environment" else []
        if key not in (None, "generate", "environment"):
            return found + _wrong_file(key or "", passphrase)
        return found + self._wrong_passphrase(passphrase)

    def _wrong_variable(self, missing: str) -> list[Problem]:
        """What is wrong with PEAQOS_PRIVATE_KEY; `missing` is the code if it is not set."""
        key = self._settings.private_key
        return [problem(missing)] if key is None else _problems_of(lambda: parse_key(key))

    def _wrong_passphrase(self, passphrase: Secret | None) -> list[Problem]:
        """What is wrong with the passphrase of a keystore that is to be created."""
        if passphrase is None:
            return []
        short = len(passphrase.reveal()) < WEAK_BELOW
        if short and self._settings.network.real_money:
            why = f"for real money, a passphrase needs {WEAK_BELOW} characters or more."
            return [problem("ANSWER_UNUSABLE", reason=f"--passphrase-file: {why}")]
        return _problems_of(lambda: normalise(passphrase))

    def _needs_codes(self) -> bool:
        way = self._answers.fund or self._state.way
        if way is None and self._settings.gas_station_url:
            way = "gas-station"
        return self._pays and way == "gas-station"

    def _consent(self) -> str | None:
        """The option that consents to what is still to be signed."""
        given, state = self._answers, self._state
        real = self._settings.network.real_money
        loaded = state.keypair is None and given.key not in (None, "generate", "keep")
        if not given.yes and (loaded or (self._pays and given.fund == "owner" and not real)):
            return "--yes"
        if state.machine_id is None and self._new_wallet and given.accept_bond is None:
            if real:
                return "--accept-bond"
            return None if given.yes else "--yes"
        return None


def _wrong_detail(name: str, value: str) -> list[Problem]:
    found = check_details(replace(Details(), **{name: value}))
    return [one for one in found if one.code == f"{name.upper()}_INVALID"]


def _wrong_file(text: str, passphrase: Secret | None) -> list[Problem]:
    """What is wrong with the file of a key. A pipe is not looked into: it can be read only once."""
    try:
        path = Path(text).expanduser()
        there, regular = path.exists(), path.is_file()
    except (OSError, RuntimeError):
        there = regular = False
        path = Path(text)
    if not there:
        return [problem("ANSWER_UNUSABLE", reason=f"--key: the file {text} does not exist.")]
    unread = not regular or passphrase is None  # then the passphrase is named already
    return [] if unread else _problems_of(lambda: read_key_file(path, passphrase))


def _problems_of(check: Callable[[], object]) -> list[Problem]:
    try:
        check()
    except OnboardingError as error:
        return [error.problem]
    return []


def _missing_command(command: str) -> list[Problem]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if words and shutil.which(words[0]):
        return []
    why = f"the program {words[0]} does not exist" if words else "it is not a command"
    return [problem("ANSWER_UNUSABLE", reason=f"--code-command: {why}.")]
